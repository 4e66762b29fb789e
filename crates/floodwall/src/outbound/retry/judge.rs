use std::fmt;
use std::time::Duration;

use floodwall_core::Outcome;

/// What is tried again, and how the next attempt differs from the one before.
///
/// [`HttpRetry`](super::HttpRetry) is the one for HTTP and gRPC, [`retry_fn`] makes one of closures.
pub trait Retryable<Req, Res, E> {
    /// A copy of `request` to be sent again, or `None` if it must not be sent twice.
    fn copy(&self, request: &Req) -> Option<Req>;

    /// How an attempt ended, and whether to try again. What it takes out of `result` to look at it, it
    /// puts back.
    fn judge(&self, request: &Req, result: &mut Result<Res, E>) -> Verdict;

    /// Tells whoever is called that `request` is the retry with this number, 1 for the first.
    fn mark(&self, _request: &mut Req, _retry: u32) {}
}

/// How an attempt ended, and whether to try again.
///
/// From an [`Outcome`] alone: failure and overload are tried again after a backoff.
///
/// ```
/// use floodwall::{Outcome, outbound::{Again, Verdict}};
///
/// assert_eq!(Verdict::from(Outcome::Failure).again, Again::AfterBackoff);
/// assert_eq!(Verdict::from(Outcome::Refused).again, Again::Never);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "whoever judges makes one")]
pub struct Verdict {
    /// How it ended.
    pub outcome: Outcome,
    /// Whether to try again. What floodwall itself refused is never tried again, whatever this says.
    pub again: Again,
}

/// Whether and when to try again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Again {
    /// Not at all.
    Never,
    /// After a backoff.
    AfterBackoff,
    /// After a backoff on top of this time, as `Retry-After` asks for.
    NotBefore(Duration),
    /// After just this time, and the next backoff is as short as the first: gRPC's pushback.
    After(Duration),
}

impl From<Outcome> for Verdict {
    fn from(outcome: Outcome) -> Self {
        let again = match outcome {
            Outcome::Failure | Outcome::Overload => Again::AfterBackoff,
            _ => Again::Never,
        };
        Self { outcome, again }
    }
}

/// Judges by a closure; requests are cloned, and all of them may be sent again.
///
/// ```
/// use floodwall::{Outcome, outbound::{RetryBudget, RetryPolicy, retry_fn}};
/// use tower::{ServiceBuilder, ServiceExt, retry::RetryLayer, service_fn};
///
/// # tokio_test::block_on(async {
/// let judge = retry_fn(|_job: &String, result: Result<&u32, &std::io::Error>| match result {
///     Ok(_) => Outcome::Success.into(),
///     Err(_) => Outcome::Failure.into(),
/// });
/// let client = ServiceBuilder::new()
///     .layer(RetryLayer::new(RetryPolicy::new(RetryBudget::new(), judge)))
///     .service(service_fn(async |_job: String| Ok::<u32, std::io::Error>(1)));
/// assert_eq!(client.oneshot("work".to_owned()).await.unwrap(), 1);
/// # });
/// ```
pub const fn retry_fn<J>(judge: J) -> RetryFn<J> {
    RetryFn {
        judge,
        mark: NoMark,
    }
}

/// See [`retry_fn`].
#[derive(Clone, Copy)]
pub struct RetryFn<J, M = NoMark> {
    judge: J,
    mark: M,
}

/// Retries look like first attempts.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct NoMark;

impl<J> RetryFn<J> {
    /// Marks retries by a closure that is given the number of the retry, 1 for the first.
    pub fn mark<M>(self, mark: M) -> RetryFn<J, M> {
        RetryFn {
            judge: self.judge,
            mark,
        }
    }
}

impl<J, M> fmt::Debug for RetryFn<J, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RetryFn")
    }
}

impl<J, Req, Res, E> Retryable<Req, Res, E> for RetryFn<J>
where
    J: Fn(&Req, Result<&Res, &E>) -> Verdict,
    Req: Clone,
{
    fn copy(&self, request: &Req) -> Option<Req> {
        Some(request.clone())
    }
    fn judge(&self, request: &Req, result: &mut Result<Res, E>) -> Verdict {
        (self.judge)(request, result.as_ref())
    }
}

impl<J, M, Req, Res, E> Retryable<Req, Res, E> for RetryFn<J, M>
where
    J: Fn(&Req, Result<&Res, &E>) -> Verdict,
    M: Fn(&mut Req, u32),
    Req: Clone,
{
    fn copy(&self, request: &Req) -> Option<Req> {
        Some(request.clone())
    }
    fn judge(&self, request: &Req, result: &mut Result<Res, E>) -> Verdict {
        (self.judge)(request, result.as_ref())
    }
    fn mark(&self, request: &mut Req, retry: u32) {
        (self.mark)(request, retry);
    }
}
