use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::units;

/// A sentence that a report must make true.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Expect {
    /// What is measured.
    pub measure: Measure,
    /// In which phase: over all when not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub during: Option<String>,
    /// Of which class: of all when not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class: Option<u8>,
    /// Of which client: of all when not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client: Option<String>,
    /// It is this or more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_least: Option<Bound>,
    /// It is this or less.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_most: Option<Bound>,
    /// In a sweep, only from this load on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from_load: Option<f64>,
    /// In a sweep, only up to this load.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to_load: Option<f64>,
    /// Over several seeds, which of them count: each when not said.
    #[serde(default)]
    pub over: Over,
    /// What floodwall needs for it and does not have yet: it is measured, printed as pending, and
    /// fails nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub needs: Option<String>,
}

/// Over several seeds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[expect(clippy::exhaustive_enums, reason = "all or their mean")]
pub enum Over {
    /// It must hold for each seed.
    #[default]
    Each,
    /// It must hold for the mean.
    Mean,
}

/// What can be measured. Shares are 0 to 1, times are lengths of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Measure {
    /// The share of the requests that were answered well and in time, retries included.
    Success,
    /// Answers in time per second, as a share of the capacity of that time.
    Goodput,
    /// Answers in time per second, as a share of what could be: the lesser of the capacity and what
    /// was asked for.
    Possible,
    /// The lowest second of `possible`.
    WorstSecond,
    /// The share of the requests that were refused for good.
    Refused,
    /// How many refusals there were, each attempt counted.
    Refusals,
    /// How many refusals for want of room while a worker was idle and nobody waited for one.
    FalseRefusals,
    /// The share of the requests that were answered too late: wasted work.
    Late,
    /// The share of the requests whose caller hung up.
    Abandoned,
    /// The share of the requests that failed for good.
    Failed,
    /// Attempts for each request.
    Amplification,
    /// The most retries that were under way or scheduled at once.
    RetriesAtOnce,
    /// The median latency of the answers in time.
    P50,
    /// The 99th percentile of the latency of the answers in time.
    P99,
    /// The 99.9th percentile of the latency of the answers in time.
    P999,
    /// The median time until a refusal.
    RefusalP50,
    /// The 99th percentile of the time until a refusal.
    RefusalP99,
    /// How long after the start of the phase `possible` is 95 % again, over a second.
    Recovery,
    /// Jain's index over the tenants' successes, each by what it asked for: 1 is fair.
    Fairness,
    /// The largest limit that was seen.
    LimitMax,
    /// The smallest limit that was seen.
    LimitMin,
}

impl Measure {
    /// All of them.
    pub const ALL: [Self; 21] = [
        Self::Success,
        Self::Goodput,
        Self::Possible,
        Self::WorstSecond,
        Self::Refused,
        Self::Refusals,
        Self::FalseRefusals,
        Self::Late,
        Self::Abandoned,
        Self::Failed,
        Self::Amplification,
        Self::RetriesAtOnce,
        Self::P50,
        Self::P99,
        Self::P999,
        Self::RefusalP50,
        Self::RefusalP99,
        Self::Recovery,
        Self::Fairness,
        Self::LimitMax,
        Self::LimitMin,
    ];

    /// Whether it is a length of time.
    #[must_use]
    pub const fn is_time(self) -> bool {
        matches!(
            self,
            Self::P50
                | Self::P99
                | Self::P999
                | Self::RefusalP50
                | Self::RefusalP99
                | Self::Recovery
        )
    }

    /// Whether it is a share, 0 to 1.
    #[must_use]
    pub const fn is_share(self) -> bool {
        matches!(
            self,
            Self::Success
                | Self::Goodput
                | Self::Possible
                | Self::WorstSecond
                | Self::Refused
                | Self::Late
                | Self::Abandoned
                | Self::Failed
        )
    }

    /// Its word, as in a scenario file.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Goodput => "goodput",
            Self::Possible => "possible",
            Self::WorstSecond => "worst_second",
            Self::Refused => "refused",
            Self::Refusals => "refusals",
            Self::FalseRefusals => "false_refusals",
            Self::Late => "late",
            Self::Abandoned => "abandoned",
            Self::Failed => "failed",
            Self::Amplification => "amplification",
            Self::RetriesAtOnce => "retries_at_once",
            Self::P50 => "p50",
            Self::P99 => "p99",
            Self::P999 => "p999",
            Self::RefusalP50 => "refusal_p50",
            Self::RefusalP99 => "refusal_p99",
            Self::Recovery => "recovery",
            Self::Fairness => "fairness",
            Self::LimitMax => "limit_max",
            Self::LimitMin => "limit_min",
        }
    }

    /// Writes `value` with its unit; times are in seconds.
    #[must_use]
    pub fn show(self, value: f64) -> String {
        if value.is_infinite() && self == Self::Recovery {
            "never".to_owned()
        } else if self.is_time() && value >= 1.0 {
            format!("{value:.2} s")
        } else if self.is_time() {
            format!("{:.1} ms", value * 1e3)
        } else if self.is_share() {
            format!("{:.2} %", value * 100.0)
        } else if value.fract() == 0.0 {
            format!("{value:.0}")
        } else {
            // Six digits: an index of fairness tells little until its fifth nine.
            let text = format!("{value:.6}");
            text.trim_end_matches('0').trim_end_matches('.').to_owned()
        }
    }
}

impl fmt::Display for Measure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A bound: a number, a share in percent as `"98 %"`, or a length of time as `"55ms"`.
#[derive(Clone, Copy, Debug, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "a number or a time")]
pub enum Bound {
    /// A number or a share.
    Number(f64),
    /// A length of time, in seconds.
    Seconds(f64),
}

impl Bound {
    /// Its value; lengths of time in seconds.
    #[must_use]
    pub const fn value(self) -> f64 {
        match self {
            Self::Number(value) | Self::Seconds(value) => value,
        }
    }
}

impl Serialize for Bound {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Number(value) => to.serialize_f64(*value),
            Self::Seconds(value) => {
                let time = std::time::Duration::try_from_secs_f64(*value).unwrap_or_default();
                to.serialize_str(&units::show_duration(time))
            }
        }
    }
}

impl<'de> Deserialize<'de> for Bound {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl serde::de::Visitor<'_> for Visitor {
            type Value = Bound;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number, a share as in \"98 %\", or a length of time as in \"55ms\"")
            }
            fn visit_i64<E: serde::de::Error>(self, n: i64) -> Result<Bound, E> {
                Ok(Bound::Number(n as f64))
            }
            fn visit_f64<E: serde::de::Error>(self, n: f64) -> Result<Bound, E> {
                Ok(Bound::Number(n))
            }
            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Bound, E> {
                if let Some(percent) = text.trim().strip_suffix('%') {
                    return percent
                        .trim()
                        .parse::<f64>()
                        .map(|percent| Bound::Number(percent / 100.0))
                        .map_err(|_| E::invalid_value(serde::de::Unexpected::Str(text), &self));
                }
                units::parse_duration(text)
                    .map(|time| Bound::Seconds(time.as_secs_f64()))
                    .map_err(E::custom)
            }
        }
        from.deserialize_any(Visitor)
    }
}

impl JsonSchema for Bound {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Bound".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "A number, a share in percent, or a length of time.",
            "anyOf": [{ "type": "number" }, { "type": "string" }],
            "examples": [0.98, "98 %", "55ms"],
        })
    }
}
