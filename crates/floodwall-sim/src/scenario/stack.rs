use std::collections::BTreeMap;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{ShedRule, stack_file::StackFile, units};

/// The stack of floodwall's layers in front of a tier.
///
/// In a file, `limit` is a number or `"adaptive"`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(from = "StackFile", into = "StackFile")]
pub struct Stack {
    /// How many may be inside at once: no limit when not said. Of an adaptive one, where it begins.
    pub limit: Option<u32>,
    /// Whether the limit finds out by itself how many: no when not said.
    pub adaptive: bool,
    /// Who finds no place waits here: as floodwall's default queue when not said.
    pub queue: Option<QueueRule>,
    /// Sheds the least urgent before they queue: nothing is shed when not said.
    pub shed: Option<ShedRule>,
    /// Quotas, all of which hold.
    pub quotas: Vec<QuotaRule>,
    /// At most this share of the requests under way of each client may be retries, scheduled ones
    /// included, but always 3: floodwall stands before what they call, too. No bound when not said, or
    /// the one that the client has itself.
    pub retry_budget: Option<f64>,
    /// Whether it is told the priority of requests: yes when not said.
    pub priority: bool,
    /// Whether it is told the deadline of requests: yes when not said.
    pub deadline: bool,
}

impl Default for Stack {
    fn default() -> Self {
        Self {
            limit: None,
            adaptive: false,
            queue: None,
            shed: None,
            quotas: Vec::new(),
            retry_budget: None,
            priority: true,
            deadline: true,
        }
    }
}

impl Stack {
    /// Whether there is a limit, of either kind.
    #[must_use]
    pub const fn is_limited(&self) -> bool {
        self.limit.is_some() || self.adaptive
    }
}

/// The queue of a limit; what is not said is floodwall's default.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct QueueRule {
    /// How many may wait; 0 is no queue at all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capacity: Option<u32>,
    /// How long one may wait.
    #[serde(
        default,
        with = "units::optional_duration",
        skip_serializing_if = "Option::is_none"
    )]
    #[schemars(with = "Option<units::DurationText>")]
    pub max_wait: Option<Duration>,
    /// The delay above which a class is served newest first.
    #[serde(
        default,
        with = "units::optional_duration",
        skip_serializing_if = "Option::is_none"
    )]
    #[schemars(with = "Option<units::DurationText>")]
    pub target: Option<Duration>,
    /// For how long the delay has to stay above the target.
    #[serde(
        default,
        with = "units::optional_duration",
        skip_serializing_if = "Option::is_none"
    )]
    #[schemars(with = "Option<units::DurationText>")]
    pub interval: Option<Duration>,
    /// Whether a class whose delay is over the target is served newest first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub newest_first: Option<bool>,
    /// Who takes turns within a class, charged by the cost of requests: `all` wait in one line when
    /// not said.
    #[serde(default, skip_serializing_if = "Per::is_all")]
    pub fair: Per,
    /// By class: the part of the grants that it gets at least while it waits.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub shares: BTreeMap<String, f64>,
}

/// A quota, and whose.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct QuotaRule {
    /// As people say it: `100/s burst 20`.
    pub allow: String,
    /// Whose: one for all when not said.
    #[serde(default)]
    pub per: Per,
}

/// Whose quota it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Per {
    /// One for all.
    #[default]
    All,
    /// One for each client of the scenario.
    Client,
    /// One for each tenant.
    Tenant,
}

impl Per {
    /// Whether it tells nobody apart.
    #[must_use]
    pub fn is_all(&self) -> bool {
        *self == Self::All
    }
}
