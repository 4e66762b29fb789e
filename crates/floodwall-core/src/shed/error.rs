use std::fmt;
use std::time::Duration;

use crate::Priority;

/// A setting of a shedder that cannot be: names the field and the fix.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum ShedError {
    /// A scale whose bounds are the same, or no numbers.
    Bounds {
        /// Where pressure would begin.
        at_ease: f64,
        /// Where it would be 1.
        saturated: f64,
    },
    /// A share that is not between 0 and 0.5, or shares that sum to more than 0.5.
    Share {
        /// Whose.
        class: Priority,
        /// What was asked for.
        share: f64,
        /// The sum of all.
        sum: f64,
    },
    /// A time that has to be longer or shorter.
    Time {
        /// Which.
        field: &'static str,
        /// What was asked for.
        time: Duration,
        /// The shortest that makes sense.
        least: Duration,
        /// The longest that makes sense.
        most: Duration,
    },
    /// The most that may be shed is not between 0 and 1.
    AtMost(f64),
}

impl ShedError {
    /// The setting that is wrong.
    pub const fn field(&self) -> &'static str {
        match self {
            Self::Bounds { .. } => "scale",
            Self::Share { .. } => "share",
            Self::Time { field, .. } => field,
            Self::AtMost(_) => "at_most",
        }
    }
}

impl fmt::Display for ShedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bounds { at_ease, saturated } => write!(
                f,
                "no pressure can be told between {at_ease} and {saturated}: give two different numbers of common size"
            ),
            Self::Share { class, share, sum } => write!(
                f,
                "a share of {share} for class {class} makes {sum} in all: each is 0 to 0.5, and all together at most 0.5"
            ),
            Self::Time {
                field,
                time,
                least,
                most,
            } => write!(
                f,
                "{field} cannot be {time:?}: choose between {least:?} and {most:?}"
            ),
            Self::AtMost(most) => write!(
                f,
                "at most {most} of the arrivals cannot be shed: choose between 0 (nothing) and 1 (all)"
            ),
        }
    }
}

impl std::error::Error for ShedError {}
