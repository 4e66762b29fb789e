use super::faults::{Condition, moments};
use crate::scenario::{Scenario, Tier};

/// What the service can do per second, over time.
#[derive(Clone, Debug)]
pub(crate) struct Capacity {
    /// From when on, how much.
    steps: Vec<(u64, f64)>,
}

impl Capacity {
    /// What is said or computed, by as much less as the narrowest tier has become narrower.
    pub(crate) fn of(scenario: &Scenario) -> Option<Self> {
        let best = scenario.best_capacity()?;
        let mut at: Vec<_> = scenario.tiers.iter().flat_map(moments).collect();
        at.push(0);
        at.sort_unstable();
        at.dedup();
        let visits = visits(scenario);
        let bottleneck = |now: Option<u64>| {
            let can = |(tier, visits): (&Tier, &f64)| {
                let left = now.map_or(1.0, |now| Condition::at(tier, now).capacity(tier));
                tier.capacity(1.0) * left / visits
            };
            scenario
                .tiers
                .iter()
                .zip(&visits)
                .filter(|(_, visits)| **visits > 0.0)
                .map(can)
                .fold(f64::INFINITY, f64::min)
        };
        let at_best = bottleneck(None);
        let left = |now| {
            if at_best.is_finite() && at_best > 0.0 {
                bottleneck(Some(now)) / at_best
            } else {
                1.0
            }
        };
        Some(Self {
            steps: at.into_iter().map(|now| (now, best * left(now))).collect(),
        })
    }

    /// Its mean between two moments.
    pub(crate) fn mean(&self, from: u64, to: u64) -> f64 {
        if to <= from {
            return 0.0;
        }
        let mut sum = 0.0;
        for (index, (start, value)) in self.steps.iter().enumerate() {
            let end = self.steps.get(index + 1).map_or(u64::MAX, |next| next.0);
            let overlap = to.min(end).saturating_sub(from.max(*start));
            sum += value * overlap as f64;
        }
        sum / (to - from) as f64
    }
}

/// How often a request comes to each tier, in the mean.
fn visits(scenario: &Scenario) -> Vec<f64> {
    let tiers = &scenario.tiers;
    let mut visits = vec![0.0; tiers.len()];
    let Some(first) = visits.first_mut() else {
        return visits;
    };
    *first = 1.0;
    // Each round follows the calls one tier further; tiers do not call in a circle.
    let mut reached = visits.clone();
    for _ in 0..tiers.len() {
        let mut next = vec![0.0; tiers.len()];
        for (tier, often) in tiers.iter().zip(&reached) {
            for call in &tier.calls {
                let at = tiers.iter().position(|other| other.name == call.tier);
                let times = f64::from(call.times + call.up_to.unwrap_or(call.times)) / 2.0;
                if let Some(at) = at {
                    next[at] += often * times;
                }
            }
        }
        for (sum, more) in visits.iter_mut().zip(&next) {
            *sum += more;
        }
        reached = next;
    }
    visits
}
