mod builder;
mod peak;

pub use builder::CorrelatedBuilder;

use super::bounds::change;
use super::due::Due;
use super::step::log10_root;
use super::window::{Correlation, MovingMedian, Reservoir, WarmMean};
use super::{Cause, Change, LimitAlgorithm, Sample, Teaches, Why};
use crate::Moment;
use crate::moment::nanos;
use builder::Settings;
use peak::Peak;

/// Vegas on smoothed quantiles, which while it is full asks whether more inside brought more out.
///
/// Source: the adaptive limiter of failsafe-go (`adaptivelimiter/adaptivelimiter.go`), which is the
/// open form of the auto-tuner of Uber's Cinnamon. Theirs takes its p90 from a t-digest; here it is
/// exact for up to 1,024 samples in a window, and those stand for any number ([`Reservoir`]).
/// Theirs is full when all permits are taken as a request leaves; here, when the limit held somebody
/// back or was full as that request came. Requests that the service pushed back, that failed or were
/// given up are no samples. What is known against it: in a long incident its baseline becomes the
/// incident (their issue 127).
///
/// ```
/// use floodwall_core::limit::{Correlated, LimitAlgorithm, Sample};
/// use floodwall_core::Moment;
/// use std::time::Duration;
///
/// let second = Duration::from_secs(1);
/// let mut correlated = Correlated::builder()
///     .baseline(second)
///     .min_samples(1)
///     .build()
///     .unwrap();
/// correlated.sample(&Sample::new(Moment::ZERO + 2 * second, 2 * second).in_flight(10));
/// assert_eq!(correlated.limit(), 19);
/// ```
#[derive(Clone, Debug)]
pub struct Correlated {
    settings: Settings,
    limit: f64,
    window: Window,
    median: MovingMedian,
    smoothed: WarmMean,
    baseline: WarmMean,
    throughput: Correlation,
    latency: Correlation,
    peak: Option<Peak>,
    due: Due,
}

#[derive(Clone, Debug)]
struct Window {
    times: Reservoir,
    fastest: u64,
    most_in_flight: u32,
}

const WARM_UP: u32 = 10;
const SMOOTHED: u32 = 5;
const KEPT: usize = 1_024;

impl Correlated {
    /// Begins with the defaults of the source, which each method tells.
    pub fn builder() -> CorrelatedBuilder {
        CorrelatedBuilder::default()
    }

    fn with(settings: Settings) -> Self {
        let correlation = || Correlation::new(settings.correlation_window, WARM_UP as usize);
        let baseline = settings.baseline.map_or_else(
            || WarmMean::new(settings.baseline_age, WARM_UP),
            |known| WarmMean::warmed(settings.baseline_age, nanos(known) as f64),
        );
        Self {
            limit: f64::from(settings.bounds.start),
            window: Window {
                times: Reservoir::new(KEPT, settings.seed),
                fastest: u64::MAX,
                most_in_flight: 0,
            },
            median: MovingMedian::new(SMOOTHED as usize),
            smoothed: WarmMean::new(SMOOTHED, WARM_UP),
            baseline,
            throughput: correlation(),
            latency: correlation(),
            peak: settings.stabilization.map(Peak::new),
            due: Due::at(Moment::ZERO),
            settings,
        }
    }

    /// The service time of late, after its quantile, median and mean were taken, in nanoseconds; 0
    /// before the first window.
    pub fn recent(&self) -> f64 {
        self.smoothed.get()
    }

    fn close(&mut self, at: Moment, full: bool) -> Option<Change> {
        let quantile = self.window.times.quantile(self.settings.quantile)?;
        let recent = self.smoothed.add(self.median.add(quantile as f64));
        let in_flight = self.window.most_in_flight;
        let fastest = std::time::Duration::from_nanos(self.window.fastest);
        let length = fastest
            .saturating_mul(2)
            .clamp(self.settings.min_window, self.settings.max_window);
        self.due = Due::at(at + length);
        self.window.times.clear();
        self.window.fastest = u64::MAX;
        self.window.most_in_flight = 0;
        self.update(at, recent, in_flight, full)
    }

    fn update(&mut self, at: Moment, recent: f64, in_flight: u32, full: bool) -> Option<Change> {
        let base = self.baseline.add(recent);
        let queue = (self.limit * (1.0 - base / recent)).ceil();
        let inside = f64::from(in_flight);
        self.throughput.add(inside, inside / (recent / 1e9));
        self.latency.add(inside, recent);

        let from = self.limit();
        let step = f64::from(log10_root(from));
        let (mut next, mut why) = match self.verdict(queue, step, full) {
            Verdict::Less(why) => (self.limit - step, why),
            Verdict::More => (self.limit + step, Why::LatencyLow),
            Verdict::Hold => (self.limit, Why::LatencyLow),
        };
        let most = self.most_for(at, in_flight);
        if next > most {
            // Down in steps, so that a dip of the load does not take everything at once.
            next = if self.limit > most {
                self.limit - step
            } else {
                most
            };
            why = Why::Unused;
        }
        self.limit = self.settings.bounds.clamp_real(next);
        change(from, self.limit(), || {
            Cause::new(why).latency(recent / base)
        })
    }

    fn verdict(&self, queue: f64, step: f64, full: bool) -> Verdict {
        let throughput = self.throughput.get();
        let latency_rises = self.latency.get() > 0.5;
        let flat = throughput < 0.3 || self.throughput.variation_of_second() < 0.2;
        if queue > 6.0 * step {
            Verdict::Less(Why::LatencyRose)
        } else if full && throughput < 0.0 {
            Verdict::Less(Why::ThroughputFell)
        } else if full && latency_rises && flat {
            Verdict::Less(Why::ThroughputFlat)
        } else if queue < 3.0 * step {
            Verdict::More
        } else {
            Verdict::Hold
        }
    }

    /// The most that the load of late could use, and some.
    fn most_for(&mut self, at: Moment, in_flight: u32) -> f64 {
        let peak = self.peak.as_mut();
        let in_flight = peak.map_or(in_flight, |peak| peak.add(at, in_flight));
        let inside = f64::from(in_flight);
        let Settings {
            max_factor,
            factor_decay,
            min_factor,
            ..
        } = self.settings;
        if factor_decay > 0.0 && in_flight > 0 {
            inside * (max_factor - factor_decay * inside.log10()).max(min_factor)
        } else {
            inside * max_factor
        }
    }
}

enum Verdict {
    Less(Why),
    More,
    Hold,
}

impl LimitAlgorithm for Correlated {
    fn limit(&self) -> u32 {
        self.limit as u32
    }

    fn sample(&mut self, sample: &Sample) -> Option<Change> {
        if sample.teaches() != Teaches::Latency {
            return None;
        }
        let service = nanos(sample.service).max(1);
        self.window.times.add(service);
        self.window.fastest = self.window.fastest.min(service);
        self.window.most_in_flight = self.window.most_in_flight.max(sample.in_flight);
        let full = sample.binding || sample.in_flight >= self.limit();
        let enough = self.window.times.count() >= self.settings.min_samples;
        if self.due.is_past(sample.at, self.settings.max_window) && enough {
            self.close(sample.at, full)
        } else {
            None
        }
    }

    fn name(&self) -> &'static str {
        "correlated"
    }
}
