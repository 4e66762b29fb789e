//! Taking turns: every round runs each contender once, for about as long as the others.

use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

use crate::case::{Case, Contender};

/// How long to look.
pub(crate) struct Plan {
    /// Comparisons made; each gives one ratio.
    pub(crate) rounds: usize,
    /// What one contender gets per round. Long beside a clock reading, short beside what disturbs
    /// a machine.
    pub(crate) block: Duration,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            rounds: 101,
            block: Duration::from_millis(5),
        }
    }
}

/// What a case came to.
pub(crate) struct Report {
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    pub(crate) reference: &'static str,
    pub(crate) rounds: usize,
    pub(crate) rows: Vec<Row>,
}

/// One contender's part of it.
pub(crate) struct Row {
    pub(crate) name: &'static str,
    /// Nanoseconds for doing the work once.
    pub(crate) nanos: Spread,
    /// Its cost divided by the reference's cost in the same round.
    pub(crate) ratio: Spread,
}

/// The middle, and where the middle eight tenths lie.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Spread {
    pub(crate) median: f64,
    pub(crate) p10: f64,
    pub(crate) p90: f64,
}

pub(crate) fn run(mut case: Case, plan: &Plan) -> Report {
    let times: Vec<u64> = case
        .contenders
        .iter_mut()
        .map(|contender| calibrate(contender, plan.block))
        .collect();
    let count = case.contenders.len();
    let mut nanos = vec![Vec::with_capacity(plan.rounds); count];
    for round in 0..plan.rounds {
        progress(case.name, round, plan.rounds);
        for turn in 0..count {
            // Nobody is always the one who runs after the same other.
            let index = (round + turn) % count;
            let took = time(&mut case.contenders[index], times[index]);
            nanos[index].push(took.as_secs_f64() * 1e9 / times[index] as f64);
        }
    }
    progress(case.name, plan.rounds, plan.rounds);
    let reference = case
        .contenders
        .iter()
        .position(|contender| contender.name == case.reference)
        .expect("the reference is one of the contenders");
    let rows = case.contenders.iter().zip(&nanos).map(|(contender, own)| {
        let ratios = own
            .iter()
            .zip(&nanos[reference])
            .map(|(own, other)| own / other);
        Row {
            name: contender.name,
            ratio: Spread::of(ratios.collect()),
            nanos: Spread::of(own.clone()),
        }
    });
    Report {
        name: case.name,
        about: case.about,
        reference: case.reference,
        rounds: plan.rounds,
        rows: rows.collect(),
    }
}

impl Spread {
    fn of(mut values: Vec<f64>) -> Self {
        values.sort_by(f64::total_cmp);
        let at = |share: f64| values[((values.len() - 1) as f64 * share).round() as usize];
        Self {
            median: at(0.5),
            p10: at(0.1),
            p90: at(0.9),
        }
    }
}

/// How often to repeat the work so that it takes about one block; warms the caches as well.
fn calibrate(contender: &mut Contender, block: Duration) -> u64 {
    let mut times = 1;
    loop {
        let took = time(contender, times);
        if took >= block || times >= 1 << 40 {
            let share = block.as_secs_f64() / took.as_secs_f64().max(1e-9);
            return ((times as f64 * share) as u64).max(1);
        }
        times *= 2;
    }
}

#[allow(
    clippy::disallowed_methods,
    reason = "what the work costs in wall time is the question"
)]
fn time(contender: &mut Contender, times: u64) -> Duration {
    let start = Instant::now();
    (contender.repeat)(times);
    Instant::now().duration_since(start)
}

/// Only for someone who watches.
fn progress(name: &str, done: usize, all: usize) {
    let mut err = std::io::stderr();
    if err.is_terminal() {
        let end = if done == all { "\r\x1b[K" } else { "" };
        let _ = write!(err, "\r{name} {done}/{all}{end}");
        let _ = err.flush();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spread_is_made_of_values_that_were_seen() {
        let spread = Spread::of((0..=10).rev().map(f64::from).collect());
        let expected = Spread {
            median: 5.0,
            p10: 1.0,
            p90: 9.0,
        };
        assert_eq!(spread, expected);
    }

    #[test]
    fn the_reference_compares_as_one_in_every_round() {
        let plan = Plan {
            rounds: 3,
            block: Duration::from_micros(1),
        };
        for case in crate::cases::all() {
            let report = run(case, &plan);
            let reference = report
                .rows
                .iter()
                .find(|row| row.name == report.reference)
                .unwrap();
            let Spread { median, p10, p90 } = reference.ratio;
            assert_eq!((median, p10, p90), (1.0, 1.0, 1.0), "{}", report.name);
        }
    }
}
