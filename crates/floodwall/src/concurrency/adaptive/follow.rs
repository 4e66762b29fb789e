use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use floodwall_core::limit::{Sample, Teaches};
use floodwall_core::queue::{QueueConfig, QueueConfigBuilder};

use super::reins::Reins;

/// How the queue of a limit that moves is set up: its length and the delay that it stands for
/// follow the limit and the service.
#[derive(Debug)]
pub(in super::super) struct Follow {
    base: QueueConfigBuilder,
    /// Until somebody sets up the queue by hand.
    follows: Mutex<bool>,
}

/// What the queue follows.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seen {
    mean: f64,
    count: f64,
    set_for: u32,
    target: Duration,
}

impl Follow {
    /// Fewer places are no queue.
    const LEAST_PLACES: u32 = 16;
    /// So many a place inside: at four, who comes last waits for four services.
    const PLACES_EACH: u32 = 4;
    const LEAST_TARGET: Duration = Duration::from_millis(5);
    /// The mean forgets what is older than about so many requests.
    const REMEMBERED: f64 = 100.0;

    /// All but its places and its target stays as in `base`.
    pub(in super::super) const fn new(base: QueueConfigBuilder) -> Self {
        Self {
            base,
            follows: Mutex::new(true),
        }
    }

    pub(in super::super) fn places(limit: u32) -> u32 {
        limit
            .saturating_mul(Self::PLACES_EACH)
            .clamp(Self::LEAST_PLACES, QueueConfig::MAX_CAPACITY)
    }

    /// From now on the queue is set up by hand; `set` does it.
    pub(in super::super) fn end<T>(&self, set: impl FnOnce() -> T) -> T {
        // Under the lock, so that nobody who follows comes in between.
        let mut follows = self.follows.lock().unwrap_or_else(PoisonError::into_inner);
        *follows = false;
        set()
    }

    /// Sets up the queue anew, if `limit` or the service is noticeably another than when that was
    /// done last.
    pub(super) fn mind(&self, seen: &mut Seen, limit: u32, reins: &Reins<'_>) {
        let target = Duration::from_nanos(seen.mean as u64).max(Self::LEAST_TARGET);
        let is_other = limit.abs_diff(seen.set_for) > seen.set_for / 4
            || target.abs_diff(seen.target) > seen.target / 4;
        if !is_other {
            return;
        }
        (seen.set_for, seen.target) = (limit, target);
        let places = Self::places(limit);
        let base = self.base.clone().capacity(places);
        let Some(config) = with_target(base, target) else {
            return;
        };
        let follows = self.follows.lock().unwrap_or_else(PoisonError::into_inner);
        if *follows && reins.gate.set_queue(config) {
            reins.shadow.set_places(places);
        }
    }
}

/// A delay of one service is what a queue is for; one that stands above that is too much. Half of the
/// longest wait at most: beyond it nobody would be left to be served newest first.
fn with_target(base: QueueConfigBuilder, target: Duration) -> Option<QueueConfig> {
    let max_wait = base.clone().build().ok()?.max_wait();
    let longest = (max_wait / 2).max(Duration::from_nanos(1));
    base.target(target.min(longest)).build().ok()
}

impl Seen {
    pub(super) const fn new(limit: u32) -> Self {
        Self {
            mean: 0.0,
            count: 0.0,
            set_for: limit,
            target: Follow::LEAST_TARGET,
        }
    }

    pub(super) fn sees(&mut self, sample: &Sample) {
        if sample.teaches() == Teaches::Latency {
            self.count = (self.count + 1.0).min(Follow::REMEMBERED);
            self.mean += (sample.service.as_nanos() as f64 - self.mean) / self.count;
        }
    }
}
