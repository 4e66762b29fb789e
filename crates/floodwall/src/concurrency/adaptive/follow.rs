use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use floodwall_core::limit::{Sample, Teaches};
use floodwall_core::queue::{QueueConfig, QueueConfigBuilder};

use super::pressure::{Pressure, Strain};
use super::reins::Reins;

/// How the queue of a limit that moves is set up: its length and the delay that it stands for
/// follow the limit and the service.
#[derive(Debug)]
pub(in super::super) struct Follow {
    base: QueueConfigBuilder,
    /// Nothing was said of the queue, so how long one may wait follows, too.
    wait_follows: bool,
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
    pressure: Pressure,
    wait: Duration,
    set_under: Strain,
    /// Samples since somebody looked, and for which limit.
    unlooked: u8,
    looked_for: u32,
}

impl Follow {
    /// Fewer places are no queue.
    const LEAST_PLACES: u32 = 16;
    /// So many a place inside: at four, who comes last waits for four services.
    const PLACES_EACH: u32 = 4;
    const LEAST_TARGET: Duration = Duration::from_millis(5);
    const NO_TARGET: Duration = Duration::from_millis(1);
    /// As of a queue in front of a fixed limit.
    const LONGEST_WAIT: Duration = Duration::from_millis(100);
    /// The mean forgets what is older than about so many requests.
    const REMEMBERED: f64 = 100.0;
    const LOOKS_EVERY: u8 = 8;

    /// All but its places, its target, and the wait if it follows, stays as in `base`.
    pub(in super::super) const fn new(base: QueueConfigBuilder, wait_follows: bool) -> Self {
        Self {
            base,
            wait_follows,
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
        if !seen.is_worth_a_look(limit) {
            return;
        }
        let target = Duration::from_nanos(seen.mean as u64).max(Self::LEAST_TARGET);
        let strain = seen.pressure.strain();
        let wait = self.wait_follows.then(|| wait(limit, seen.mean, strain));
        let is_other = limit.abs_diff(seen.set_for) > seen.set_for / 4
            || target.abs_diff(seen.target) > seen.target / 4
            || wait.is_some_and(|wait| {
                strain != seen.set_under || wait.abs_diff(seen.wait) > seen.wait / 4
            });
        if !is_other {
            return;
        }
        (seen.set_for, seen.target) = (limit, target);
        (seen.wait, seen.set_under) = (wait.unwrap_or_default(), strain);
        let places = Self::places(limit);
        let mut base = self.base.clone().capacity(places);
        if let Some(wait) = wait {
            base = base.max_wait(wait).newest_first(strain >= Strain::Pressure);
        }
        // A target of one service would often send it back to serve the oldest first.
        let target = match (wait, strain) {
            (Some(_), Strain::Pressure) => Self::NO_TARGET,
            _ => target,
        };
        let Some(config) = with_target(base, target) else {
            return;
        };
        let follows = self.follows.lock().unwrap_or_else(PoisonError::into_inner);
        if *follows && reins.gate.set_queue(config) {
            reins.shadow.set_places(places);
        }
    }
}

/// For how long it is of use to wait.
///
/// Enough to bridge the gaps between bursts: one service, and time for 20 to leave. With that many
/// places a Poisson stream at the capacity loses some 2 %. In a flood there are no gaps: next to nothing
/// is lost if one may wait for the next who leave.
fn wait(limit: u32, service_nanos: f64, strain: Strain) -> Duration {
    let (services, leave, least) = match strain {
        // Who is more urgent than the flood has to find the next place, even where many leave at once.
        Strain::Calm | Strain::Pressure => (1.0, 20.0, Duration::from_millis(20)),
        // After a pause all who are inside may leave at once, and again a service later.
        Strain::Flood => (1.1, 4.0, Duration::from_millis(9)),
    };
    let wait = f64::max(services, leave / f64::from(limit.max(1))) * service_nanos;
    Duration::from_nanos(wait as u64).clamp(least, Follow::LONGEST_WAIT)
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
            pressure: Pressure::NONE,
            wait: Duration::ZERO,
            set_under: Strain::Calm,
            unlooked: 0,
            looked_for: 0,
        }
    }

    /// Once the mean is settled, one sample can hardly move it.
    fn is_worth_a_look(&mut self, limit: u32) -> bool {
        self.unlooked += 1;
        let is = self.count < Follow::REMEMBERED
            || self.unlooked >= Follow::LOOKS_EVERY
            || limit != self.looked_for
            || self.pressure.strain() != self.set_under;
        if is {
            (self.unlooked, self.looked_for) = (0, limit);
        }
        is
    }

    /// Until now, so many were refused in all.
    pub(super) fn sees(&mut self, sample: &Sample, refused: u64) {
        self.pressure.sees(sample.at, refused);
        if sample.teaches() == Teaches::Latency {
            self.count = (self.count + 1.0).min(Follow::REMEMBERED);
            self.mean += (nanos(sample.service) - self.mean) / self.count;
        }
    }
}

/// Of something that took less than 584 years: a number of 128 bits is dear to convert.
fn nanos(time: Duration) -> f64 {
    time.as_secs() as f64 * 1e9 + f64::from(time.subsec_nanos())
}
