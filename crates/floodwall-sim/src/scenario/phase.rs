use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::units;

/// A stretch of time in which requests come in one way.
///
/// How much comes is said as `load`, in multiples of the capacity, or as `rate`, in requests per
/// second. With neither, nothing comes but what clients say for themselves.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Phase {
    /// What it is called, in reports and assertions.
    pub name: String,
    /// How long it lasts.
    #[serde(rename = "for", with = "units::duration")]
    #[schemars(with = "units::DurationText")]
    pub lasts: Duration,
    /// How much comes, in multiples of the capacity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub load: Option<f64>,
    /// How much comes, in requests per second.
    #[serde(
        default,
        with = "units::optional_rate",
        skip_serializing_if = "Option::is_none"
    )]
    #[schemars(with = "Option<units::RateText>")]
    pub rate: Option<f64>,
    /// How it moves within the phase: it stays as it is when not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shape: Option<Shape>,
    /// For how long after its start nothing is counted for the phase, so that the change itself is
    /// left out.
    #[serde(default, with = "units::duration")]
    #[schemars(with = "units::DurationText")]
    pub settle: Duration,
}

/// How the rate moves within a phase.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Shape {
    /// Evenly up or down to this, in the unit in which the phase says how much comes.
    RampTo(f64),
    /// Up and down like a day: the rate times 1 + swing x sin(2 pi t / period).
    Wave {
        /// How far it swings, as a share of the rate: 0 to 1.
        swing: f64,
        /// How long one swing lasts; it starts at the mean, on its way up.
        #[serde(with = "units::duration")]
        #[schemars(with = "units::DurationText")]
        period: Duration,
    },
    /// A crowd that comes at once and leaves slowly: up to `peak` times the rate within `rise`, then
    /// back, half of what is left in each `half_life`.
    Crowd {
        /// How many times the rate at the top.
        peak: f64,
        /// How long it takes to get there.
        #[serde(with = "units::duration")]
        #[schemars(with = "units::DurationText")]
        rise: Duration,
        /// How long it takes until half of the crowd has left.
        #[serde(with = "units::duration")]
        #[schemars(with = "units::DurationText")]
        half_life: Duration,
    },
}

impl Phase {
    /// A phase in which nothing comes yet.
    #[must_use]
    pub fn new(name: impl Into<String>, lasts: Duration) -> Self {
        Self {
            name: name.into(),
            lasts,
            load: None,
            rate: None,
            shape: None,
            settle: Duration::ZERO,
        }
    }

    /// This much comes, in multiples of the capacity.
    #[must_use]
    pub const fn load(mut self, of_capacity: f64) -> Self {
        self.load = Some(of_capacity);
        self
    }

    /// This much comes, in requests per second.
    #[must_use]
    pub const fn rate(mut self, per_second: f64) -> Self {
        self.rate = Some(per_second);
        self
    }

    /// It moves like this.
    #[must_use]
    pub const fn shape(mut self, shape: Shape) -> Self {
        self.shape = Some(shape);
        self
    }

    /// Counts only from so long after its start.
    #[must_use]
    pub const fn settle(mut self, time: Duration) -> Self {
        self.settle = time;
        self
    }
}
