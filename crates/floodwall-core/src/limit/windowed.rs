use std::time::Duration;

use super::bounds::real_within;
use super::due::Due;
use super::window::{SampleWindow, Tracked};
use super::{Change, LimitAlgorithm, LimitError, Sample, Teaches};
use crate::{Moment, Outcome};

/// Hands its samples on to another algorithm as one sample a second.
///
/// That one has the mean of the service times, or a percentile of them, the most that were inside at
/// once, and counts as dropped if any of them was. A window with too few samples is thrown away, and
/// who needed less than 100 µs is not even looked at.
///
/// Source: `WindowedLimit` of Netflix concurrency-limits.
///
/// ```
/// use floodwall_core::limit::{LimitAlgorithm, Vegas, Windowed};
///
/// let vegas = Vegas::builder().build().unwrap();
/// let windowed = Windowed::builder().build(vegas).unwrap();
/// assert_eq!(windowed.limit(), 20);
/// ```
#[derive(Clone, Debug)]
pub struct Windowed<A> {
    inner: A,
    settings: Settings,
    window: SampleWindow,
    binding: bool,
    due: Due,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Settings {
    min_window: Duration,
    max_window: Duration,
    min_samples: u64,
    min_service: Duration,
    tracked: Tracked,
    seed: u64,
}

impl Windowed<()> {
    /// Begins with the defaults of the source, which each method tells.
    pub fn builder() -> WindowedBuilder {
        WindowedBuilder::default()
    }
}

impl<A> Windowed<A> {
    /// The algorithm inside.
    pub const fn inner(&self) -> &A {
        &self.inner
    }
}

impl<A: LimitAlgorithm> Windowed<A> {
    fn close(&mut self, at: Moment) -> Option<Change> {
        let Settings {
            min_window,
            max_window,
            min_samples,
            ..
        } = self.settings;
        let fastest = self.window.fastest().unwrap_or_default();
        let length = fastest.saturating_mul(2).clamp(min_window, max_window);
        self.due = Due::at(at + length);
        let told = (self.window.count() >= min_samples).then(|| {
            let outcome = if self.window.dropped() {
                Outcome::Overload
            } else {
                Outcome::Success
            };
            Sample::new(at, self.window.service())
                .in_flight(self.window.most_in_flight())
                .binding(self.binding)
                .outcome(outcome)
        });
        self.window.clear();
        self.binding = false;
        self.inner.sample(&told?)
    }
}

impl<A: LimitAlgorithm> LimitAlgorithm for Windowed<A> {
    fn limit(&self) -> u32 {
        self.inner.limit()
    }

    fn sample(&mut self, sample: &Sample) -> Option<Change> {
        let dropped = match sample.teaches() {
            Teaches::Nothing => return None,
            Teaches::Dropped => true,
            Teaches::Latency => false,
        };
        if sample.service < self.settings.min_service {
            return None;
        }
        self.window.add(sample.service, sample.in_flight, dropped);
        self.binding |= sample.binding;
        if self.due.is_past(sample.at, self.settings.max_window) {
            self.close(sample.at)
        } else {
            None
        }
    }

    fn name(&self) -> &'static str {
        self.inner.name()
    }
}

/// Makes a [`Windowed`]. None of it has to be said.
#[derive(Clone, Debug)]
#[must_use]
pub struct WindowedBuilder {
    settings: Settings,
}

impl Default for WindowedBuilder {
    fn default() -> Self {
        Self {
            settings: Settings {
                min_window: Duration::from_secs(1),
                max_window: Duration::from_secs(1),
                min_samples: 10,
                min_service: Duration::from_micros(100),
                tracked: Tracked::Average,
                seed: 1,
            },
        }
    }
}

impl WindowedBuilder {
    /// A window is twice as long as the shortest service time in the one before, but not shorter
    /// than this: 1 s when not said. At least 100 ms.
    pub fn min_window(mut self, length: Duration) -> Self {
        self.settings.min_window = length;
        self
    }

    /// And not longer than this: 1 s when not said.
    pub fn max_window(mut self, length: Duration) -> Self {
        self.settings.max_window = length;
        self
    }

    /// A window with fewer is thrown away: 10 when not said, which is the least.
    pub fn min_samples(mut self, count: u32) -> Self {
        self.settings.min_samples = u64::from(count);
        self
    }

    /// Who needed less is left out: 100 µs when not said.
    pub fn min_service(mut self, service: Duration) -> Self {
        self.settings.min_service = service;
        self
    }

    /// Hands on a percentile, above 0 and at most 1, such as 0.99: the mean when not said.
    pub fn percentile(mut self, share: f64) -> Self {
        self.settings.tracked = Tracked::Percentile(share);
        self
    }

    /// Which samples stand for a percentile of very many follows from this: 1 when not said.
    pub fn seed(mut self, seed: u64) -> Self {
        self.settings.seed = seed;
        self
    }

    /// Makes the window around `inner`.
    ///
    /// # Errors
    ///
    /// If the shortest window is below 100 ms or above the longest, fewer than 10 samples would do,
    /// or the percentile is not above 0 and at most 1.
    pub fn build<A: LimitAlgorithm>(self, inner: A) -> Result<Windowed<A>, LimitError> {
        let settings = self.settings;
        if settings.min_window < Duration::from_millis(100) {
            let problem = format!("{:?} is too short: set at least 100ms", settings.min_window);
            return Err(LimitError::new("min_window", problem));
        }
        if settings.max_window < settings.min_window {
            let Settings {
                min_window,
                max_window,
                ..
            } = settings;
            let problem = format!("{max_window:?} is below min_window, {min_window:?}: raise it");
            return Err(LimitError::new("max_window", problem));
        }
        if settings.min_samples < 10 {
            let problem = format!("{} is too few: set at least 10", settings.min_samples);
            return Err(LimitError::new("min_samples", problem));
        }
        if let Tracked::Percentile(share) = settings.tracked {
            real_within("percentile", share, f64::MIN_POSITIVE, 1.0)?;
        }
        Ok(Windowed {
            inner,
            settings,
            window: SampleWindow::new(settings.tracked, settings.seed),
            binding: false,
            due: Due::at(Moment::ZERO),
        })
    }
}
