use std::time::Duration;

use crate::concurrency::{Bounds, LimitChoice};

/// How many may be inside at once.
///
/// In a file: a number, `"adaptive"`, or the bounds of an adaptive one,
/// `{ floor = 4, ceiling = 200, latency_ceiling = "80ms" }`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LimitRule {
    /// So many.
    Fixed(u32),
    /// As many as the service can use; see [`adaptive`](crate::adaptive()).
    Adaptive(AdaptiveRules),
}

/// The bounds of a limit that finds itself; what is not said is as in
/// [`adaptive`](crate::adaptive()).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
#[non_exhaustive]
pub struct AdaptiveRules {
    /// Where it begins.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub start: Option<u32>,
    /// Never less than this.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub floor: Option<u32>,
    /// Never more than this.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub ceiling: Option<u32>,
    /// Comes down while the service itself needs longer than this.
    #[cfg_attr(
        feature = "serde",
        serde(
            with = "super::text::optional_duration",
            skip_serializing_if = "Option::is_none"
        )
    )]
    pub latency_ceiling: Option<Duration>,
}

impl AdaptiveRules {
    pub(super) const fn new() -> Self {
        Self {
            start: None,
            floor: None,
            ceiling: None,
            latency_ceiling: None,
        }
    }
}

impl From<u32> for LimitRule {
    fn from(limit: u32) -> Self {
        Self::Fixed(limit)
    }
}

impl PartialEq<u32> for LimitRule {
    fn eq(&self, limit: &u32) -> bool {
        *self == Self::Fixed(*limit)
    }
}

impl LimitRule {
    pub(super) fn choice(self) -> LimitChoice {
        match self {
            Self::Fixed(limit) => LimitChoice::fixed(limit),
            Self::Adaptive(rules) => {
                let AdaptiveRules {
                    start,
                    floor,
                    ceiling,
                    latency_ceiling,
                } = rules;
                LimitChoice {
                    bounds: Bounds {
                        start,
                        floor,
                        ceiling,
                        latency_ceiling,
                    },
                    ..LimitChoice::ADAPTIVE
                }
            }
        }
    }
}
