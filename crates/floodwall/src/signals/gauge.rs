use std::sync::atomic::{AtomicU64, Ordering};

use floodwall_core::Moment;

/// The last value of something, and when it was taken. One writes, many read.
#[derive(Debug, Default)]
pub(super) struct Gauge {
    value: AtomicU64,
    /// In nanoseconds, one more than the moment; 0: never.
    at: AtomicU64,
}

impl Gauge {
    /// Keeps `value` if it is a number that a reading can be; says whether it is.
    pub(super) fn set(&self, now: Moment, value: f64) -> bool {
        if !value.is_finite() || value < 0.0 {
            return false;
        }
        self.value.store(value.to_bits(), Ordering::Relaxed);
        self.touch(now);
        true
    }

    /// Something was written elsewhere at `now`.
    pub(super) fn touch(&self, now: Moment) {
        let at = now.as_nanos().saturating_add(1);
        // Many may write the same; only the first has to.
        if self.at.load(Ordering::Relaxed) < at {
            self.at.store(at, Ordering::Release);
        }
    }

    /// The value and its moment, if there ever was one.
    pub(super) fn get(&self) -> Option<(f64, Moment)> {
        let at = self.at.load(Ordering::Acquire).checked_sub(1)?;
        let value = f64::from_bits(self.value.load(Ordering::Relaxed));
        Some((value, Moment::from_nanos(at)))
    }
}
