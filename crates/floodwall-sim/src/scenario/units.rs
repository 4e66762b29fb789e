//! Lengths of time, rates and shares as people write them; a number without its unit is refused.

use std::borrow::Cow;
use std::time::Duration;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Error, Unexpected, Visitor};
use serde::{Deserializer, Serializer};

const UNITS: [(&str, u64); 8] = [
    ("ns", 1),
    ("us", 1_000),
    ("µs", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("min", 60_000_000_000),
    ("h", 3_600_000_000_000),
    ("d", 86_400_000_000_000),
];

/// Reads `10ms`, `1.5s`, `30min`.
pub(crate) fn parse_duration(text: &str) -> Result<Duration, String> {
    let text = text.trim();
    let split = text
        .find(|c: char| !(c.is_ascii_digit() || c == '.' || c == '-' || c == '+'))
        .unwrap_or(text.len());
    let (number, unit) = (text[..split].trim(), text[split..].trim());
    let wrong = || {
        format!(
            "`{text}` is no length of time: write it with its unit, as in `10ms`, `1.5s`, `30min` or `24h`"
        )
    };
    let number: f64 = number.parse().map_err(|_| wrong())?;
    if unit.is_empty() {
        return Err(format!(
            "`{text}` has no unit: write `{text}ms`, `{text}s` or what it is"
        ));
    }
    let Some((_, size)) = UNITS.iter().find(|(name, _)| *name == unit) else {
        return Err(format!(
            "`{unit}` is no unit of time: there is ns, us, ms, s, min, h and d"
        ));
    };
    if number < 0.0 {
        return Err(format!("`{text}` is negative: time runs forward"));
    }
    let nanos = number * *size as f64;
    if nanos > 1e18 {
        return Err(format!("`{text}` is longer than 30 years"));
    }
    Ok(Duration::from_nanos((nanos + 0.5) as u64))
}

/// Writes what [`parse_duration`] reads, in the greatest unit that divides it.
pub(crate) fn show_duration(time: Duration) -> String {
    let nanos = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
    if nanos == 0 {
        return "0s".to_owned();
    }
    let (unit, size) = UNITS
        .iter()
        .rev()
        .find(|(_, size)| nanos % size == 0)
        .unwrap_or(&UNITS[0]);
    format!("{}{unit}", nanos / size)
}

/// Reads `100/s`, `6000/min`.
pub(crate) fn parse_rate(text: &str) -> Result<f64, String> {
    let wrong =
        || format!("`{text}` is no rate: write it per unit of time, as in `100/s` or `6000/min`");
    let (number, unit) = text.split_once('/').ok_or_else(wrong)?;
    let number: f64 = number.trim().parse().map_err(|_| wrong())?;
    let per = UNITS
        .iter()
        .find(|(name, _)| *name == unit.trim())
        .ok_or_else(wrong)?;
    Ok(number * (1e9 / per.1 as f64))
}

pub(crate) fn show_rate(per_second: f64) -> String {
    format!("{per_second}/s")
}

struct Text<F>(F, &'static str);

impl<T, F: FnOnce(&str) -> Result<T, String>> Visitor<'_> for Text<F> {
    type Value = T;
    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.1)
    }
    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        (self.0)(text).map_err(E::custom)
    }
    fn visit_i64<E: Error>(self, n: i64) -> Result<T, E> {
        Err(E::invalid_type(Unexpected::Signed(n), &self))
    }
    fn visit_f64<E: Error>(self, n: f64) -> Result<T, E> {
        Err(E::invalid_type(Unexpected::Float(n), &self))
    }
}

const A_DURATION: &str = "a length of time with its unit, in quotes, as in \"10ms\"";
const A_RATE: &str = "a rate, in quotes, as in \"100/s\"";

pub(crate) mod duration {
    use super::*;
    pub(crate) fn serialize<S: Serializer>(time: &Duration, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&show_duration(*time))
    }
    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
        from.deserialize_any(Text(parse_duration, A_DURATION))
    }
}

pub(crate) mod optional_duration {
    use super::*;
    pub(crate) fn serialize<S: Serializer>(
        time: &Option<Duration>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        match time {
            Some(time) => to.serialize_str(&show_duration(*time)),
            None => to.serialize_none(),
        }
    }
    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Option<Duration>, D::Error> {
        from.deserialize_any(Text(parse_duration, A_DURATION))
            .map(Some)
    }
}

pub(crate) mod durations {
    use super::*;
    use serde::{Deserialize, Serialize};

    #[derive(Serialize, Deserialize)]
    struct One(#[serde(with = "super::duration")] Duration);

    pub(crate) fn serialize<S: Serializer>(times: &[Duration], to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(times.iter().map(|time| One(*time)))
    }
    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Vec<Duration>, D::Error> {
        let all = Vec::<One>::deserialize(from)?;
        Ok(all.into_iter().map(|one| one.0).collect())
    }
}

pub(crate) mod optional_rate {
    use super::*;
    pub(crate) fn serialize<S: Serializer>(rate: &Option<f64>, to: S) -> Result<S::Ok, S::Error> {
        match rate {
            Some(rate) => to.serialize_str(&show_rate(*rate)),
            None => to.serialize_none(),
        }
    }
    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<f64>, D::Error> {
        from.deserialize_any(Text(parse_rate, A_RATE)).map(Some)
    }
}

/// For the JSON schema: a length of time as text.
pub(crate) struct DurationText;

impl JsonSchema for DurationText {
    fn schema_name() -> Cow<'static, str> {
        "Duration".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "description": "A length of time with its unit.",
            "pattern": r"^\s*[0-9.]+\s*(ns|us|µs|ms|s|min|h|d)\s*$",
            "examples": ["10ms", "1.5s", "30min"],
        })
    }
}

/// For the JSON schema: a rate as text.
pub(crate) struct RateText;

impl JsonSchema for RateText {
    fn schema_name() -> Cow<'static, str> {
        "Rate".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "description": "How many per unit of time.",
            "pattern": r"^\s*[0-9.]+\s*/\s*(ns|us|µs|ms|s|min|h|d)\s*$",
            "examples": ["100/s", "6000/min"],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        for text in ["1ns", "1500us", "10ms", "90s", "30min", "24h", "7d"] {
            let time = parse_duration(text).unwrap();
            assert_eq!(parse_duration(&show_duration(time)), Ok(time), "{text}");
        }
        assert_eq!(parse_duration("1.5s"), Ok(Duration::from_millis(1_500)));
        assert_eq!(parse_duration("2 µs"), Ok(Duration::from_micros(2)));
        assert_eq!(parse_rate("6000/min"), Ok(100.0));
    }

    #[test]
    fn nonsense_is_refused_with_what_would_do() {
        for (text, says) in [
            ("10", "has no unit"),
            ("ten ms", "no length of time"),
            ("10 parsecs", "no unit of time"),
            ("-1s", "negative"),
            ("99999999d", "30 years"),
            ("", "no length of time"),
        ] {
            let told = parse_duration(text).unwrap_err();
            assert!(told.contains(says), "{text}: {told}");
        }
        for text in ["100", "100/", "/s", "x/s", "100/parsec"] {
            assert!(parse_rate(text).unwrap_err().contains("100/s"), "{text}");
        }
    }
}
