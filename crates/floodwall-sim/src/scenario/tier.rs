use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Change, units};
use crate::Times;

/// A simulated service: workers, a line before them, and what a request does there.
///
/// A request waits for a worker, waits for a lock if it needs one and holds it, is worked on for a
/// service time, calls other tiers, and then gives its worker back. The answer follows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Tier {
    /// What it is called, in reports and calls.
    pub name: String,
    /// How many requests it works on at once.
    pub workers: u32,
    /// How many of them the processor can work for at once; more share it evenly, and each takes as
    /// much longer. As many as there are workers when not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cores: Option<u32>,
    /// How many requests may wait for a worker: `unbounded` when not said.
    #[serde(default)]
    pub line: Line,
    /// How long a worker needs.
    pub service: Times,
    /// A lock that a part of the requests needs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lock: Option<Lock>,
    /// What it asks of other tiers, one after the other, while it keeps its worker.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub calls: Vec<Call>,
    /// For how long the body of an answer streams after its head. The worker is free by then, a
    /// place behind a limit is not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stream: Option<Times>,
    /// What happens to work whose caller has left: it stops when not said.
    #[serde(default)]
    pub on_cancel: OnCancel,
    /// What goes wrong, and when.
    #[serde(default, rename = "change", skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<Change>,
}

/// How many may wait for a worker.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a bound or none")]
pub enum Line {
    /// As many as come.
    #[default]
    Unbounded,
    /// At most so many; who comes then fails at once. 0 is no line at all.
    AtMost(u32),
}

/// What happens to work whose caller has left.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum OnCancel {
    /// It stops, and its worker is free: a handler that awaits.
    #[default]
    Stops,
    /// It goes on to its end: a handler that computes, a query that a database has begun.
    GoesOn,
}

/// A lock that a part of the requests needs.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Lock {
    /// The part of the requests that needs one.
    pub share: f64,
    /// How many there are; a request needs one of them, each as likely.
    pub count: u32,
    /// How long a request holds it, before its service time.
    #[serde(with = "units::duration")]
    #[schemars(with = "units::DurationText")]
    pub hold: Duration,
}

/// Requests to another tier, made for each request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Call {
    /// Which tier.
    pub tier: String,
    /// How many: 1 when not said.
    #[serde(default = "one")]
    pub times: u32,
    /// How many at most: each request makes `times` to `up_to`, each number as likely.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub up_to: Option<u32>,
    /// Whether all of them at once: one after the other when not said.
    #[serde(default)]
    pub parallel: bool,
}

const fn one() -> u32 {
    1
}

impl Tier {
    /// `workers` that need `service` for each request, behind a line without bound.
    #[must_use]
    pub fn new(name: impl Into<String>, workers: u32, service: Times) -> Self {
        Self {
            name: name.into(),
            workers,
            cores: None,
            line: Line::Unbounded,
            service,
            lock: None,
            calls: Vec::new(),
            stream: None,
            on_cancel: OnCancel::Stops,
            changes: Vec::new(),
        }
    }

    /// At most so many wait for a worker; who comes then fails at once.
    #[must_use]
    pub const fn line(mut self, places: u32) -> Self {
        self.line = Line::AtMost(places);
        self
    }

    /// The processor works for so many at once; more share it evenly.
    #[must_use]
    pub const fn cores(mut self, cores: u32) -> Self {
        self.cores = Some(cores);
        self
    }

    /// Something changes for a while.
    #[must_use]
    pub fn change(mut self, change: Change) -> Self {
        self.changes.push(change);
        self
    }

    /// A part of the requests needs a lock.
    #[must_use]
    pub const fn lock(mut self, lock: Lock) -> Self {
        self.lock = Some(lock);
        self
    }

    /// Asks another tier, `times` for each request.
    #[must_use]
    pub fn calls(mut self, tier: impl Into<String>, times: u32) -> Self {
        self.calls.push(Call {
            tier: tier.into(),
            times,
            up_to: None,
            parallel: false,
        });
        self
    }

    /// What its workers can do per second of requests that take `work` times the usual; calls to
    /// other tiers and the wait for locks left aside.
    #[must_use]
    pub fn capacity(&self, work: f64) -> f64 {
        let hold = self
            .lock
            .map_or(0.0, |lock| lock.share * lock.hold.as_secs_f64());
        f64::from(self.at_once(self.workers)) / (self.service.mean().as_secs_f64() * work + hold)
    }
}

impl Tier {
    /// How many of `workers` can be worked for at full speed.
    pub(crate) fn at_once(&self, workers: u32) -> u32 {
        self.cores.map_or(workers, |cores| cores.min(workers))
    }
}

impl Serialize for Line {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Unbounded => to.serialize_str("unbounded"),
            Self::AtMost(places) => to.serialize_u32(*places),
        }
    }
}

impl<'de> Deserialize<'de> for Line {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl serde::de::Visitor<'_> for Visitor {
            type Value = Line;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a number of places, or \"unbounded\"")
            }
            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Line, E> {
                if text == "unbounded" {
                    return Ok(Line::Unbounded);
                }
                Err(E::invalid_value(serde::de::Unexpected::Str(text), &self))
            }
            fn visit_i64<E: serde::de::Error>(self, n: i64) -> Result<Line, E> {
                u32::try_from(n)
                    .map(Line::AtMost)
                    .map_err(|_| E::invalid_value(serde::de::Unexpected::Signed(n), &self))
            }
        }
        from.deserialize_any(Visitor)
    }
}

impl JsonSchema for Line {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Line".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "How many may wait for a worker.",
            "anyOf": [{ "const": "unbounded" }, { "type": "integer", "minimum": 0 }],
        })
    }
}
