use std::time::Duration;

use super::unsound::{Unsound, check};

/// How long to wait before a retry: exponential, with full jitter.
///
/// Before the n-th retry it is any time from nothing up to `base` doubled n - 1 times, at most `cap`.
/// Chance over the whole range spreads a herd best: Marc Brooker, "Exponential Backoff And Jitter" (AWS
/// Architecture Blog, 2015).
///
/// ```
/// use floodwall_core::outbound::Backoff;
/// use std::time::Duration;
///
/// let ms = Duration::from_millis;
/// let backoff = Backoff::new(ms(100), ms(300)).unwrap();
/// assert_eq!(backoff.wait(0, 0.5), ms(50));
/// assert_eq!(backoff.wait(1, 0.5), ms(100));
/// assert_eq!(backoff.wait(9, 0.5), ms(150));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    base: Duration,
    cap: Duration,
}

impl Backoff {
    /// Up to `base` at first and up to `cap` later.
    ///
    /// # Errors
    ///
    /// If `base` is 0 or above `cap`.
    pub fn new(base: Duration, cap: Duration) -> Result<Self, Unsound> {
        let is_sound = !base.is_zero() && base <= cap;
        check(
            is_sound,
            "backoff",
            "begin with more than 0, and at most the longest wait",
        )?;
        Ok(Self { base, cap })
    }

    /// The longest wait after so many retries.
    pub fn longest(&self, retries: u32) -> Duration {
        let times = 1_u32.checked_shl(retries).unwrap_or(u32::MAX);
        self.base.saturating_mul(times).min(self.cap)
    }

    /// The wait after so many retries, where `draw` is a random number of at least 0 and below 1.
    pub fn wait(&self, retries: u32, draw: f64) -> Duration {
        let longest = self.longest(retries);
        // What is no share waits longest; multiplied, it could be more than a duration can tell.
        if (0.0..1.0).contains(&draw) {
            longest.mul_f64(draw)
        } else {
            longest
        }
    }
}

impl Default for Backoff {
    /// Up to 100 ms, and up to 2 s later.
    fn default() -> Self {
        Self {
            base: Duration::from_millis(100),
            cap: Duration::from_secs(2),
        }
    }
}
