//! How the data of a stack is written in a file.

use serde::{Deserialize, Serialize};

use super::KeyRule;

/// A mode as its word.
pub(super) mod mode {
    use serde::{Deserialize, Deserializer, Serializer, de};

    use crate::Mode;

    pub(crate) fn serialize<S: Serializer>(mode: &Mode, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(mode.as_str())
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Mode, D::Error> {
        String::deserialize(from)?
            .parse()
            .map_err(de::Error::custom)
    }
}

/// A length of time with its unit, `50ms`.
pub(super) mod optional_duration {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serializer, de};

    pub(crate) fn serialize<S: Serializer>(
        time: &Option<Duration>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        match time {
            Some(time) => to.collect_str(&humantime::format_duration(*time)),
            None => to.serialize_none(),
        }
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Option<Duration>, D::Error> {
        let text = String::deserialize(from)?;
        match humantime::parse_duration(&text) {
            Ok(time) => Ok(Some(time)),
            Err(error) => Err(de::Error::custom(format!(
                "{text:?} is no length of time ({error}): write a number and a unit, as 50ms"
            ))),
        }
    }
}

/// A [`KeyRule`] as it is written.
#[derive(Serialize, Deserialize)]
#[serde(
    untagged,
    expecting = "no key that is known: write \"all\", \"client_address\", \"path\", \"method\", \"route\", { header = \"x-api-key\" }, or a list of these"
)]
pub(super) enum Key {
    Word(Word),
    Header(Header),
    Together(Vec<Self>),
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Word {
    All,
    ClientAddress,
    Path,
    Method,
    Route,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Header {
    header: String,
}

impl TryFrom<Key> for KeyRule {
    type Error = &'static str;
    fn try_from(key: Key) -> Result<Self, Self::Error> {
        Ok(match key {
            Key::Word(Word::All) => Self::All,
            Key::Word(Word::ClientAddress) => Self::ClientAddress,
            Key::Word(Word::Path) => Self::Path,
            Key::Word(Word::Method) => Self::Method,
            Key::Word(Word::Route) => Self::Route,
            Key::Header(Header { header }) => Self::Header(header),
            Key::Together(keys) if keys.is_empty() => {
                return Err("a list of no keys tells nobody apart: write \"all\"");
            }
            Key::Together(keys) => Self::Together(
                keys.into_iter()
                    .map(Self::try_from)
                    .collect::<Result<_, _>>()?,
            ),
        })
    }
}

impl From<KeyRule> for Key {
    fn from(key: KeyRule) -> Self {
        match key {
            KeyRule::All => Self::Word(Word::All),
            KeyRule::ClientAddress => Self::Word(Word::ClientAddress),
            KeyRule::Path => Self::Word(Word::Path),
            KeyRule::Method => Self::Word(Word::Method),
            KeyRule::Route => Self::Word(Word::Route),
            KeyRule::Header(header) => Self::Header(Header { header }),
            KeyRule::Together(keys) => Self::Together(keys.into_iter().map(Self::from).collect()),
        }
    }
}
