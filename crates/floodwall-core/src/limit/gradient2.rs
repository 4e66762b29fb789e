use super::bounds::{Bounds, change, real_within};
use super::window::WarmMean;
use super::{Cause, Change, LimitAlgorithm, LimitError, Sample, Teaches, Why};
use crate::moment::nanos;

/// Compares the service time with its own long mean, and lets a few wait.
///
/// Source: `Gradient2Limit` of Netflix concurrency-limits. There it stands behind a
/// [`Windowed`](super::Windowed). What is known against it: in mild overload it creeps upwards (their
/// pull request 134), after a lasting change it takes the slow service for the normal one, and drops
/// do not count (176).
///
/// ```
/// use floodwall_core::limit::{Gradient2, LimitAlgorithm, Sample};
/// use floodwall_core::Moment;
/// use std::time::Duration;
///
/// let mut gradient = Gradient2::builder().build().unwrap();
/// for _ in 0..60 {
///     let full = Sample::new(Moment::ZERO, Duration::from_millis(100)).in_flight(gradient.limit());
///     gradient.sample(&full);
/// }
/// assert_eq!(gradient.limit(), 68);
/// ```
#[derive(Clone, Debug)]
pub struct Gradient2 {
    settings: Settings,
    limit: f64,
    long: WarmMean,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Settings {
    bounds: Bounds,
    smoothing: f64,
    queue: u32,
    long_window: u32,
    tolerance: f64,
}

const WARM_UP: u32 = 10;
const LEAST_GRADIENT: f64 = 0.5;
/// While the service is this much faster than its long mean, it recovers from something.
const RECOVERING: f64 = 2.0;
const FORGET: f64 = 0.95;

impl Gradient2 {
    /// Begins with the defaults of the source, which each method tells.
    pub fn builder() -> Gradient2Builder {
        Gradient2Builder::default()
    }
}

impl LimitAlgorithm for Gradient2 {
    fn limit(&self) -> u32 {
        self.limit as u32
    }

    fn sample(&mut self, sample: &Sample) -> Option<Change> {
        if sample.teaches() == Teaches::Nothing {
            return None;
        }
        let Settings {
            bounds,
            smoothing,
            queue,
            tolerance,
            ..
        } = self.settings;
        let short = nanos(sample.service).max(1) as f64;
        let long = self.long.add(short);
        if long / short > RECOVERING {
            self.long.scale(FORGET);
        }
        if f64::from(sample.in_flight) < self.limit / 2.0 {
            return None;
        }
        let gradient = (tolerance * long / short).clamp(LEAST_GRADIENT, 1.0);
        let aim = self.limit * gradient + f64::from(queue);
        let from = self.limit();
        self.limit = bounds.clamp_real(self.limit * (1.0 - smoothing) + aim * smoothing);
        change(from, self.limit(), || {
            let why = if self.limit() > from {
                Why::LatencyLow
            } else {
                Why::LatencyRose
            };
            Cause::new(why).latency(short / long)
        })
    }

    fn name(&self) -> &'static str {
        "gradient2"
    }
}

/// Makes a [`Gradient2`]. None of it has to be said.
#[derive(Clone, Debug)]
#[must_use]
pub struct Gradient2Builder {
    settings: Settings,
}

impl Default for Gradient2Builder {
    fn default() -> Self {
        Self {
            settings: Settings {
                bounds: Bounds::new(20, 20, 200),
                smoothing: 0.2,
                queue: 4,
                long_window: 600,
                tolerance: 1.5,
            },
        }
    }
}

impl Gradient2Builder {
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

    /// How far it goes towards each new limit, above 0 and at most 1: 0.2 when not said.
    pub fn smoothing(mut self, share: f64) -> Self {
        self.settings.smoothing = share;
        self
    }

    /// How many may wait: 4 when not said.
    pub fn queue(mut self, waiting: u32) -> Self {
        self.settings.queue = waiting;
        self
    }

    /// How many samples the long mean remembers: 600 when not said.
    pub fn long_window(mut self, samples: u32) -> Self {
        self.settings.long_window = samples;
        self
    }

    /// So many times its long mean the service may need before the limit falls, at least 1: 1.5
    /// when not said.
    pub fn tolerance(mut self, times: f64) -> Self {
        self.settings.tolerance = times;
        self
    }

    /// Makes the algorithm.
    ///
    /// # Errors
    ///
    /// If the floor is 0 or above the ceiling, the start is not between them, the smoothing is not
    /// above 0 and at most 1, the tolerance is below 1 or above 1,000, or the long window is 0.
    pub fn build(self) -> Result<Gradient2, LimitError> {
        let settings = self.settings;
        let bounds = settings.bounds.check()?;
        real_within("smoothing", settings.smoothing, f64::MIN_POSITIVE, 1.0)?;
        real_within("tolerance", settings.tolerance, 1.0, 1_000.0)?;
        if settings.long_window == 0 {
            let problem = "0 would remember nothing: set at least 1";
            return Err(LimitError::new("long_window", problem));
        }
        Ok(Gradient2 {
            settings,
            limit: f64::from(bounds.start),
            long: WarmMean::new(settings.long_window, WARM_UP),
        })
    }
}
