use crate::chance::nanos;
use crate::scenario::{Change, Tier};

/// How a tier is right now.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Condition {
    pub(crate) workers: u32,
    pub(crate) slow: f64,
    pub(crate) stalled: bool,
    pub(crate) fail: f64,
    pub(crate) fail_after: Option<u64>,
}

impl Condition {
    /// With all changes that apply at `now`; of several that contradict, the last one in the list
    /// wins, and slowness multiplies.
    pub(crate) fn at(tier: &Tier, now: u64) -> Self {
        let mut condition = Self {
            workers: tier.workers,
            slow: 1.0,
            stalled: false,
            fail: 0.0,
            fail_after: None,
        };
        let here = |change: &&Change| now >= nanos(change.at) && now < end(change);
        for change in tier.changes.iter().filter(here) {
            condition.slow *= change.slow.unwrap_or(1.0);
            condition.stalled |= change.stall;
            condition.workers = change.workers.unwrap_or(condition.workers);
            if let Some(fail) = change.fail {
                condition.fail = fail;
                condition.fail_after = change.fail_after.map(nanos);
            }
        }
        condition
    }

    /// What part of the tier's capacity is left.
    pub(crate) fn capacity(&self, tier: &Tier) -> f64 {
        if self.stalled {
            return 0.0;
        }
        let at_once = |workers| f64::from(tier.at_once(workers));
        at_once(self.workers) / at_once(tier.workers) / self.slow * (1.0 - self.fail)
    }
}

/// The moments at which something changes, in their order, each once.
pub(crate) fn moments(tier: &Tier) -> Vec<u64> {
    let mut moments: Vec<_> = tier
        .changes
        .iter()
        .flat_map(|change| [nanos(change.at), end(change)])
        .collect();
    moments.sort_unstable();
    moments.dedup();
    moments
}

fn end(change: &Change) -> u64 {
    nanos(change.at).saturating_add(nanos(change.lasts))
}
