use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use floodwall_core::{Outcome, Rejection, Report};
use pin_project_lite::pin_project;

use super::{Admission, End, Permit, Unused};
use crate::Now;
use crate::seldom::Seldom;

/// Composes policies into one decision: all admit, or none is charged.
///
/// Every policy is peeked first, and nothing is charged if one would refuse now. Then they admit in
/// the order given: put quotas before what waits, so that nobody waits only to be told 429. If a
/// later one refuses after all, the earlier ones take back what they can (exactly, while decisions
/// on one cell do not race). Permits go back in reverse order.
///
/// ```
/// use floodwall::{ConcurrencyLimit, RateLimit, all};
///
/// let policy = all((RateLimit::new("100/s")?, ConcurrencyLimit::new(64)));
/// # let _ = policy;
/// # Ok::<(), floodwall::BuildError>(())
/// ```
pub fn all<T: IntoAll>(policies: T) -> All<T::Chain> {
    All(policies.into_chain())
}

/// Several policies as one decision; see [`all`].
#[derive(Clone, Debug)]
pub struct All<A>(A);

impl<Req: ?Sized, A: Admission<Req>> Admission<Req> for All<A> {
    type Permit = A::Permit;
    type Future = EitherRefused<A::Future>;
    fn peek(&self, request: &Req, now: &Now) -> Result<(), Rejection> {
        self.0.peek(request, now)
    }
    fn check(&self, request: &Req, now: &Now) -> Result<(), Rejection> {
        self.0.check(request, now)
    }
    fn passed_over(&self, request: &Req, now: &Now, refusal: &Rejection) {
        self.0.passed_over(request, now, refusal);
    }
    fn admit(&self, request: &Req, now: &Now) -> Self::Future {
        match self.0.decide(request, now) {
            Ok(future) => EitherRefused::Asked { future },
            Err(refusal) => EitherRefused::Refused {
                refusal: Seldom::new(refusal),
            },
        }
    }
    fn decide(&self, request: &Req, now: &Now) -> Result<Self::Future, Rejection> {
        let future = self.0.decide(request, now)?;
        Ok(EitherRefused::Asked { future })
    }
    fn decides_early(&self) -> bool {
        self.0.decides_early()
    }
    #[inline]
    fn poll_into(
        decision: Pin<&mut Self::Future>,
        cx: &mut Context<'_>,
        place: &mut Option<Self::Permit>,
        refused: &mut Option<Rejection>,
    ) -> Poll<bool> {
        match decision.project() {
            EitherRefusedProj::Asked { future } => A::poll_into(future, cx, place, refused),
            EitherRefusedProj::Refused { refusal } => {
                *refused = Some(refusal.take().expect(ONCE));
                Poll::Ready(false)
            }
        }
    }
}

const ONCE: &str = "a decision is polled to its end once";

pin_project! {
    /// The future of [`All`]: refused at the peek, or asking one policy after the other.
    #[project = EitherRefusedProj]
    #[derive(Debug)]
    pub enum EitherRefused<F> {
        #[doc(hidden)]
        Asked { #[pin] future: F },
        #[doc(hidden)]
        Refused { refusal: Seldom<Rejection> },
    }
}

impl<F: Future<Output = Result<P, Rejection>>, P> Future for EitherRefused<F> {
    type Output = Result<P, Rejection>;
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project() {
            EitherRefusedProj::Asked { future } => future.poll(cx),
            EitherRefusedProj::Refused { refusal } => Poll::Ready(Err(refusal.take().expect(ONCE))),
        }
    }
}

/// Tuples of two to six policies, as [`all`] takes them.
pub trait IntoAll {
    /// The policies, one linked to the next.
    type Chain;
    /// Links them.
    fn into_chain(self) -> Self::Chain;
}

impl<A, B> IntoAll for (A, B) {
    type Chain = And<A, B>;
    fn into_chain(self) -> Self::Chain {
        And {
            first: self.0,
            then: self.1,
        }
    }
}

impl<A, B, C> IntoAll for (A, B, C) {
    type Chain = And<A, And<B, C>>;
    fn into_chain(self) -> Self::Chain {
        And {
            first: self.0,
            then: (self.1, self.2).into_chain(),
        }
    }
}

impl<A, B, C, D> IntoAll for (A, B, C, D) {
    type Chain = And<A, And<B, And<C, D>>>;
    fn into_chain(self) -> Self::Chain {
        And {
            first: self.0,
            then: (self.1, self.2, self.3).into_chain(),
        }
    }
}

impl<A, B, C, D, E> IntoAll for (A, B, C, D, E) {
    type Chain = And<A, And<B, And<C, And<D, E>>>>;
    fn into_chain(self) -> Self::Chain {
        And {
            first: self.0,
            then: (self.1, self.2, self.3, self.4).into_chain(),
        }
    }
}

impl<A, B, C, D, E, F> IntoAll for (A, B, C, D, E, F) {
    type Chain = And<A, And<B, And<C, And<D, And<E, F>>>>>;
    fn into_chain(self) -> Self::Chain {
        And {
            first: self.0,
            then: (self.1, self.2, self.3, self.4, self.5).into_chain(),
        }
    }
}

/// A link of [`All`]: asks `first`, then `then`. On its own it does not peek.
#[derive(Clone, Debug)]
pub struct And<A, B> {
    first: A,
    then: B,
}

impl<Req: ?Sized, A: Admission<Req>, B: Admission<Req>> Admission<Req> for And<A, B> {
    type Permit = Both<A::Permit, B::Permit>;
    type Future = AndFuture<A::Future, B::Future, A::Permit>;

    fn peek(&self, request: &Req, now: &Now) -> Result<(), Rejection> {
        self.first.peek(request, now)?;
        self.then.peek(request, now)
    }

    fn check(&self, request: &Req, now: &Now) -> Result<(), Rejection> {
        self.first.check(request, now)?;
        let checked = self.then.check(request, now);
        if let Err(refusal) = &checked {
            self.first.passed_over(request, now, refusal);
        }
        checked
    }

    fn passed_over(&self, request: &Req, now: &Now, refusal: &Rejection) {
        self.first.passed_over(request, now, refusal);
        self.then.passed_over(request, now, refusal);
    }

    fn admit(&self, request: &Req, now: &Now) -> Self::Future {
        AndFuture {
            then: self.then.admit(request, now),
            earlier: Seldom::none(),
            first: self.first.admit(request, now),
            is_first_in: false,
        }
    }

    fn decide(&self, request: &Req, now: &Now) -> Result<Self::Future, Rejection> {
        let then = || {
            let then = self.then.decide(request, now);
            if let Err(refusal) = &then {
                self.first.passed_over(request, now, refusal);
            }
            then
        };
        if self.first.decides_early() {
            let first = self.first.decide(request, now)?;
            let then = then()?;
            return Ok(AndFuture {
                then,
                earlier: Seldom::none(),
                first,
                is_first_in: false,
            });
        }
        self.first.check(request, now)?;
        let then = then()?;
        Ok(AndFuture {
            then,
            earlier: Seldom::none(),
            first: self.first.admit(request, now),
            is_first_in: false,
        })
    }

    fn decides_early(&self) -> bool {
        self.first.decides_early() && self.then.decides_early()
    }

    #[inline]
    fn poll_into(
        decision: Pin<&mut Self::Future>,
        cx: &mut Context<'_>,
        place: &mut Option<Self::Permit>,
        refused: &mut Option<Rejection>,
    ) -> Poll<bool> {
        let this = decision.project();
        let both = place.get_or_insert_with(Both::none);
        if !*this.is_first_in {
            if !ready!(A::poll_into(this.first, cx, &mut both.earlier, refused)) {
                *place = None;
                return Poll::Ready(false);
            }
            *this.is_first_in = true;
        }
        let is_in = ready!(B::poll_into(this.then, cx, &mut both.later, refused));
        if !is_in {
            // Undone at once, while the charge is most likely still the newest.
            Both::complete_in(place, &End::new(Outcome::Refused));
        }
        Poll::Ready(is_in)
    }
}

pin_project! {
    /// The future of [`And`].
    #[derive(Debug)]
    pub struct AndFuture<FA, FB, PA: Permit> {
        // Dropped in this order: who waits later gives up first.
        #[pin]
        then: FB,
        // Boxed, because it is there only while the later one waits: whatever holds this moves it
        // about.
        earlier: Seldom<Box<Unused<PA>>>,
        #[pin]
        first: FA,
        // For one whose permits are left where they stay.
        is_first_in: bool,
    }
}

impl<FA, FB, PA, PB> Future for AndFuture<FA, FB, PA>
where
    FA: Future<Output = Result<PA, Rejection>>,
    FB: Future<Output = Result<PB, Rejection>>,
    PA: Permit,
    PB: Permit,
{
    type Output = Result<Both<PA, PB>, Rejection>;
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let earlier = match this.earlier.take() {
            Some(earlier) => earlier.begin(),
            None => ready!(this.first.poll(cx))?,
        };
        // Should the later one refuse, it is undone at once, while the charge is most likely still the
        // newest.
        let earlier = Unused::new(earlier);
        match this.then.poll(cx) {
            Poll::Ready(later) => Poll::Ready(later.map(|later| Both {
                later: Some(later),
                earlier: Some(earlier.begin()),
            })),
            Poll::Pending => {
                this.earlier.put(Box::new(earlier));
                Poll::Pending
            }
        }
    }
}

/// Two permits; the later one goes back first.
#[derive(Debug)]
pub struct Both<A, B> {
    // Each is there once it was let in; dropped in this order.
    later: Option<B>,
    earlier: Option<A>,
}

impl<A, B> Both<A, B> {
    const fn none() -> Self {
        Self {
            later: None,
            earlier: None,
        }
    }
}

impl<A: Permit, B: Permit> Permit for Both<A, B> {
    #[inline]
    fn complete(self, end: &End) {
        Self::complete_in(&mut Some(self), end);
    }
    #[inline]
    fn complete_in(place: &mut Option<Self>, end: &End) {
        if let Some(both) = place {
            B::complete_in(&mut both.later, end);
            A::complete_in(&mut both.earlier, end);
            *place = None;
        }
    }
    fn responded(&mut self, now: &Now, hold_at_most: Option<Duration>) {
        self.earlier.responded(now, hold_at_most);
        self.later.responded(now, hold_at_most);
    }
    fn report(&self, to: &mut Report) {
        self.earlier.report(to);
        self.later.report(to);
    }
}
