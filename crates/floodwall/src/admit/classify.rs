use std::fmt;
use std::sync::Arc;

use floodwall_core::Outcome;

/// How the result of a call counts for the permit.
pub trait ClassifyResult<T, E> {
    /// The outcome of `result`.
    fn outcome(&self, result: Result<&T, &E>) -> Outcome;
}

/// `Ok` is [`Outcome::Success`], `Err` is [`Outcome::Failure`].
#[derive(Clone, Copy, Debug, Default)]
pub struct ByResult;

impl<T, E> ClassifyResult<T, E> for ByResult {
    fn outcome(&self, result: Result<&T, &E>) -> Outcome {
        match result {
            Ok(_) => Outcome::Success,
            Err(_) => Outcome::Failure,
        }
    }
}

/// A classifier from a closure, as for a service whose error says that it is overloaded itself.
///
/// ```
/// use floodwall::{Outcome, admit::{ClassifyResult, classify_fn}};
///
/// let busy = classify_fn(|result: Result<&u32, &&str>| match result {
///     Ok(_) => Outcome::Success,
///     Err(&"busy") => Outcome::Overload,
///     Err(_) => Outcome::Failure,
/// });
/// assert_eq!(busy.outcome(Err(&"busy")), Outcome::Overload);
/// ```
pub const fn classify_fn<T, E, F: Fn(Result<&T, &E>) -> Outcome>(classify: F) -> ResultFn<F> {
    ResultFn(classify)
}

/// See [`classify_fn`].
#[derive(Clone, Copy)]
pub struct ResultFn<F>(F);

impl<F> fmt::Debug for ResultFn<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ResultFn")
    }
}

impl<T, E, F: Fn(Result<&T, &E>) -> Outcome> ClassifyResult<T, E> for ResultFn<F> {
    fn outcome(&self, result: Result<&T, &E>) -> Outcome {
        (self.0)(result)
    }
}

/// How the end of a call is told.
pub(super) enum Classify<C> {
    /// As [`ByResult`] does: nothing has to be shared for it.
    ByResult,
    With(Arc<C>),
}

impl<C> Classify<C> {
    pub(super) fn outcome<T, E>(&self, result: Result<&T, &E>) -> Outcome
    where
        C: ClassifyResult<T, E>,
    {
        match self {
            Self::ByResult => ByResult.outcome(result),
            Self::With(classify) => classify.outcome(result),
        }
    }
}

impl<C> Clone for Classify<C> {
    fn clone(&self) -> Self {
        match self {
            Self::ByResult => Self::ByResult,
            Self::With(classify) => Self::With(Arc::clone(classify)),
        }
    }
}

impl<C: fmt::Debug> fmt::Debug for Classify<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ByResult => ByResult.fmt(f),
            Self::With(classify) => classify.fmt(f),
        }
    }
}
