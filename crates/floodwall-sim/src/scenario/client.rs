use std::collections::BTreeMap;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::units;
use crate::Times;

/// Somebody who sends requests: a kind of user, a crawler, a batch job.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Client {
    /// What it is called, in reports and assertions.
    pub name: String,
    /// The priority of its requests: 0 most urgent to 7, 3 when not said.
    #[serde(default = "normal")]
    pub class: u8,
    /// Its part of what each phase sends. The shares of all clients that have one add up to 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub share: Option<f64>,
    /// What it sends itself, in multiples of the capacity, whatever the phase says: one number, or
    /// one for each phase by name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub load: Option<ClientLoad>,
    /// A closed loop instead: so many users, each of whom waits for the answer and then thinks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub users: Option<Users>,
    /// In which pattern its requests come, if not as the scenario says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arrivals: Option<Arrivals>,
    /// How many tenants it stands for, each with a key of its own: 1 when not said.
    #[serde(default = "one")]
    pub tenants: u32,
    /// How unevenly the tenants ask: the k-th asks as often as 1 / k^skew. All alike when not said.
    #[serde(default)]
    pub skew: f64,
    /// After that an answer is worth nothing.
    #[serde(
        default,
        with = "units::optional_duration",
        skip_serializing_if = "Option::is_none"
    )]
    #[schemars(with = "Option<units::DurationText>")]
    pub deadline: Option<Duration>,
    /// After that it hangs up, and the service sees it. When not said, it waits for every answer.
    #[serde(
        default,
        with = "units::optional_duration",
        skip_serializing_if = "Option::is_none"
    )]
    #[schemars(with = "Option<units::DurationText>")]
    pub patience: Option<Duration>,
    /// Whether and how it tries again: not at all when not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry: Option<Retry>,
    /// What a request costs in units of a quota: 1 when not said.
    #[serde(default = "one")]
    pub cost: u32,
    /// How many times the usual service time its requests take: 1 when not said.
    #[serde(default = "unit")]
    pub work: f64,
}

const fn normal() -> u8 {
    3
}
const fn one() -> u32 {
    1
}
const fn unit() -> f64 {
    1.0
}

/// What a client sends, in multiples of the capacity.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged, expecting = "a number, or a table of numbers by phase")]
#[expect(clippy::exhaustive_enums, reason = "one for all or one for each")]
pub enum ClientLoad {
    /// The same in all phases.
    Always(f64),
    /// By the name of the phase; nothing in those that are not named.
    ByPhase(BTreeMap<String, f64>),
}

/// A closed loop: nobody sends a second request before the first one has ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Users {
    /// How many.
    pub count: u32,
    /// How long each of them thinks before the next request.
    pub think: Times,
}

/// In which pattern requests come. They never wait for answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Arrivals {
    /// At random, independently of one another.
    #[default]
    Poisson,
    /// Evenly.
    Constant,
    /// So many at the same moment, the bursts evenly.
    Bursts(u32),
}

/// How a client tries again: after a refusal, a failure, or an answer that did not come in time.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Retry {
    /// How often at most.
    pub times: u32,
    /// How long it waits before the first retry.
    #[serde(with = "units::duration")]
    #[schemars(with = "units::DurationText")]
    pub backoff: Duration,
    /// How many times longer before each further one: 1 when not said.
    #[serde(default = "unit")]
    pub growth: f64,
    /// How much chance adds, as a share of the wait: up to that; nothing when not said.
    #[serde(default)]
    pub jitter: f64,
    /// Whether it stays away for at least as long as a refusal says: no when not said. As over HTTP,
    /// in whole seconds, rounded up.
    #[serde(default)]
    pub honours_retry_after: bool,
    /// At most this share of its requests under way may be retries, scheduled ones included, but
    /// always 3: no bound when not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub budget: Option<f64>,
}

impl Client {
    /// A client that sends nothing yet: one of [`share`](Client::share), [`load`](Client::load) and
    /// [`users`](Client::users) says how much.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            class: normal(),
            share: None,
            load: None,
            users: None,
            arrivals: None,
            tenants: 1,
            skew: 0.0,
            deadline: None,
            patience: None,
            retry: None,
            cost: 1,
            work: 1.0,
        }
    }

    /// The priority of its requests, 0 most urgent to 7.
    #[must_use]
    pub const fn class(mut self, class: u8) -> Self {
        self.class = class;
        self
    }

    /// Its part of what each phase sends.
    #[must_use]
    pub const fn share(mut self, share: f64) -> Self {
        self.share = Some(share);
        self
    }

    /// What it sends in every phase, in multiples of the capacity.
    #[must_use]
    pub fn load(mut self, of_capacity: f64) -> Self {
        self.load = Some(ClientLoad::Always(of_capacity));
        self
    }

    /// A closed loop of `count` users who think between an answer and the next request.
    #[must_use]
    pub fn users(mut self, count: u32, think: Times) -> Self {
        self.users = Some(Users { count, think });
        self
    }

    /// How many tenants it stands for.
    #[must_use]
    pub const fn tenants(mut self, tenants: u32) -> Self {
        self.tenants = tenants;
        self
    }

    /// After that an answer is worth nothing.
    #[must_use]
    pub const fn deadline(mut self, time: Duration) -> Self {
        self.deadline = Some(time);
        self
    }

    /// After that it hangs up.
    #[must_use]
    pub const fn patience(mut self, time: Duration) -> Self {
        self.patience = Some(time);
        self
    }

    /// Tries again.
    #[must_use]
    pub const fn retry(mut self, retry: Retry) -> Self {
        self.retry = Some(retry);
        self
    }
}

impl Retry {
    /// So often, `backoff` after each answer.
    #[must_use]
    pub const fn new(times: u32, backoff: Duration) -> Self {
        Self {
            times,
            backoff,
            growth: 1.0,
            jitter: 0.0,
            honours_retry_after: false,
            budget: None,
        }
    }

    /// Chance adds up to this share of the wait.
    #[must_use]
    pub const fn jitter(mut self, share: f64) -> Self {
        self.jitter = share;
        self
    }
}
