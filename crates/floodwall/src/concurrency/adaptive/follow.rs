use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use floodwall_core::limit::{Sample, Teaches};
use floodwall_core::queue::QueueConfig;

use super::reins::Reins;

/// How the queue of a limit that moves is set up: its length and the delay that it stands for
/// follow the limit and the service.
#[derive(Debug)]
pub(in super::super) struct Follow {
    max_wait: Duration,
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

    pub(in super::super) const fn new(max_wait: Duration) -> Self {
        Self {
            max_wait,
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
        let target = self.target(seen.mean);
        let is_other = limit.abs_diff(seen.set_for) > seen.set_for / 4
            || target.abs_diff(seen.target) > seen.target / 4;
        if !is_other {
            return;
        }
        (seen.set_for, seen.target) = (limit, target);
        let places = Self::places(limit);
        let config = QueueConfig::builder()
            .capacity(places)
            .max_wait(self.max_wait)
            .target(target)
            .build();
        let Ok(config) = config else { return };
        let follows = self.follows.lock().unwrap_or_else(PoisonError::into_inner);
        if *follows && reins.gate.set_queue(config) {
            reins.shadow.set_places(places);
        }
    }

    /// A delay of one service is what a queue is for; one that stands above that is too much. Half
    /// of the longest wait at most: beyond it nobody would be left to be served newest first.
    fn target(&self, mean: f64) -> Duration {
        let mean = Duration::from_nanos(mean as u64);
        mean.max(Self::LEAST_TARGET).min(self.longest_target())
    }

    fn longest_target(&self) -> Duration {
        (self.max_wait / 2).max(Duration::from_nanos(1))
    }
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
