use std::convert::Infallible;
use std::fmt;
use std::time::Duration;

use super::keyed::MAX_CAPACITY;
use super::set::MAX_QUOTAS;
use crate::{PolicyName, PolicyNameError};

/// Why a quota, or what should enforce it, cannot be built: what is wrong and how to put it right.
///
/// When it came from a text, it shows the place:
///
/// ```
/// use floodwall_core::rate::Quota;
///
/// let error = "100 per second".parse::<Quota>().unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "\
/// a `/` is missing between number and period: write it as \"100/s\", \"3/10s\" or \"5000/h burst 50\"
///   100 per second
///       ^",
/// );
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuotaError {
    problem: Problem,
    place: Option<Place>,
}

/// Where in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Place {
    text: String,
    at: usize,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Problem {
    NoNumber,
    Number,
    Fraction,
    Sign,
    Separator,
    Slash,
    Unit,
    NoUnit,
    Trailing,
    NoBurst,
    ZeroRequests,
    ZeroPeriod,
    ZeroBurst,
    LongPeriod,
    Fast,
    LongDebt { burst: u32, most: u64 },
    Name(PolicyNameError),
    FastKeyed,
    Capacity(usize),
    Skew(Duration),
    NoQuota,
    ManyQuotas(usize),
    SameName(PolicyName),
}

impl QuotaError {
    pub(super) fn at(problem: Problem, text: &str, at: usize) -> Self {
        Self {
            problem,
            place: Some(Place {
                text: text.to_owned(),
                at,
            }),
        }
    }
}

impl From<Problem> for QuotaError {
    fn from(problem: Problem) -> Self {
        Self {
            problem,
            place: None,
        }
    }
}

impl From<Infallible> for QuotaError {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}

impl fmt::Display for QuotaError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.problem.fmt(f)?;
        self.place.as_ref().map_or(Ok(()), |place| place.fmt(f))
    }
}

impl std::error::Error for QuotaError {}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoNumber => f.write_str("a number is missing: say how many, as in \"100/s\""),
            Self::Number => write!(f, "the number is too large: use at most {}", u32::MAX),
            Self::Fraction => f.write_str(
                "a quota counts whole requests: write 0.3 per second as \"3/10s\"",
            ),
            Self::Sign => f.write_str("a number is digits only: write it without a sign"),
            Self::Separator => {
                f.write_str("a number is digits only: write it without separators, as in \"5000/h\"")
            }
            Self::Slash => f.write_str(
                "a `/` is missing between number and period: \
                 write it as \"100/s\", \"3/10s\" or \"5000/h burst 50\"",
            ),
            Self::NoUnit => f.write_str("a period is missing: use ms, s, min, h or d, as in \"100/s\""),
            Self::Unit => f.write_str("no such unit of time: use ms, s, min, h or d, as in \"100/s\""),
            Self::Trailing => f.write_str(
                "nothing but a burst may follow the period: write it as \"5000/h burst 50\"",
            ),
            Self::NoBurst => f.write_str("the burst is missing: say how many, as in \"burst 50\""),
            Self::ZeroRequests => {
                f.write_str("a quota of 0 requests lets nothing in: allow at least 1")
            }
            Self::ZeroPeriod => f.write_str("the period is zero: use at least 1 ns"),
            Self::ZeroBurst => {
                f.write_str("a burst of 0 lets nothing in: allow at least 1, which means evenly spaced")
            }
            Self::LongPeriod => f.write_str("the period is too long to be counted: use at most 584 years"),
            Self::Fast => write!(f, "the rate is too fast to be counted: use at most {} per second", u32::MAX),
            Self::LongDebt { burst, most: 0 } => write!(
                f,
                "the interval is too long to be counted, even with a burst of 1 instead of {burst}: \
                 use at most 1 in 36 years"
            ),
            Self::LongDebt { burst, most } => write!(
                f,
                "a burst of {burst} takes more than 36 years to come back at this rate: \
                 use a burst of at most {most}"
            ),
            Self::Name(error) => error.fmt(f),
            Self::FastKeyed => f.write_str(
                "the rate is too fast for a table of keys: use at most 15625000 per second for each key",
            ),
            Self::Capacity(0) => f.write_str("a table with a capacity of 0 holds no key: use at least 1"),
            Self::Capacity(given) => {
                write!(f, "a table for {given} keys is too large: use a capacity of at most {MAX_CAPACITY}")
            }
            Self::Skew(given) => write!(
                f,
                "clocks that differ by {given:?} are too far apart for this quota: \
                 allow a shorter skew, or use a larger interval"
            ),
            Self::NoQuota => f.write_str("a set without a quota limits nothing: give it at least 1"),
            Self::ManyQuotas(given) => write!(f, "{given} quotas are too many for one set: use at most {MAX_QUOTAS}"),
            Self::SameName(name) => {
                write!(f, "two quotas of one set are named {name:?}: give one another name with `named`")
            }
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        /// What is longer than this has more wrong with it than a caret can show.
        const SHOWN: usize = 100;
        let shown = |text: &str| {
            text.chars()
                .take(SHOWN)
                .flat_map(char::escape_debug)
                .collect::<String>()
        };
        let before = shown(self.text.get(..self.at).unwrap_or_default());
        write!(
            f,
            "\n  {}\n  {:>2$}",
            shown(&self.text),
            '^',
            before.chars().count() + 1
        )
    }
}
