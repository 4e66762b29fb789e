use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::units;

/// Something that goes wrong in a tier for a while, and then is as before.
///
/// Several things may be said at once; at least one is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Change {
    /// When, from the start of the run.
    #[serde(with = "units::duration")]
    #[schemars(with = "units::DurationText")]
    pub at: Duration,
    /// For how long.
    #[serde(rename = "for", with = "units::duration")]
    #[schemars(with = "units::DurationText")]
    pub lasts: Duration,
    /// Work that begins now takes so many times longer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slow: Option<f64>,
    /// Nothing moves: work under way stands still, none begins.
    #[serde(default)]
    pub stall: bool,
    /// This share of the requests fails.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fail: Option<f64>,
    /// How long a failing request keeps its worker: as long as a good one when not said.
    #[serde(
        default,
        with = "units::optional_duration",
        skip_serializing_if = "Option::is_none"
    )]
    #[schemars(with = "Option<units::DurationText>")]
    pub fail_after: Option<Duration>,
    /// Only so many workers are left; work under way is finished.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workers: Option<u32>,
}

impl Change {
    /// A change in which nothing changes yet.
    #[must_use]
    pub const fn new(at: Duration, lasts: Duration) -> Self {
        Self {
            at,
            lasts,
            slow: None,
            stall: false,
            fail: None,
            fail_after: None,
            workers: None,
        }
    }

    /// Work takes so many times longer.
    #[must_use]
    pub const fn slow(mut self, times: f64) -> Self {
        self.slow = Some(times);
        self
    }

    /// Nothing moves.
    #[must_use]
    pub const fn stall(mut self) -> Self {
        self.stall = true;
        self
    }

    /// This share of the requests fails.
    #[must_use]
    pub const fn fail(mut self, share: f64) -> Self {
        self.fail = Some(share);
        self
    }

    /// Only so many workers are left.
    #[must_use]
    pub const fn workers(mut self, left: u32) -> Self {
        self.workers = Some(left);
        self
    }
}
