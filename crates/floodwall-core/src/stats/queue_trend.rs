use std::time::Duration;

use super::Trend;
use crate::Moment;

/// Tells a queue that rises steadily from one that is merely busy, while it is still short.
///
/// # The rule
///
/// A cumulative sum (Page, "Continuous inspection schemes", Biometrika 41, 1954). Between two looks
/// at a queue that was not empty, what came in and what went out adds
///
/// ```text
/// came - went + min(came + went, waiting²) / 100        but at most 15 either way
/// ```
///
/// to a score that is never below zero, and that starts again at zero whenever the queue is found
/// empty. The queue rises when the score is 90 or more and has not been zero for five seconds; it
/// has risen until the score is back at 45, or the queue empty.
///
/// # Why
///
/// The first part is the number of those who wait on top of those who waited when the sum was last
/// zero. The second lets a queue that stays up count as well as one that grows: by the hundredth,
/// the score falls on average as long as the load is below 98 % and climbs above it. A line of n
/// takes about n² events to wander off, so of more events than that nobody knows whether the queue
/// was empty in between, and they do not count. The bound for one look and the five seconds keep a
/// burst of arrivals, which a healthy service works off, from being taken for a rise.
///
/// # How often it is wrong
///
/// In a queue with Poisson arrivals and exponential service (M/M/1) at load ρ, each next event is an
/// arrival with `p = ρ/(1+ρ)`. The score is then at most a random walk with steps `1 + κ` and
/// `κ - 1`, `κ = 1/100`, and reaches `h = 90` after a start from zero with a probability of at most
/// `exp(-θh)`, where `p·exp(θ(1+κ)) + (1-p)·exp(θ(κ-1)) = 1` (Lundberg's inequality).
/// At ρ = 0.8, `θ = 0.2035` and the bound is 1.1·10⁻⁸ for a busy period, of which there are 57,600 an
/// hour at 100 departures a second: less than one false report in 1,000 hours. At ρ = 0.9, `θ` is
/// 0.086 and there is one in about an hour; at 0.95 there soon is one: a service that full has no
/// room left, and its queue does reach 90 now and then.
///
/// At ρ = 1.1 the score gains 12 a second with a deviation of 14 for the square root of a second:
/// 90 after 7.5 s on average; after 30 s it stands at 360 ± 80. Slower services take longer, because
/// it takes 90 requests too many to be sure.
///
/// The tests in `stats_queue_trend.rs` count both, and print what they count.
///
/// ```
/// use floodwall_core::{Moment, stats::{QueueSample, QueueTrend, Trend}};
/// use std::time::Duration;
///
/// let mut trend = QueueTrend::new();
/// let mut rose_after = None;
/// // Each second 100 are served and 110 come.
/// for second in 0..60 {
///     let sample = QueueSample { waiting: 10 * second, served: 100 * second, refused: 0 };
///     let now = Moment::ZERO + Duration::from_secs(second);
///     if trend.observe(now, sample) == Trend::Rising {
///         rose_after.get_or_insert(second);
///     }
/// }
/// assert_eq!(rose_after, Some(8));
/// ```
#[derive(Clone, Debug, Default)]
pub struct QueueTrend {
    last: Option<(Moment, QueueSample)>,
    score: f64,
    above_zero_since: Option<Moment>,
    rising: bool,
    fallen: f64,
}

/// A queue at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct QueueSample {
    /// How many wait now.
    pub waiting: u64,
    /// How many got what they waited for since the queue was made, those included that never had to
    /// wait. Zero if nobody counts them: then only the length is judged.
    pub served: u64,
    /// How many were turned away since then for want of room or time.
    pub refused: u64,
}

impl QueueTrend {
    /// Two looks are at least this far apart; one that comes sooner is left out.
    pub const INTERVAL: Duration = Duration::from_millis(250);
    const ENOUGH: f64 = 90.0;
    const AT_MOST: f64 = 15.0;
    const PER_EVENT: f64 = 0.01;
    const LASTING: Duration = Duration::from_secs(5);

    /// Knows nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes in what the queue looks like now, and tells which way it goes.
    pub fn observe(&mut self, now: Moment, sample: QueueSample) -> Trend {
        let Some((at, last)) = self.last else {
            self.last = Some((now, sample));
            return Trend::Steady;
        };
        if now.since(at) < Self::INTERVAL {
            return self.trend();
        }
        self.last = Some((now, sample));
        let started_again = sample.served < last.served || sample.refused < last.refused;
        if sample.waiting == 0 || started_again {
            *self = Self {
                last: self.last,
                ..Self::default()
            };
            return Trend::Steady;
        }
        let served = (sample.served - last.served) as f64;
        let refused = (sample.refused - last.refused) as f64;
        let grown = sample.waiting as f64 - last.waiting as f64 + refused;
        let came = (grown + served).max(0.0);
        // A line of n takes about n² comings and goings to wander off: of more than that, nobody
        // knows whether the queue was empty in between.
        let shortest = sample.waiting.min(last.waiting) as f64;
        let events = (came + served).min(shortest * shortest);
        let evidence = grown + Self::PER_EVENT * events;
        let evidence = evidence.clamp(-Self::AT_MOST, Self::AT_MOST);
        self.score = (self.score + evidence).clamp(0.0, 2.0 * Self::ENOUGH);
        if self.score > 0.0 {
            self.above_zero_since.get_or_insert(at);
        } else {
            self.above_zero_since = None;
        }
        let lasted = self
            .above_zero_since
            .is_some_and(|since| now.since(since) >= Self::LASTING);
        self.rising = if self.rising {
            self.score > Self::ENOUGH / 2.0
        } else {
            lasted && self.score >= Self::ENOUGH
        };
        self.fallen = (self.fallen - grown).clamp(0.0, 2.0 * Self::ENOUGH);
        self.trend()
    }

    /// What was told last.
    pub fn trend(&self) -> Trend {
        if self.rising {
            Trend::Rising
        } else if self.fallen >= Self::ENOUGH / 2.0 {
            Trend::Falling
        } else {
            Trend::Steady
        }
    }

    /// When somebody looked last.
    pub fn last(&self) -> Option<Moment> {
        self.last.map(|(at, _)| at)
    }
}
