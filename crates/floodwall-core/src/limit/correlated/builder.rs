use std::time::Duration;

use super::Correlated;
use crate::limit::LimitError;
use crate::limit::bounds::{Bounds, real_within};

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Settings {
    pub(super) bounds: Bounds,
    pub(super) max_factor: f64,
    pub(super) factor_decay: f64,
    pub(super) min_factor: f64,
    pub(super) stabilization: Option<Duration>,
    pub(super) min_window: Duration,
    pub(super) max_window: Duration,
    pub(super) min_samples: u64,
    pub(super) quantile: f64,
    pub(super) baseline_age: u32,
    pub(super) baseline: Option<Duration>,
    pub(super) correlation_window: usize,
    pub(super) seed: u64,
}

/// Makes a [`Correlated`]. None of it has to be said.
#[derive(Clone, Debug)]
#[must_use]
pub struct CorrelatedBuilder {
    settings: Settings,
}

impl Default for CorrelatedBuilder {
    fn default() -> Self {
        Self {
            settings: Settings {
                bounds: Bounds::new(20, 1, 200),
                max_factor: 5.0,
                factor_decay: 0.0,
                min_factor: 1.0,
                stabilization: None,
                min_window: Duration::from_secs(1),
                max_window: Duration::from_secs(30),
                min_samples: 50,
                quantile: 0.9,
                baseline_age: 10,
                baseline: None,
                correlation_window: 50,
                seed: 1,
            },
        }
    }
}

impl CorrelatedBuilder {
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

    /// Never more than this: 200 when not said.
    pub fn ceiling(mut self, limit: u32) -> Self {
        self.settings.bounds.ceiling = limit;
        self
    }

    /// Not above so many times the most that were inside in a window, from 1 to 1,000: 5 when not
    /// said.
    pub fn max_factor(mut self, times: f64) -> Self {
        self.settings.max_factor = times;
        self
    }

    /// That factor becomes smaller by `decay` with each ten times as many inside, but not below
    /// `min_factor`: it does not when not said.
    pub fn factor_decay(mut self, decay: f64, min_factor: f64) -> Self {
        self.settings.factor_decay = decay;
        self.settings.min_factor = min_factor;
        self
    }

    /// Remembers the most that were inside for so long, so that a dip of the load does not bring the
    /// limit down: for one window only when not said.
    pub fn stabilization(mut self, length: Duration) -> Self {
        self.settings.stabilization = Some(length);
        self
    }

    /// A window is twice as long as the shortest service time in the one before, but not shorter
    /// than this: 1 s when not said.
    pub fn min_window(mut self, length: Duration) -> Self {
        self.settings.min_window = length;
        self
    }

    /// And not longer than this: 30 s when not said.
    pub fn max_window(mut self, length: Duration) -> Self {
        self.settings.max_window = length;
        self
    }

    /// A window stays open until it has so many samples: 50 when not said.
    pub fn min_samples(mut self, count: u32) -> Self {
        self.settings.min_samples = u64::from(count);
        self
    }

    /// Which service time stands for a window, above 0 and at most 1: 0.9 when not said.
    pub fn quantile(mut self, share: f64) -> Self {
        self.settings.quantile = share;
        self
    }

    /// How many windows the baseline remembers: 10 when not said.
    pub fn baseline_age(mut self, windows: u32) -> Self {
        self.settings.baseline_age = windows;
        self
    }

    /// A baseline that is known, as if it had been found long ago: none when not said. The source
    /// has no such setting.
    pub fn baseline(mut self, service: Duration) -> Self {
        self.settings.baseline = Some(service);
        self
    }

    /// How many windows the correlations look back, from 2 to 10,000: 50 when not said.
    pub fn correlation_window(mut self, windows: u32) -> Self {
        self.settings.correlation_window = usize::try_from(windows).unwrap_or(usize::MAX);
        self
    }

    /// Which samples stand for very many follows from this: 1 when not said.
    pub fn seed(mut self, seed: u64) -> Self {
        self.settings.seed = seed;
        self
    }

    /// Makes the algorithm.
    ///
    /// # Errors
    ///
    /// If the floor is 0 or above the ceiling, the start is not between them, a factor, the quantile
    /// or the correlation window is not in its range, the decay is negative or above 1,000, the
    /// shortest window is zero or above the longest, or the samples, the age or the baseline are 0.
    pub fn build(self) -> Result<Correlated, LimitError> {
        let settings = self.settings;
        settings.bounds.check()?;
        real_within("max_factor", settings.max_factor, 1.0, 1_000.0)?;
        real_within("factor_decay", settings.factor_decay, 0.0, 1_000.0)?;
        real_within("min_factor", settings.min_factor, 1.0, 1_000.0)?;
        real_within("quantile", settings.quantile, f64::MIN_POSITIVE, 1.0)?;
        real_within(
            "correlation_window",
            settings.correlation_window as f64,
            2.0,
            10_000.0,
        )?;
        let Settings {
            min_window,
            max_window,
            ..
        } = settings;
        if max_window < min_window {
            let problem = format!("{max_window:?} is below min_window, {min_window:?}: raise it");
            return Err(LimitError::new("max_window", problem));
        }
        for (field, is_nothing) in [
            ("min_window", min_window.is_zero()),
            ("min_samples", settings.min_samples == 0),
            ("baseline_age", settings.baseline_age == 0),
            (
                "baseline",
                settings.baseline.is_some_and(|known| known.is_zero()),
            ),
        ] {
            if is_nothing {
                return Err(LimitError::new(field, "0 cannot be: set more"));
            }
        }
        Ok(Correlated::with(settings))
    }
}
