use std::time::Duration;

use floodwall_core::Priority;
use floodwall_core::stats::QueueSample;

use super::core::Core;
use crate::Mode;
use crate::spare::{Owned, WeaklyOwned};

/// A limit that may be gone by the time that somebody looks.
#[derive(Clone, Debug)]
pub(crate) struct WeakLimit(WeaklyOwned<Core>);

/// How full a limit is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LimitLoad {
    pub(crate) limit: u32,
    pub(crate) in_flight: u32,
    pub(crate) waiting_by_class: [u32; Priority::COUNT],
    pub(crate) oldest_wait: Duration,
    pub(crate) sample: QueueSample,
    /// In any other mode its numbers decide nothing, and it feeds no signal.
    pub(crate) enforces: bool,
}

impl WeakLimit {
    pub(super) fn new(core: &Owned<Core>) -> Self {
        Self(core.downgrade())
    }

    pub(crate) fn is(&self, other: &Self) -> bool {
        self.0.is(&other.0)
    }

    pub(crate) fn is_gone(&self) -> bool {
        self.0.is_gone()
    }

    pub(crate) fn load(&self) -> Option<LimitLoad> {
        let core = self.0.upgrade()?;
        let counts = core.observer.counters.counts();
        let waiting = core.gate.waiting();
        let mut load = LimitLoad {
            limit: core.gate.limit(),
            in_flight: core.gate.in_flight(),
            waiting_by_class: [0; Priority::COUNT],
            oldest_wait: Duration::ZERO,
            sample: QueueSample {
                waiting: u64::from(waiting),
                served: counts.admitted,
                refused: counts.refused(),
            },
            enforces: core.mode.get() == Mode::Enforce,
        };
        // The gate's lock is taken only when there is something to see.
        if waiting > 0 {
            for priority in Priority::all() {
                load.waiting_by_class[priority.index()] = core.gate.waiting_of(priority);
            }
            load.oldest_wait = core.gate.oldest_wait(core.origin.now());
        }
        Some(load)
    }
}
