use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use floodwall_core::Moment;
use floodwall_core::rate::KeyHash;

use super::core::Core;

/// Lets requests wait for their turn instead of refusing them: bounded in time and in number.
#[derive(Debug)]
pub(super) struct Pace {
    pub(super) max_wait: Duration,
    max_waiters: u32,
    waiting: AtomicU32,
}

impl Pace {
    pub(super) const fn new(max_wait: Duration, max_waiters: u32) -> Self {
        Self {
            max_wait,
            max_waiters,
            waiting: AtomicU32::new(0),
        }
    }

    pub(super) fn waiting(&self) -> u32 {
        self.waiting.load(Ordering::Relaxed)
    }

    /// Takes a place in the line and reserves a turn; how long it is until then.
    pub(super) fn reserve(
        &self,
        core: &Core,
        key: KeyHash,
        at: Moment,
        cost: u32,
    ) -> Option<Duration> {
        let join = |waiting| (waiting < self.max_waiters).then(|| waiting + 1);
        self.waiting
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, join)
            .ok()?;
        match core.quotas.reserve(key, at, cost, self.max_wait) {
            Ok((_, wait)) => Some(wait),
            Err(_) => {
                self.leave();
                None
            }
        }
    }

    pub(super) fn leave(&self) {
        self.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}
