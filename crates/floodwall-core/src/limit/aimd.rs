use std::time::Duration;

use super::bounds::{Bounds, change, real_within};
use super::{Cause, Change, LimitAlgorithm, LimitError, Sample, Teaches, Why};

/// One more for each success while at least half of the limit is in use, a tenth less for each
/// request that was dropped or took too long.
///
/// Source: `AIMDLimit` of Netflix concurrency-limits; the idea is TCP's additive increase and
/// multiplicative decrease.
///
/// ```
/// use floodwall_core::limit::{Aimd, LimitAlgorithm, Sample};
/// use floodwall_core::{Moment, Outcome};
/// use std::time::Duration;
///
/// let mut aimd = Aimd::builder().start(30).build().unwrap();
/// let dropped = Sample::new(Moment::ZERO, Duration::from_millis(1)).outcome(Outcome::Overload);
/// let change = aimd.sample(&dropped).unwrap();
/// assert_eq!(change.to_string(), "limit 30 -> 27: the service pushed back");
/// ```
#[derive(Clone, Debug)]
pub struct Aimd {
    settings: Settings,
    limit: u32,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Settings {
    bounds: Bounds,
    backoff: f64,
    timeout: Duration,
}

impl Aimd {
    /// Begins with the defaults of the source, which each method tells.
    pub fn builder() -> AimdBuilder {
        AimdBuilder::default()
    }
}

impl LimitAlgorithm for Aimd {
    fn limit(&self) -> u32 {
        self.limit
    }

    fn sample(&mut self, sample: &Sample) -> Option<Change> {
        let Settings {
            bounds,
            backoff,
            timeout,
        } = self.settings;
        let from = self.limit;
        let (to, why) = match sample.teaches() {
            Teaches::Nothing => return None,
            Teaches::Dropped => (less(from, backoff), Why::Dropped),
            Teaches::Latency if sample.service > timeout => {
                (less(from, backoff), Why::LatencyCeiling)
            }
            Teaches::Latency if sample.in_flight.saturating_mul(2) >= from => {
                (from.saturating_add(1), Why::LatencyLow)
            }
            Teaches::Latency => return None,
        };
        self.limit = bounds.clamp(to);
        change(from, self.limit, || Cause::new(why))
    }

    fn name(&self) -> &'static str {
        "aimd"
    }
}

fn less(limit: u32, backoff: f64) -> u32 {
    (f64::from(limit) * backoff) as u32
}

/// Makes an [`Aimd`]. None of it has to be said.
#[derive(Clone, Debug)]
#[must_use]
pub struct AimdBuilder {
    settings: Settings,
}

impl Default for AimdBuilder {
    fn default() -> Self {
        Self {
            settings: Settings {
                bounds: Bounds::new(20, 20, 200),
                backoff: 0.9,
                timeout: Duration::from_secs(5),
            },
        }
    }
}

impl AimdBuilder {
    /// The limit before anything is known: 20 when not said.
    pub fn start(mut self, limit: u32) -> Self {
        self.settings.bounds.start = limit;
        self
    }

    /// Never less than this: 20 when not said.
    pub fn floor(mut self, limit: u32) -> Self {
        self.settings.bounds.floor = limit;
        self
    }

    /// Never more than this: 200 when not said.
    pub fn ceiling(mut self, limit: u32) -> Self {
        self.settings.bounds.ceiling = limit;
        self
    }

    /// What is left of the limit after a drop, at least 0.5 and below 1: 0.9 when not said.
    pub fn backoff(mut self, ratio: f64) -> Self {
        self.settings.backoff = ratio;
        self
    }

    /// Who needs longer counts as dropped: 5 s when not said.
    pub fn timeout(mut self, service: Duration) -> Self {
        self.settings.timeout = service;
        self
    }

    /// Makes the algorithm.
    ///
    /// # Errors
    ///
    /// If the floor is 0 or above the ceiling, the start is not between them, the backoff is below
    /// 0.5 or not below 1, or the timeout is zero.
    pub fn build(self) -> Result<Aimd, LimitError> {
        let settings = self.settings;
        let bounds = settings.bounds.check()?;
        real_within("backoff", settings.backoff, 0.5, 1.0 - f64::EPSILON)?;
        if settings.timeout.is_zero() {
            let problem = "nothing is done in no time: set more";
            return Err(LimitError::new("timeout", problem));
        }
        Ok(Aimd {
            settings,
            limit: bounds.start,
        })
    }
}
