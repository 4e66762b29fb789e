use std::sync::Arc;

use ::http::HeaderName;
use floodwall_core::rate::KeyHasher;

use super::asked::AnyKey;
use crate::BuildError;
use crate::extract::{KeyOf, MissingKey, Unkeyed};
use crate::http::{Head, TrustedProxies, by_method, by_path, client_address, header, route};

/// Whose quota a request spends, or whose request it is.
///
/// In a file: `"all"`, `"client_address"`, `"path"`, `"method"`, `"route"`, `{ header = "x-api-key" }`,
/// or a list of these, which is their combination.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(
    feature = "serde",
    serde(try_from = "super::text::Key", into = "super::text::Key")
)]
#[non_exhaustive]
pub enum KeyRule {
    /// One for all.
    #[default]
    All,
    /// The client's address, as the trusted proxies tell it.
    ClientAddress,
    /// The path, as it was sent.
    Path,
    /// The method.
    Method,
    /// The route that axum matched.
    Route,
    /// The value of a header.
    Header(String),
    /// All of these together.
    Together(Vec<Self>),
}

impl KeyRule {
    /// Whether it tells nobody apart.
    pub fn is_all(&self) -> bool {
        *self == Self::All
    }

    pub(super) fn reader(&self, proxies: &TrustedProxies) -> Result<AnyKey, BuildError> {
        Ok(AnyKey(match self {
            Self::All => Arc::new(Unkeyed),
            Self::ClientAddress => Arc::new(client_address().behind(proxies.clone())?),
            Self::Path => Arc::new(by_path()),
            Self::Method => Arc::new(by_method()),
            Self::Route => Arc::new(route()),
            Self::Header(name) => Arc::new(header(header_name(name)?)),
            Self::Together(keys) => Arc::new(Together(
                keys.iter()
                    .map(|key| key.reader(proxies))
                    .collect::<Result<_, _>>()?,
            )),
        }))
    }

    pub(super) fn words(&self) -> String {
        match self {
            Self::All => "for all together".to_owned(),
            Self::ClientAddress => "per client address".to_owned(),
            Self::Path => "per path".to_owned(),
            Self::Method => "per method".to_owned(),
            Self::Route => "per route".to_owned(),
            Self::Header(name) => format!("per value of {name}"),
            Self::Together(keys) => {
                let words: Vec<String> = keys.iter().map(Self::words).collect();
                words.join(" and ")
            }
        }
    }
}

struct Together(Vec<AnyKey>);

impl KeyOf<Head> for Together {
    fn shown(&self, head: &Head) -> Option<String> {
        let parts: Option<Vec<String>> = self.0.iter().map(|AnyKey(key)| key.shown(head)).collect();
        parts.map(|parts| parts.join(", "))
    }

    fn key(&self, head: &Head, to: &mut KeyHasher) -> Result<(), MissingKey> {
        use std::hash::Hasher;
        for (part, AnyKey(key)) in self.0.iter().enumerate() {
            // Numbers the parts, so that ("ab", "c") and ("a", "bc") stay apart.
            to.write_usize(part);
            key.key(head, to)?;
        }
        Ok(())
    }
}

pub(super) fn header_name(name: &str) -> Result<HeaderName, BuildError> {
    name.parse().map_err(|_| {
        let problem = format!("{name:?} cannot be the name of a header: use letters, digits and -");
        BuildError::new("header", problem)
    })
}
