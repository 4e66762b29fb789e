use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{QueueRule, QuotaRule, ShedRule, Stack};

/// The stack of floodwall's layers in front of a tier, as a file says it.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Stack")]
pub(super) struct StackFile {
    /// How many may be inside at once, or "adaptive": no limit when not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    limit: Option<Limit>,
    /// Who finds no place waits here: as floodwall's default queue when not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    queue: Option<QueueRule>,
    /// Sheds the least urgent before they queue: nothing is shed when not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    shed: Option<ShedRule>,
    /// Quotas, all of which hold.
    #[serde(default, rename = "quota", skip_serializing_if = "Vec::is_empty")]
    quotas: Vec<QuotaRule>,
    /// At most this share of the requests under way of each client may be retries, scheduled ones
    /// included, but always 3. No bound when not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    retry_budget: Option<f64>,
    /// Whether it is told the priority of requests: yes when not said.
    #[serde(default = "yes")]
    priority: bool,
    /// Whether it is told the deadline of requests: yes when not said.
    #[serde(default = "yes")]
    deadline: bool,
}

const fn yes() -> bool {
    true
}

/// A number, or none: "adaptive".
#[derive(Clone, Copy)]
struct Limit(Option<u32>);

const ADAPTIVE: &str = "adaptive";

impl From<StackFile> for Stack {
    fn from(file: StackFile) -> Self {
        Self {
            limit: file.limit.and_then(|limit| limit.0),
            adaptive: file.limit.is_some_and(|limit| limit.0.is_none()),
            queue: file.queue,
            shed: file.shed,
            quotas: file.quotas,
            retry_budget: file.retry_budget,
            priority: file.priority,
            deadline: file.deadline,
        }
    }
}

impl From<Stack> for StackFile {
    fn from(stack: Stack) -> Self {
        let limit = if stack.adaptive {
            Some(Limit(None))
        } else {
            stack.limit.map(|limit| Limit(Some(limit)))
        };
        Self {
            limit,
            queue: stack.queue,
            shed: stack.shed,
            quotas: stack.quotas,
            retry_budget: stack.retry_budget,
            priority: stack.priority,
            deadline: stack.deadline,
        }
    }
}

impl JsonSchema for Stack {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        StackFile::schema_name()
    }
    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        StackFile::json_schema(generator)
    }
}

impl Serialize for Limit {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Some(limit) => to.serialize_u32(limit),
            None => to.serialize_str(ADAPTIVE),
        }
    }
}

impl<'de> Deserialize<'de> for Limit {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl serde::de::Visitor<'_> for Visitor {
            type Value = Limit;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a whole number, 0 to 4294967295, or \"adaptive\"")
            }
            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Limit, E> {
                if text == ADAPTIVE {
                    return Ok(Limit(None));
                }
                Err(E::invalid_value(serde::de::Unexpected::Str(text), &self))
            }
            fn visit_i64<E: serde::de::Error>(self, n: i64) -> Result<Limit, E> {
                u32::try_from(n)
                    .map(|limit| Limit(Some(limit)))
                    .map_err(|_| E::invalid_value(serde::de::Unexpected::Signed(n), &self))
            }
            fn visit_u64<E: serde::de::Error>(self, n: u64) -> Result<Limit, E> {
                u32::try_from(n)
                    .map(|limit| Limit(Some(limit)))
                    .map_err(|_| E::invalid_value(serde::de::Unexpected::Unsigned(n), &self))
            }
        }
        from.deserialize_any(Visitor)
    }
}

impl JsonSchema for Limit {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Limit".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "How many may be inside at once, or \"adaptive\".",
            "anyOf": [{ "const": ADAPTIVE }, { "type": "integer", "minimum": 1 }],
        })
    }
}
