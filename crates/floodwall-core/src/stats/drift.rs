use std::time::Duration;

use super::{Ewma, Trend};
use crate::Moment;

/// Which way a reading goes that is no queue: a quick mean against a slow one.
///
/// It is for the eye and not for decisions: it says that the last seconds are higher than the last
/// half minute, by a quarter and by more than what does not matter, and nothing about chance. For
/// queues there is [`QueueTrend`](super::QueueTrend).
///
/// ```
/// use floodwall_core::{Moment, stats::{Drift, Trend}};
/// use std::time::Duration;
///
/// let mut memory = Drift::new(0.02);
/// for second in 0..60 {
///     let value = if second < 40 { 0.5 } else { 0.9 };
///     memory.add(Moment::ZERO + Duration::from_secs(second), value);
/// }
/// assert_eq!(memory.trend(), Trend::Rising);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Drift {
    quick: Ewma,
    slow: Ewma,
    matters: f64,
}

/// By how much of the slow mean the quick one must be off.
const SHARE: f64 = 0.25;

impl Drift {
    /// Differences up to `matters`, in the unit of the readings, are no trend.
    pub const fn new(matters: f64) -> Self {
        Self {
            quick: Ewma::new(Duration::from_secs(3)),
            slow: Ewma::new(Duration::from_secs(30)),
            matters,
        }
    }

    /// Takes in a reading; what is not a finite number is left out.
    pub fn add(&mut self, now: Moment, value: f64) {
        self.quick.add(now, value);
        self.slow.add(now, value);
    }

    /// Which way it goes.
    pub fn trend(&self) -> Trend {
        let (Some(quick), Some(slow)) = (self.quick.get(), self.slow.get()) else {
            return Trend::Steady;
        };
        let needed = (slow.abs() * SHARE).max(self.matters);
        if quick - slow > needed {
            Trend::Rising
        } else if slow - quick > needed {
            Trend::Falling
        } else {
            Trend::Steady
        }
    }
}
