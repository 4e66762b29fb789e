use std::collections::BTreeMap;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::units;

/// Shedding in front of the queue; what is not said is floodwall's default.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ShedRule {
    /// How long the queue shall be while something is shed.
    #[serde(
        default,
        with = "units::optional_duration",
        skip_serializing_if = "Option::is_none"
    )]
    #[schemars(with = "Option<units::DurationText>")]
    pub target: Option<Duration>,
    /// How long the queue has to be, without a break, before anything is shed.
    #[serde(
        default,
        with = "units::optional_duration",
        skip_serializing_if = "Option::is_none"
    )]
    #[schemars(with = "Option<units::DurationText>")]
    pub start: Option<Duration>,
    /// Who in a class is shed first.
    #[serde(default)]
    pub by: ShedBy,
    /// By class: the part of what is let in that it keeps.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub shares: BTreeMap<String, f64>,
}

/// Who in a class is shed first; retries go before first attempts in any case.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ShedBy {
    /// Requests take turns.
    #[default]
    Turns,
    /// Some tenants and not others, for an hour.
    Tenant,
    /// The tenants that used most lately.
    Usage,
}
