use std::fmt;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use crate::tools::told;

/// What decides how many instructions the same source becomes.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub(super) struct Versions {
    pub(super) rustc: String,
    pub(super) target: String,
    pub(super) valgrind: String,
}

impl Versions {
    pub(super) fn here() -> Result<Self> {
        let told_rustc = told("rustc", &["-vV"])?;
        let field = |name: &str| {
            let rest = told_rustc.split_once(name)?.1;
            Some(rest.split_whitespace().next()?.to_owned())
        };
        Ok(Self {
            rustc: field("release: ").context("`rustc -vV` names no release")?,
            target: field("host: ").context("`rustc -vV` names no host")?,
            valgrind: told("valgrind", &["--version"])?
                .trim_start_matches("valgrind-")
                .to_owned(),
        })
    }
}

impl fmt::Display for Versions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            rustc,
            target,
            valgrind,
        } = self;
        write!(f, "rustc {rustc}, valgrind {valgrind}, {target}")
    }
}
