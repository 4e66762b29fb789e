use std::time::Duration;

use super::unsound::{Unsound, check};
use super::window::Window;
use crate::Moment;

/// Holds back a part of the calls to somebody who refuses many of them.
///
/// Google's client-side throttling ("Handling Overload", Site Reliability Engineering, chapter 21):
/// over the last two minutes, a call is refused on the spot with the probability
/// [`max(0, (requests - k * accepts) / (requests + 1))`](reject_probability). What is refused here
/// counts as a request, so the less is accepted the less is sent; with k = 2 about as many calls still
/// go out as are accepted, and that is what finds out when it is better.
///
/// A call counts when its answer is known. Were it counted when it is sent, a client that begins with
/// many calls at once would refuse most of them before the first has had time to be answered.
///
/// ```
/// use floodwall_core::{Moment, outbound::Throttle};
///
/// let mut throttle = Throttle::default();
/// let now = Moment::ZERO;
/// for n in 0..100 {
///     throttle.answered(now, n < 40);
/// }
/// assert!(throttle.refuses(now, 0.19));
/// assert!(!throttle.refuses(now, 0.21));
/// ```
#[derive(Clone, Debug)]
pub struct Throttle {
    k: f64,
    window: Window<2>,
}

const REQUESTS: usize = 0;
const ACCEPTS: usize = 1;

/// Fine enough that the window moves without jerks.
const BUCKETS: u32 = 60;

impl Throttle {
    /// How many requests are sent for one that is accepted, unless set otherwise.
    pub const K: f64 = 2.0;
    /// Over what time, unless set otherwise.
    pub const WINDOW: Duration = Duration::from_secs(120);

    /// Sends `k` requests for one that is accepted, counted over `window`.
    ///
    /// # Errors
    ///
    /// If `k` is below 1 or not finite, or `window` below a millisecond.
    pub fn new(k: f64, window: Duration) -> Result<Self, Unsound> {
        let is_k = k >= 1.0 && k.is_finite();
        check(
            is_k,
            "k",
            "write at least 1: fewer than are accepted would stop all",
        )?;
        let is_window = window >= Duration::from_millis(1);
        check(is_window, "window", "write at least 1 ms")?;
        Ok(Self {
            k,
            window: Window::new(window / BUCKETS, BUCKETS as usize),
        })
    }

    /// How likely a call is refused.
    pub fn probability(&mut self, now: Moment) -> f64 {
        self.window.move_to(now);
        let (requests, accepts) = (self.window.sum(REQUESTS), self.window.sum(ACCEPTS));
        reject_probability(requests, accepts, self.k)
    }

    /// Whether a call is refused, where `draw` is a random number of at least 0 and below 1. If so, it
    /// counts as a request that was not accepted.
    pub fn refuses(&mut self, now: Moment, draw: f64) -> bool {
        let refuses = self.would_refuse(now, draw);
        if refuses {
            self.window.add(REQUESTS);
        }
        refuses
    }

    /// The same without counting.
    pub fn would_refuse(&mut self, now: Moment, draw: f64) -> bool {
        draw < self.probability(now)
    }

    /// A call was answered.
    pub fn answered(&mut self, now: Moment, accepted: bool) {
        self.window.move_to(now);
        self.window.add(REQUESTS);
        if accepted {
            self.window.add(ACCEPTS);
        }
    }

    /// Requests and accepts in the window.
    pub fn counts(&mut self, now: Moment) -> (u64, u64) {
        self.window.move_to(now);
        (self.window.sum(REQUESTS), self.window.sum(ACCEPTS))
    }
}

impl Default for Throttle {
    fn default() -> Self {
        Self::new(Self::K, Self::WINDOW).expect("these settings are sound")
    }
}

/// `max(0, (requests - k * accepts) / (requests + 1))`.
///
/// ```
/// assert_eq!(floodwall_core::outbound::reject_probability(100, 50, 2.0), 0.0);
/// ```
#[expect(clippy::cast_precision_loss, reason = "a probability")]
pub fn reject_probability(requests: u64, accepts: u64, k: f64) -> f64 {
    let (requests, accepts) = (requests as f64, accepts as f64);
    ((requests - k * accepts) / (requests + 1.0)).max(0.0)
}
