use super::bounds::{Bounds, change, real_within};
use super::random::Random;
use super::{Cause, Change, LimitAlgorithm, LimitError, Sample, Step, Teaches, Why};
use crate::moment::nanos;

/// Estimates how many of those inside wait somewhere, from the best service time of late, and keeps
/// that number between two bounds.
///
/// Source: `VegasLimit` of Netflix concurrency-limits, after TCP Vegas (Brakmo and Peterson, 1995).
/// With service times that vary it needs a [`Windowed`](super::Windowed) around it: the best of many
/// single ones is near zero.
///
/// ```
/// use floodwall_core::limit::{LimitAlgorithm, Sample, Vegas};
/// use floodwall_core::Moment;
/// use std::time::Duration;
///
/// let mut vegas = Vegas::builder().start(10).build().unwrap();
/// let sample = Sample::new(Moment::ZERO, Duration::from_millis(10)).in_flight(10);
/// assert_eq!(vegas.sample(&sample), None); // the first is the best so far
/// vegas.sample(&sample);
/// assert_eq!(vegas.limit(), 16);
/// ```
#[derive(Clone, Debug)]
pub struct Vegas {
    settings: Settings,
    limit: f64,
    best: Option<u64>,
    /// Samples since the best service time was taken anew.
    since_probe: f64,
    jitter: f64,
    random: Random,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Settings {
    bounds: Bounds,
    smoothing: f64,
    probe_multiplier: u32,
    alpha: Step,
    beta: Step,
    threshold: Step,
    increase: Step,
    decrease: Step,
    seed: u64,
}

impl Vegas {
    /// Begins with the defaults of the source, which each method tells.
    pub fn builder() -> VegasBuilder {
        VegasBuilder::default()
    }

    fn probe_is_due(&mut self) -> bool {
        self.since_probe += 1.0;
        let every = self.jitter * f64::from(self.settings.probe_multiplier) * self.limit;
        let due = every <= self.since_probe;
        if due {
            self.since_probe = 0.0;
            self.jitter = jitter(&mut self.random);
        }
        due
    }

    /// The limit that follows, before bounds and smoothing; none if it stays.
    fn next(&self, sample: &Sample, dropped: bool, best_share: f64) -> Option<(f64, Why)> {
        let Settings {
            alpha,
            beta,
            threshold,
            increase,
            decrease,
            ..
        } = self.settings;
        let limit = self.limit;
        if dropped {
            return Some((limit - decrease.of(limit), Why::Dropped));
        }
        if f64::from(sample.in_flight) * 2.0 < limit {
            return None;
        }
        let queue = (limit * (1.0 - best_share)).ceil();
        if queue <= threshold.of(limit) {
            Some((limit + beta.of(limit), Why::LatencyLow))
        } else if queue < alpha.of(limit) {
            Some((limit + increase.of(limit), Why::LatencyLow))
        } else if queue > beta.of(limit) {
            Some((limit - decrease.of(limit), Why::LatencyRose))
        } else {
            None
        }
    }
}

/// From half to all of the interval.
fn jitter(random: &mut Random) -> f64 {
    0.5 + random.unit() / 2.0
}

impl LimitAlgorithm for Vegas {
    fn limit(&self) -> u32 {
        self.limit as u32
    }

    fn sample(&mut self, sample: &Sample) -> Option<Change> {
        let dropped = match sample.teaches() {
            Teaches::Nothing => return None,
            Teaches::Dropped => true,
            Teaches::Latency => false,
        };
        let service = nanos(sample.service).max(1);
        if self.probe_is_due() {
            self.best = Some(service);
            return None;
        }
        let best = match self.best {
            Some(best) if best <= service => best,
            Some(_) | None => {
                self.best = Some(service);
                return None;
            }
        };
        let best_share = best as f64 / service as f64;
        let (next, why) = self.next(sample, dropped, best_share)?;
        let Settings {
            bounds, smoothing, ..
        } = self.settings;
        let from = self.limit();
        let next = bounds.clamp_real(next);
        self.limit = bounds.clamp_real((1.0 - smoothing) * self.limit + smoothing * next);
        change(from, self.limit(), || {
            Cause::new(why).latency(1.0 / best_share)
        })
    }

    fn name(&self) -> &'static str {
        "vegas"
    }
}

/// Makes a [`Vegas`]. None of it has to be said.
#[derive(Clone, Debug)]
#[must_use]
pub struct VegasBuilder {
    settings: Settings,
}

impl Default for VegasBuilder {
    fn default() -> Self {
        Self {
            settings: Settings {
                bounds: Bounds::new(20, 1, 1_000),
                smoothing: 1.0,
                probe_multiplier: 30,
                alpha: Step::Log10(3),
                beta: Step::Log10(6),
                threshold: Step::Log10(1),
                increase: Step::Log10(1),
                decrease: Step::Log10(1),
                seed: 1,
            },
        }
    }
}

impl VegasBuilder {
    /// The limit before anything is known: 20 when not said.
    pub fn start(mut self, limit: u32) -> Self {
        self.settings.bounds.start = limit;
        self
    }

    /// Never less than this: 1 when not said.
    pub fn floor(mut self, limit: u32) -> Self {
        self.settings.bounds.floor = limit;
        self
    }

    /// Never more than this: 1,000 when not said.
    pub fn ceiling(mut self, limit: u32) -> Self {
        self.settings.bounds.ceiling = limit;
        self
    }

    /// How far it goes towards each new limit, above 0 and at most 1: 1 when not said.
    pub fn smoothing(mut self, share: f64) -> Self {
        self.settings.smoothing = share;
        self
    }

    /// After so many samples times the limit, and half of that at the earliest, the best service
    /// time is taken anew: 30 when not said.
    pub fn probe_multiplier(mut self, times: u32) -> Self {
        self.settings.probe_multiplier = times;
        self
    }

    /// With fewer than this waiting the limit rises: 3 × log10 when not said.
    pub fn alpha(mut self, waiting: Step) -> Self {
        self.settings.alpha = waiting;
        self
    }

    /// With more than this waiting the limit falls: 6 × log10 when not said. It is also how far the
    /// limit rises while next to nobody waits.
    pub fn beta(mut self, waiting: Step) -> Self {
        self.settings.beta = waiting;
        self
    }

    /// With no more than this waiting the limit rises by beta: 1 × log10 when not said.
    pub fn threshold(mut self, waiting: Step) -> Self {
        self.settings.threshold = waiting;
        self
    }

    /// How far it rises: 1 × log10 when not said.
    pub fn increase(mut self, step: Step) -> Self {
        self.settings.increase = step;
        self
    }

    /// How far it falls: 1 × log10 when not said.
    pub fn decrease(mut self, step: Step) -> Self {
        self.settings.decrease = step;
        self
    }

    /// When exactly it probes follows from this: 1 when not said.
    pub fn seed(mut self, seed: u64) -> Self {
        self.settings.seed = seed;
        self
    }

    /// Makes the algorithm.
    ///
    /// # Errors
    ///
    /// If the floor is 0 or above the ceiling, the start is not between them, the smoothing is not
    /// above 0 and at most 1, the probe multiplier is 0, or a step is a share that is not from 0 to 1.
    pub fn build(self) -> Result<Vegas, LimitError> {
        let settings = self.settings;
        let bounds = settings.bounds.check()?;
        real_within("smoothing", settings.smoothing, f64::MIN_POSITIVE, 1.0)?;
        if settings.probe_multiplier == 0 {
            let problem = "0 would take every service time for the best: set at least 1";
            return Err(LimitError::new("probe_multiplier", problem));
        }
        settings.alpha.check("alpha")?;
        settings.beta.check("beta")?;
        settings.threshold.check("threshold")?;
        settings.increase.check("increase")?;
        settings.decrease.check("decrease")?;
        let mut random = Random::new(settings.seed);
        Ok(Vegas {
            settings,
            limit: f64::from(bounds.start),
            best: None,
            since_probe: 0.0,
            jitter: jitter(&mut random),
            random,
        })
    }
}
