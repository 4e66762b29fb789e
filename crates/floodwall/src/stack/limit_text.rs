//! How a limit is written in a file.

use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, Unexpected, Visitor};
use serde::ser::{Serialize, Serializer};

use super::{AdaptiveRules, LimitRule};

const ADAPTIVE: &str = "adaptive";

impl Serialize for LimitRule {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Fixed(limit) => to.serialize_u32(*limit),
            Self::Adaptive(rules) if *rules == AdaptiveRules::default() => {
                to.serialize_str(ADAPTIVE)
            }
            Self::Adaptive(rules) => rules.serialize(to),
        }
    }
}

impl<'de> Deserialize<'de> for LimitRule {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(Written)
    }
}

struct Written;

impl<'de> Visitor<'de> for Written {
    type Value = LimitRule;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number, \"adaptive\", or bounds such as { floor = 4, ceiling = 200 }")
    }

    fn visit_u64<E: Error>(self, limit: u64) -> Result<LimitRule, E> {
        match u32::try_from(limit) {
            Ok(limit) => Ok(LimitRule::Fixed(limit)),
            Err(_) => Err(E::invalid_value(Unexpected::Unsigned(limit), &self)),
        }
    }

    fn visit_i64<E: Error>(self, limit: i64) -> Result<LimitRule, E> {
        match u32::try_from(limit) {
            Ok(limit) => Ok(LimitRule::Fixed(limit)),
            Err(_) => Err(E::invalid_value(Unexpected::Signed(limit), &self)),
        }
    }

    fn visit_str<E: Error>(self, word: &str) -> Result<LimitRule, E> {
        if word == ADAPTIVE {
            return Ok(LimitRule::Adaptive(AdaptiveRules::default()));
        }
        Err(E::invalid_value(Unexpected::Str(word), &self))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<LimitRule, A::Error> {
        AdaptiveRules::deserialize(MapAccessDeserializer::new(map)).map(LimitRule::Adaptive)
    }
}
