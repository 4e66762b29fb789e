use std::time::Duration;

use super::builder::Flavour;
use crate::Moment;
use crate::moment::nanos;

/// Completions and their times, by the bucket of time in which they ended.
#[derive(Clone, Debug)]
pub(super) struct Buckets {
    length: u64,
    ring: Vec<Bucket>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Bucket {
    turn: u64,
    passed: u64,
    millis: u64,
    least: u64,
}

/// The best of the buckets.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Best {
    /// The most completions in one.
    pub(super) passed: u64,
    /// The shortest time, in milliseconds.
    pub(super) millis: f64,
    /// Whether there was any completion that counts.
    pub(super) any: bool,
}

impl Buckets {
    pub(super) fn new(window: Duration, count: usize) -> Self {
        Self {
            length: (nanos(window) / count as u64).max(1),
            ring: vec![Bucket::default(); count],
        }
    }

    pub(super) fn length(&self) -> Duration {
        Duration::from_nanos(self.length)
    }

    pub(super) fn turn(&self, now: Moment) -> u64 {
        now.as_nanos() / self.length
    }

    pub(super) fn per_second(&self) -> f64 {
        1e9 / self.length as f64
    }

    pub(super) fn add(&mut self, at: Moment, millis: u64) {
        let turn = self.turn(at);
        let place = self.place(turn);
        let bucket = &mut self.ring[place];
        // A turn that is far ahead is one of a clock that ran back since.
        if bucket.turn != turn || bucket.passed == 0 {
            *bucket = Bucket {
                turn,
                least: u64::MAX,
                ..Bucket::default()
            };
        }
        bucket.passed = bucket.passed.saturating_add(1);
        bucket.millis = bucket.millis.saturating_add(millis);
        bucket.least = bucket.least.min(millis);
    }

    pub(super) fn best(&self, now: Moment, flavour: Flavour) -> Best {
        let turn = self.turn(now);
        let newest = match flavour {
            Flavour::Sentinel => Some(turn),
            // The bucket that is still being filled says nothing yet.
            Flavour::Kratos | Flavour::GoZero => turn.checked_sub(1),
        };
        let oldest = (turn + 1).saturating_sub(self.ring.len() as u64);
        let filled = self.ring.iter().filter(|bucket| {
            bucket.passed > 0
                && bucket.turn >= oldest
                && newest.is_some_and(|newest| bucket.turn <= newest)
        });
        let (passed, shortest) = filled.fold((0, f64::INFINITY), |(passed, shortest), bucket| {
            let mean = bucket.millis as f64 / bucket.passed as f64;
            let time = match flavour {
                Flavour::Sentinel => bucket.least as f64,
                Flavour::Kratos => mean,
                Flavour::GoZero => mean.round(),
            };
            (bucket.passed.max(passed), shortest.min(time))
        });
        let millis = match flavour {
            Flavour::Sentinel => shortest.clamp(1.0, 4_900.0),
            Flavour::Kratos if shortest.is_finite() => shortest.ceil().max(1.0),
            Flavour::Kratos => 1.0,
            Flavour::GoZero => shortest.min(1_000.0),
        };
        Best {
            passed: passed.max(1),
            millis,
            any: passed > 0,
        }
    }

    fn place(&self, turn: u64) -> usize {
        // Below the length of the ring.
        (turn % self.ring.len() as u64) as usize
    }
}
