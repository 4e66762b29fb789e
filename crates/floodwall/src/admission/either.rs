use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use floodwall_core::{Rejection, Report};
use pin_project_lite::pin_project;

use super::{Admission, End, Permit};
use crate::Now;

/// One of two permits.
#[derive(Debug)]
#[expect(clippy::exhaustive_enums, reason = "it is one or the other, for ever")]
pub enum Either<L, R> {
    /// From the first policy.
    Left(L),
    /// From the second.
    Right(R),
}

impl<L: Permit, R: Permit> Permit for Either<L, R> {
    fn complete(self, end: &End) {
        match self {
            Self::Left(permit) => permit.complete(end),
            Self::Right(permit) => permit.complete(end),
        }
    }
    fn responded(&mut self, now: &Now, hold_at_most: Option<Duration>) {
        match self {
            Self::Left(permit) => permit.responded(now, hold_at_most),
            Self::Right(permit) => permit.responded(now, hold_at_most),
        }
    }
    fn report(&self, to: &mut Report) {
        match self {
            Self::Left(permit) => permit.report(to),
            Self::Right(permit) => permit.report(to),
        }
    }
}

pin_project! {
    /// One of two decisions.
    #[project = EitherProj]
    #[derive(Debug)]
    pub enum EitherFuture<L, R> {
        #[doc(hidden)]
        Left { #[pin] future: L },
        #[doc(hidden)]
        Right { #[pin] future: R },
    }
}

impl<L, R, P, Q> Future for EitherFuture<L, R>
where
    L: Future<Output = Result<P, Rejection>>,
    R: Future<Output = Result<Q, Rejection>>,
{
    type Output = Result<Either<P, Q>, Rejection>;
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project() {
            EitherProj::Left { future } => future.poll(cx).map_ok(Either::Left),
            EitherProj::Right { future } => future.poll(cx).map_ok(Either::Right),
        }
    }
}

/// A policy that configuration may leave out: `None` admits everything.
impl<Req: ?Sized, A: Admission<Req>> Admission<Req> for Option<A> {
    type Permit = Option<A::Permit>;
    type Future = OptionFuture<A::Future>;
    fn peek(&self, request: &Req, now: &Now) -> Result<(), Rejection> {
        self.as_ref()
            .map_or(Ok(()), |policy| policy.peek(request, now))
    }
    fn check(&self, request: &Req, now: &Now) -> Result<(), Rejection> {
        self.as_ref()
            .map_or(Ok(()), |policy| policy.check(request, now))
    }
    fn passed_over(&self, request: &Req, now: &Now, refusal: &Rejection) {
        if let Some(policy) = self {
            policy.passed_over(request, now, refusal);
        }
    }
    fn admit(&self, request: &Req, now: &Now) -> Self::Future {
        OptionFuture {
            future: self.as_ref().map(|policy| policy.admit(request, now)),
        }
    }
    fn decide(&self, request: &Req, now: &Now) -> Result<Self::Future, Rejection> {
        let decided = self.as_ref().map(|policy| policy.decide(request, now));
        Ok(OptionFuture {
            future: decided.transpose()?,
        })
    }
    fn decides_early(&self) -> bool {
        self.as_ref().is_none_or(Admission::decides_early)
    }
}

pin_project! {
    /// The future of an optional policy.
    #[derive(Debug)]
    pub struct OptionFuture<F> {
        #[pin]
        future: Option<F>,
    }
}

impl<F> OptionFuture<F> {
    #[cfg(feature = "http")]
    pub(crate) const fn new(future: Option<F>) -> Self {
        Self { future }
    }
}

impl<F: Future<Output = Result<P, Rejection>>, P> Future for OptionFuture<F> {
    type Output = Result<Option<P>, Rejection>;
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().future.as_pin_mut() {
            Some(future) => future.poll(cx).map_ok(Some),
            None => Poll::Ready(Ok(None)),
        }
    }
}
