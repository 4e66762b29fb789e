use std::time::Duration;

use super::EnvoyGradient;
use crate::limit::LimitError;
use crate::limit::bounds::{Bounds, real_within};

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Settings {
    pub(super) bounds: Bounds,
    pub(super) percentile: f64,
    pub(super) update_interval: Duration,
    pub(super) measure_interval: Duration,
    pub(super) request_count: u32,
    pub(super) jitter: f64,
    pub(super) buffer: f64,
    pub(super) seed: u64,
}

/// Makes an [`EnvoyGradient`]. None of it has to be said.
#[derive(Clone, Debug)]
#[must_use]
pub struct EnvoyGradientBuilder {
    settings: Settings,
}

impl Default for EnvoyGradientBuilder {
    fn default() -> Self {
        Self {
            settings: Settings {
                bounds: Bounds::new(3, 3, 1_000),
                percentile: 0.5,
                update_interval: Duration::from_millis(100),
                measure_interval: Duration::from_secs(60),
                request_count: 50,
                jitter: 0.15,
                buffer: 0.25,
                seed: 1,
            },
        }
    }
}

impl EnvoyGradientBuilder {
    /// The limit after the first measurement: 3 when not said, as there is no such setting in Envoy
    /// and it begins at its floor.
    pub fn start(mut self, limit: u32) -> Self {
        self.settings.bounds.start = limit;
        self
    }

    /// Never less than this, and the limit while it measures (`min_concurrency`): 3 when not said.
    pub fn floor(mut self, limit: u32) -> Self {
        self.settings.bounds.floor = limit;
        self
    }

    /// Never more than this (`max_concurrency_limit`): 1,000 when not said.
    pub fn ceiling(mut self, limit: u32) -> Self {
        self.settings.bounds.ceiling = limit;
        self
    }

    /// Which service time stands for all (`sample_aggregate_percentile`), from 0 to 1: 0.5 when not
    /// said.
    pub fn percentile(mut self, share: f64) -> Self {
        self.settings.percentile = share;
        self
    }

    /// The limit moves this often (`concurrency_update_interval`): 100 ms when not said. Envoy has
    /// no default; its documentation shows this.
    pub fn update_interval(mut self, interval: Duration) -> Self {
        self.settings.update_interval = interval;
        self
    }

    /// It measures this often (`min_rtt_calc_params.interval`): 60 s when not said. Envoy has no
    /// default; its documentation shows this.
    pub fn measure_interval(mut self, interval: Duration) -> Self {
        self.settings.measure_interval = interval;
        self
    }

    /// A measurement is over after so many samples (`request_count`): 50 when not said.
    pub fn request_count(mut self, samples: u32) -> Self {
        self.settings.request_count = samples;
        self
    }

    /// Up to this share of the interval a measurement comes later, from 0 to 1: 0.15 when not said.
    pub fn jitter(mut self, share: f64) -> Self {
        self.settings.jitter = share;
        self
    }

    /// By this share the service may be slower than at ease and still count as that (`buffer`), from
    /// 0 to 1: 0.25 when not said.
    pub fn buffer(mut self, share: f64) -> Self {
        self.settings.buffer = share;
        self
    }

    /// The jitter follows from this: 1 when not said.
    pub fn seed(mut self, seed: u64) -> Self {
        self.settings.seed = seed;
        self
    }

    /// Makes the algorithm. It measures at once.
    ///
    /// # Errors
    ///
    /// If the floor is 0 or above the ceiling, the start is not between them, a share is not from 0
    /// to 1, an interval is below a millisecond, or the request count is 0.
    pub fn build(self) -> Result<EnvoyGradient, LimitError> {
        let settings = self.settings;
        settings.bounds.check()?;
        real_within("percentile", settings.percentile, 0.0, 1.0)?;
        real_within("jitter", settings.jitter, 0.0, 1.0)?;
        real_within("buffer", settings.buffer, 0.0, 1.0)?;
        for (field, interval) in [
            ("update_interval", settings.update_interval),
            ("measure_interval", settings.measure_interval),
        ] {
            if interval < Duration::from_millis(1) {
                let problem = format!("{interval:?} is too short: set at least 1ms");
                return Err(LimitError::new(field, problem));
            }
        }
        if settings.request_count == 0 {
            let problem = "0 would measure nothing: set at least 1";
            return Err(LimitError::new("request_count", problem));
        }
        Ok(EnvoyGradient::with(settings))
    }
}
