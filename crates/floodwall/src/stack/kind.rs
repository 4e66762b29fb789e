use std::fmt;

use ::http::Method;

use crate::BuildError;
use crate::admission::Matches;
use crate::http::{
    Head, MethodIs, PathIs, PathPrefix, Preflight, method, path, path_prefix, preflight,
};

/// A kind of request.
///
/// In a file: `"preflight"`, `{ path = "/healthz" }`, `{ path_prefix = "/admin" }`,
/// `{ method = "GET" }`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum KindRule {
    /// CORS preflights.
    Preflight,
    /// Exactly this path.
    Path(String),
    /// This path and all below it.
    PathPrefix(String),
    /// This method.
    Method(String),
}

impl KindRule {
    pub(super) fn reader(&self) -> Result<Kind, BuildError> {
        Ok(match self {
            Self::Preflight => Kind::Preflight(preflight()),
            Self::Path(text) => Kind::Path(path(absolute(text)?)),
            Self::PathPrefix(text) => Kind::PathPrefix(path_prefix(absolute(text)?)),
            Self::Method(text) => Kind::Method(method(text.parse::<Method>().map_err(|_| {
                let problem = format!("{text:?} cannot be a method: write GET, POST, …");
                BuildError::new("method", problem)
            })?)),
        })
    }

    pub(super) fn words(&self) -> String {
        match self {
            Self::Preflight => "CORS preflights".to_owned(),
            Self::Path(path) => path.clone(),
            Self::PathPrefix(prefix) => format!("{prefix} and below"),
            Self::Method(method) => method.clone(),
        }
    }
}

fn absolute(path: &str) -> Result<String, BuildError> {
    if path.starts_with('/') {
        return Ok(path.to_owned());
    }
    let problem = format!("{path:?} matches no request: begin it with \"/\"");
    Err(BuildError::new("path", problem))
}

/// A kind in use.
pub(super) enum Kind {
    Preflight(Preflight),
    Path(PathIs),
    PathPrefix(PathPrefix),
    Method(MethodIs),
    Custom(Box<dyn Matches<Head> + Send + Sync>, String),
}

impl fmt::Debug for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Preflight(kind) => kind.fmt(f),
            Self::Path(kind) => kind.fmt(f),
            Self::PathPrefix(kind) => kind.fmt(f),
            Self::Method(kind) => kind.fmt(f),
            Self::Custom(_, words) => f.write_str(words),
        }
    }
}

impl Matches<Head> for Kind {
    fn matches(&self, head: &Head) -> bool {
        match self {
            Self::Preflight(kind) => kind.matches(head),
            Self::Path(kind) => kind.matches(head),
            Self::PathPrefix(kind) => kind.matches(head),
            Self::Method(kind) => kind.matches(head),
            Self::Custom(kind, _) => kind.matches(head),
        }
    }
}

/// Any of them.
pub(super) struct AnyOf(pub(super) Vec<Kind>);

impl Matches<Head> for AnyOf {
    fn matches(&self, head: &Head) -> bool {
        self.0.iter().any(|kind| kind.matches(head))
    }
}

impl fmt::Debug for AnyOf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AnyOf({})", self.0.len())
    }
}
