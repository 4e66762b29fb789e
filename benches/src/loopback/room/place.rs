use clap::ValueEnum;
use serde::Serialize;

/// Where a handler computes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Place {
    /// Inside its async function.
    Inline,
    /// On one of two blocking threads, on the same core.
    Blocking,
}

impl Place {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Inline => "inline",
            Self::Blocking => "blocking",
        }
    }
}
