use std::fmt;

use floodwall_core::Rejection;

/// What a protected service fails with: its own error, or a refusal.
///
/// ```
/// use floodwall::{PolicyName, Reason, Rejection, admit::Error};
///
/// let refusal = Rejection::new(PolicyName::from_static("jobs"), Reason::Full);
/// let error = Error::<std::io::Error>::Rejected(refusal);
/// assert_eq!(error.rejection().unwrap().reason(), Reason::Full);
/// ```
#[derive(Clone, Debug, PartialEq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "callers match on both; there is no third way to fail"
)]
pub enum Error<E> {
    /// The inner service failed.
    Inner(E),
    /// The request was refused and never reached the inner service.
    Rejected(Rejection),
}

impl<E> Error<E> {
    /// The refusal, if it was one.
    pub const fn rejection(&self) -> Option<&Rejection> {
        match self {
            Self::Inner(_) => None,
            Self::Rejected(rejection) => Some(rejection),
        }
    }
}

impl<E: fmt::Display> fmt::Display for Error<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Inner(error) => error.fmt(f),
            Self::Rejected(rejection) => rejection.fmt(f),
        }
    }
}

impl<E: std::error::Error> std::error::Error for Error<E> {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Inner(error) => error.source(),
            Self::Rejected(rejection) => rejection.source(),
        }
    }
}
