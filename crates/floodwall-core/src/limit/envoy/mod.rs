mod builder;

pub use builder::EnvoyGradientBuilder;

use std::time::Duration;

use super::bounds::change;
use super::random::Random;
use super::window::Reservoir;
use super::{Cause, Change, LimitAlgorithm, Sample, Why};
use crate::moment::nanos;
use crate::{Moment, Outcome};
use builder::Settings;

/// Measures the service at ease from time to time, with next to nobody inside, and follows how much
/// slower than that it is now.
///
/// Source: `GradientController` of Envoy's adaptive concurrency filter
/// (`source/extensions/filters/http/adaptive_concurrency`). While it measures, the limit is pinned to
/// the floor; whoever comes then is refused. As there, every answer is a sample, an error too;
/// requests that were given up or refused further in are not.
///
/// Envoy's timers run by themselves; here they run with the samples, or with
/// [`tick`](Self::tick). Its histogram rounds to two digits; here up to 1,024 samples are exact, and
/// those stand for any number ([`Reservoir`]).
///
/// ```
/// use floodwall_core::limit::{EnvoyGradient, LimitAlgorithm, Sample};
/// use floodwall_core::Moment;
/// use std::time::Duration;
///
/// let ms = Duration::from_millis(1);
/// let mut envoy = EnvoyGradient::builder().build().unwrap();
/// for k in 1..=50 {
///     assert_eq!(envoy.limit(), 3); // it measures
///     envoy.sample(&Sample::new(Moment::ZERO + ms * 10 * k, ms * 10));
/// }
/// envoy.sample(&Sample::new(Moment::ZERO + ms * 510, ms * 10));
/// envoy.tick(Moment::ZERO + ms * 700);
/// assert_eq!(envoy.limit(), 5); // 3 × 1.25, and the root of it
/// ```
#[derive(Clone, Debug)]
pub struct EnvoyGradient {
    settings: Settings,
    limit: u32,
    /// What the limit goes back to: it measures.
    before: Option<u32>,
    /// Who began before this is no sample.
    epoch: Moment,
    at_ease: u64,
    update_at: Moment,
    measure_at: Moment,
    /// Updates in a row that left the limit at the floor.
    at_floor: u32,
    samples: Reservoir,
    random: Random,
}

const KEPT: usize = 1_024;
const LEAST_GRADIENT: f64 = 0.5;
const MOST_GRADIENT: f64 = 2.0;
/// After so many updates at the floor, what was measured at ease is doubted.
const DOUBT: u32 = 5;

impl EnvoyGradient {
    /// Begins with the defaults of the source, which each method tells.
    pub fn builder() -> EnvoyGradientBuilder {
        EnvoyGradientBuilder::default()
    }

    fn with(settings: Settings) -> Self {
        Self {
            limit: settings.bounds.floor,
            before: Some(settings.bounds.start),
            epoch: Moment::ZERO,
            at_ease: 0,
            update_at: Moment::ZERO,
            measure_at: Moment::ZERO,
            at_floor: 0,
            samples: Reservoir::new(KEPT, settings.seed),
            random: Random::new(settings.seed),
            settings,
        }
    }

    /// Whether it measures the service at ease.
    pub const fn measures(&self) -> bool {
        self.before.is_some()
    }

    /// The service time at ease; none before it was measured for the first time.
    pub fn at_ease(&self) -> Option<Duration> {
        (self.at_ease > 0).then(|| Duration::from_nanos(self.at_ease))
    }

    /// The time until the next measurement: `interval`, and up to a share `jitter` more, by a number
    /// that was drawn. To the millisecond.
    pub fn jittered(interval: Duration, jitter: f64, drawn: u64) -> Duration {
        let range = (interval.as_secs_f64() * 1_000.0 * jitter).ceil() as u64;
        let more = drawn.checked_rem(range).unwrap_or(0);
        interval.saturating_add(Duration::from_millis(more))
    }

    /// Lets the timers run without a sample. What they would have done several times over in the
    /// meantime is done once: without samples nothing changes.
    pub fn tick(&mut self, now: Moment) -> Option<Change> {
        let from = self.limit;
        let cause = self.run_timers(now)?;
        change(from, self.limit, || cause)
    }

    fn run_timers(&mut self, now: Moment) -> Option<Cause> {
        self.bear_a_clock_that_ran_back(now);
        if self.measures() {
            return None;
        }
        let mut cause = None;
        if now >= self.update_at {
            cause = self.update();
            self.rearm(now);
            if self.at_floor >= DOUBT {
                self.measure_at = now;
            }
        }
        if now >= self.measure_at {
            self.begin_to_measure(now);
            cause = Some(Cause::new(Why::Probe));
        }
        cause
    }

    /// To the next whole interval after the last one.
    fn rearm(&mut self, now: Moment) {
        let interval = nanos(self.settings.update_interval).max(1);
        let late = now.as_nanos().saturating_sub(self.update_at.as_nanos());
        let steps = (late / interval).saturating_add(1);
        self.update_at = self.update_at + Duration::from_nanos(interval.saturating_mul(steps));
    }

    /// What a sample from far ahead had set would not come again for as long.
    fn bear_a_clock_that_ran_back(&mut self, now: Moment) {
        let Settings {
            update_interval,
            measure_interval,
            ..
        } = self.settings;
        if self.update_at.since(now) > update_interval.saturating_mul(2) {
            self.update_at = now + update_interval;
        }
        // With the jitter, twice the interval at most.
        if self.measure_at.since(now) > measure_interval.saturating_mul(2) {
            self.measure_at = now + measure_interval;
        }
        if self.epoch.since(now) > update_interval {
            self.epoch = now;
        }
    }

    fn begin_to_measure(&mut self, now: Moment) {
        self.before = Some(self.limit);
        self.limit = self.settings.bounds.floor;
        self.at_floor = 0;
        self.samples.clear();
        self.epoch = now;
    }

    fn end_of_measuring(&mut self, now: Moment) -> Option<Cause> {
        if self.samples.count() < u64::from(self.settings.request_count) {
            return None;
        }
        let before = self.before.take()?;
        self.at_ease = self.quantile();
        self.limit = before;
        self.at_floor = 0;
        let Settings {
            measure_interval,
            jitter,
            update_interval,
            ..
        } = self.settings;
        let drawn = self.random.next();
        self.measure_at = now + Self::jittered(measure_interval, jitter, drawn);
        self.update_at = now + update_interval;
        Some(Cause::new(Why::ProbeOver))
    }

    fn update(&mut self) -> Option<Cause> {
        if self.samples.count() == 0 {
            return None;
        }
        let now = self.quantile() as f64;
        let Settings { buffer, bounds, .. } = self.settings;
        let at_ease = self.at_ease as f64;
        let gradient = (at_ease * (1.0 + buffer) / now).clamp(LEAST_GRADIENT, MOST_GRADIENT);
        let limit = f64::from(self.limit) * gradient;
        let from = self.limit;
        self.set(bounds.clamp_real((limit + limit.sqrt()).floor()) as u32);
        let why = if self.limit > from {
            Why::LatencyLow
        } else {
            Why::LatencyRose
        };
        Some(Cause::new(why).latency(now / at_ease))
    }

    fn set(&mut self, limit: u32) {
        let floor = self.settings.bounds.floor;
        if self.limit == floor && limit == floor {
            self.at_floor += 1;
        } else {
            self.at_floor = 0;
        }
        self.limit = limit;
    }

    fn quantile(&mut self) -> u64 {
        let quantile = self.samples.quantile(self.settings.percentile);
        self.samples.clear();
        quantile.unwrap_or(0).max(1)
    }
}

impl LimitAlgorithm for EnvoyGradient {
    fn limit(&self) -> u32 {
        self.limit
    }

    fn sample(&mut self, sample: &Sample) -> Option<Change> {
        let from = self.limit;
        let mut cause = self.run_timers(sample.at);
        let counts = match sample.outcome {
            Outcome::Success | Outcome::Overload | Outcome::Failure => true,
            Outcome::Cancelled | Outcome::Refused => false,
        };
        if counts && sample.at - sample.service >= self.epoch {
            self.samples.add(nanos(sample.service));
            cause = self.end_of_measuring(sample.at).or(cause);
        }
        change(from, self.limit, || cause.unwrap_or(Cause::new(Why::Probe)))
    }

    fn name(&self) -> &'static str {
        "envoy"
    }
}
