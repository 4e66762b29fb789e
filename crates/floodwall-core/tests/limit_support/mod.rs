//! What the tests of Envoy's gradient share.

use std::time::Duration;

use floodwall_core::Moment;
use floodwall_core::limit::{EnvoyGradient, EnvoyGradientBuilder, LimitAlgorithm, Sample};

pub(crate) const MS: Duration = Duration::from_millis(1);
pub(crate) const SECOND: Duration = Duration::from_secs(1);

/// The controller and the simulated time of those tests.
pub(crate) struct Simulated {
    pub(crate) controller: EnvoyGradient,
    pub(crate) now: Moment,
}

impl Simulated {
    /// As their `makeController`: 42 hours later.
    pub(crate) fn new(builder: EnvoyGradientBuilder) -> Self {
        Self {
            controller: builder.build().unwrap(),
            now: Moment::ZERO + SECOND * 42 * 3_600,
        }
    }

    pub(crate) fn limit(&self) -> u32 {
        self.controller.limit()
    }

    pub(crate) fn sample(&mut self, latency: Duration) {
        self.controller.sample(&Sample::new(self.now, latency));
    }

    pub(crate) fn samples(&mut self, count: u32, latency: Duration) {
        (0..count).for_each(|_| self.sample(latency));
    }

    /// Every millisecond the timers may run.
    pub(crate) fn advance(&mut self, time: Duration) {
        for _ in 0..time.as_millis() {
            self.now = self.now + MS;
            self.controller.tick(self.now);
        }
    }

    /// As their `advancePastMinRTTStage`: one more than is needed.
    pub(crate) fn measure(&mut self, requests: u32, latency: Duration) {
        self.samples(requests + 1, latency);
        assert!(!self.controller.measures());
        assert_eq!(self.controller.at_ease(), Some(latency));
    }
}

pub(crate) fn builder() -> EnvoyGradientBuilder {
    EnvoyGradient::builder()
        .jitter(0.0)
        .measure_interval(SECOND * 30)
        .request_count(5)
}
