//! What is sent when, decided before anything is sent: so both runs see the same flood, and a slow
//! server cannot slow down those who call it.

use std::{fmt, time::Duration};

use fastrand::Rng;
use serde::Serialize;

/// The share of each priority among the arrivals, most urgent first.
pub(crate) const MIX: [(u8, f64); 3] = [(0, 0.1), (3, 0.3), (6, 0.6)];

/// The load before and after the flood, in multiples of the capacity.
const CALM: f64 = 0.5;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum PhaseName {
    Calm,
    Flood,
    Recovery,
}

impl fmt::Display for PhaseName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Calm => "calm",
            Self::Flood => "flood",
            Self::Recovery => "recovery",
        })
    }
}

/// A stretch of constant load.
#[derive(Clone, Debug)]
pub(crate) struct Phase {
    pub(crate) name: PhaseName,
    /// In multiples of the capacity.
    pub(crate) factor: f64,
    pub(crate) start: Duration,
    pub(crate) length: Duration,
}

/// The whole load of one run.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) capacity_rps: f64,
    pub(crate) phases: Vec<Phase>,
    seed: u64,
}

/// One request: when it is meant to leave, and how urgent it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Arrival {
    /// Since the start of the run.
    pub(crate) at: Duration,
    /// Index into the plan's phases.
    pub(crate) phase: usize,
    pub(crate) priority: u8,
}

impl Plan {
    /// Calm, flood, recovery, of `each` length.
    pub(crate) fn new(capacity_rps: f64, factor: f64, each: Duration, seed: u64) -> Self {
        let phases = [
            (PhaseName::Calm, CALM),
            (PhaseName::Flood, factor),
            (PhaseName::Recovery, CALM),
        ]
        .into_iter()
        .zip(0u32..)
        .map(|((name, factor), index)| Phase {
            name,
            factor,
            start: each * index,
            length: each,
        })
        .collect();
        Self {
            capacity_rps,
            phases,
            seed,
        }
    }

    pub(crate) fn length(&self) -> Duration {
        self.phases.iter().map(|phase| phase.length).sum()
    }

    /// Poisson arrivals, the same for the same plan.
    ///
    /// A phase may start afresh where the last one ended: exponential gaps have no memory.
    pub(crate) fn arrivals(&self) -> Vec<Arrival> {
        let mut rng = Rng::with_seed(self.seed);
        let mut arrivals = Vec::new();
        for (index, phase) in self.phases.iter().enumerate() {
            let mean_gap = 1.0 / (phase.factor * self.capacity_rps);
            let mut offset = gap(&mut rng, mean_gap);
            while offset < phase.length {
                let priority = priority(&mut rng);
                arrivals.push(Arrival {
                    at: phase.start + offset,
                    phase: index,
                    priority,
                });
                offset += gap(&mut rng, mean_gap);
            }
        }
        arrivals
    }
}

fn gap(rng: &mut Rng, mean_seconds: f64) -> Duration {
    // `f64` is in [0, 1), so the logarithm is finite.
    Duration::from_secs_f64(-(1.0 - rng.f64()).ln() * mean_seconds)
}

fn priority(rng: &mut Rng) -> u8 {
    let mut point = rng.f64();
    for (priority, share) in MIX {
        if point < share {
            return priority;
        }
        point -= share;
    }
    MIX[MIX.len() - 1].0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(seed: u64) -> Plan {
        Plan::new(1000.0, 5.0, Duration::from_secs(4), seed)
    }

    #[test]
    fn the_same_seed_gives_the_same_arrivals() {
        assert_eq!(plan(7).arrivals(), plan(7).arrivals());
        assert_ne!(plan(7).arrivals(), plan(8).arrivals());
    }

    #[test]
    fn arrivals_are_in_order_and_inside_their_phase() {
        let plan = plan(1);
        let arrivals = plan.arrivals();
        assert!(arrivals.is_sorted_by_key(|arrival| arrival.at));
        for arrival in arrivals {
            let phase = &plan.phases[arrival.phase];
            assert!(arrival.at >= phase.start && arrival.at < phase.start + phase.length);
        }
    }

    #[test]
    fn each_phase_offers_its_multiple_of_the_capacity() {
        let arrivals = plan(1).arrivals();
        // Five standard deviations of a Poisson count.
        for (index, expected) in [2_000.0_f64, 20_000.0, 2_000.0].into_iter().enumerate() {
            let count = arrivals
                .iter()
                .filter(|arrival| arrival.phase == index)
                .count() as f64;
            assert!(
                (count - expected).abs() < 5.0 * expected.sqrt(),
                "{index}: {count}"
            );
        }
    }

    #[test]
    fn gaps_vary_as_those_of_strangers_do() {
        let arrivals = plan(1).arrivals();
        let flood: Vec<f64> = arrivals
            .windows(2)
            .filter(|pair| pair[0].phase == 1 && pair[1].phase == 1)
            .map(|pair| (pair[1].at - pair[0].at).as_secs_f64())
            .collect();
        let mean = flood.iter().sum::<f64>() / flood.len() as f64;
        let variance =
            flood.iter().map(|gap| (gap - mean).powi(2)).sum::<f64>() / flood.len() as f64;
        // An exponential distribution has a coefficient of variation of 1; a metronome has 0.
        assert!((variance.sqrt() / mean - 1.0).abs() < 0.05);
    }

    #[test]
    fn priorities_are_mixed_10_30_60() {
        let arrivals = plan(1).arrivals();
        for (priority, share) in MIX {
            let count = arrivals
                .iter()
                .filter(|arrival| arrival.priority == priority)
                .count();
            let found = count as f64 / arrivals.len() as f64;
            assert!((found - share).abs() < 0.02, "{priority}: {found}");
        }
    }

    #[test]
    fn a_plan_is_as_long_as_its_phases() {
        assert_eq!(plan(1).length(), Duration::from_secs(12));
    }
}
