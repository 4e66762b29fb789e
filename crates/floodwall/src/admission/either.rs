use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use floodwall_core::{Rejection, Report};
use pin_project_lite::pin_project;

use super::{Admission, End, Permit};
use crate::Now;

/// One of two permits, which is there once it was let in.
#[derive(Debug)]
#[expect(clippy::exhaustive_enums, reason = "it is one or the other, for ever")]
pub enum Either<L, R> {
    /// From the first policy.
    Left(Option<L>),
    /// From the second.
    Right(Option<R>),
}

impl<L: Permit, R: Permit> Permit for Either<L, R> {
    fn complete(self, end: &End) {
        Self::complete_in(&mut Some(self), end);
    }
    #[inline]
    fn complete_in(place: &mut Option<Self>, end: &End) {
        match place {
            Some(Self::Left(permit)) => L::complete_in(permit, end),
            Some(Self::Right(permit)) => R::complete_in(permit, end),
            None => return,
        }
        *place = None;
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

impl<L, R> EitherFuture<L, R> {
    /// For a decision of one of `A` and `B`, as [`Admission::poll_into`].
    #[inline]
    pub(super) fn poll_into<Req, A, B>(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        place: &mut Option<Either<A::Permit, B::Permit>>,
        refused: &mut Option<Rejection>,
    ) -> Poll<bool>
    where
        Req: ?Sized,
        A: Admission<Req, Future = L>,
        B: Admission<Req, Future = R>,
    {
        let is_in = match self.project() {
            EitherProj::Left { future } => match place.get_or_insert(Either::Left(None)) {
                Either::Left(permit) => ready!(A::poll_into(future, cx, permit, refused)),
                Either::Right(_) => unreachable!("{THE_SAME}"),
            },
            EitherProj::Right { future } => match place.get_or_insert(Either::Right(None)) {
                Either::Right(permit) => ready!(B::poll_into(future, cx, permit, refused)),
                Either::Left(_) => unreachable!("{THE_SAME}"),
            },
        };
        if !is_in {
            *place = None;
        }
        Poll::Ready(is_in)
    }
}

const THE_SAME: &str = "a decision is polled with the same place each time";

impl<L, R, P, Q> Future for EitherFuture<L, R>
where
    L: Future<Output = Result<P, Rejection>>,
    R: Future<Output = Result<Q, Rejection>>,
{
    type Output = Result<Either<P, Q>, Rejection>;
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project() {
            EitherProj::Left { future } => {
                future.poll(cx).map_ok(|permit| Either::Left(Some(permit)))
            }
            EitherProj::Right { future } => {
                future.poll(cx).map_ok(|permit| Either::Right(Some(permit)))
            }
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
    #[inline]
    fn poll_into(
        decision: Pin<&mut Self::Future>,
        cx: &mut Context<'_>,
        place: &mut Option<Self::Permit>,
        refused: &mut Option<Rejection>,
    ) -> Poll<bool> {
        decision.poll_into::<Req, A>(cx, place, refused)
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

    /// For a decision of `A` if there is one, as [`Admission::poll_into`].
    #[inline]
    pub(crate) fn poll_into<Req, A>(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        place: &mut Option<Option<A::Permit>>,
        refused: &mut Option<Rejection>,
    ) -> Poll<bool>
    where
        Req: ?Sized,
        A: Admission<Req, Future = F>,
    {
        let permit = place.get_or_insert(None);
        let is_in = match self.project().future.as_pin_mut() {
            Some(future) => ready!(A::poll_into(future, cx, permit, refused)),
            None => true,
        };
        if !is_in {
            *place = None;
        }
        Poll::Ready(is_in)
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
