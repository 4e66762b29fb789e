use super::faults::{Condition, moments};
use crate::scenario::{Scenario, Tier};

/// What the service can do per second, over time.
#[derive(Clone, Debug)]
pub(crate) struct Capacity {
    /// From when on, how much.
    steps: Vec<(u64, f64)>,
}

impl Capacity {
    /// What is said or computed, less what the changes of the tier that is worst off take.
    pub(crate) fn of(scenario: &Scenario) -> Option<Self> {
        let best = scenario.best_capacity()?;
        let mut at: Vec<_> = scenario.tiers.iter().flat_map(moments).collect();
        at.push(0);
        at.sort_unstable();
        at.dedup();
        let left = |now| {
            let part = |tier: &Tier| Condition::at(tier, now).capacity(tier);
            scenario.tiers.iter().map(part).fold(1.0, f64::min)
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
