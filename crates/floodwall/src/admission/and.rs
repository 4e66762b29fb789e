use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use floodwall_core::{Rejection, Report};
use pin_project_lite::pin_project;

use super::{Admission, End, Permit, Unused};
use crate::Now;

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
                refusal: Some(refusal),
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
}

pin_project! {
    /// The future of [`All`]: refused at the peek, or asking one policy after the other.
    #[project = EitherRefusedProj]
    #[derive(Debug)]
    pub enum EitherRefused<F> {
        #[doc(hidden)]
        Asked { #[pin] future: F },
        #[doc(hidden)]
        Refused { refusal: Option<Rejection> },
    }
}

impl<F: Future<Output = Result<P, Rejection>>, P> Future for EitherRefused<F> {
    type Output = Result<P, Rejection>;
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project() {
            EitherRefusedProj::Asked { future } => future.poll(cx),
            EitherRefusedProj::Refused { refusal } => Poll::Ready(Err(refusal
                .take()
                .expect("a decision is polled to its end once"))),
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
        self.then
            .check(request, now)
            .inspect_err(|refusal| self.first.passed_over(request, now, refusal))
    }

    fn passed_over(&self, request: &Req, now: &Now, refusal: &Rejection) {
        self.first.passed_over(request, now, refusal);
        self.then.passed_over(request, now, refusal);
    }

    fn admit(&self, request: &Req, now: &Now) -> Self::Future {
        AndFuture {
            then: self.then.admit(request, now),
            earlier: Unused::none(),
            first: self.first.admit(request, now),
        }
    }

    fn decide(&self, request: &Req, now: &Now) -> Result<Self::Future, Rejection> {
        let then = || {
            let then = self.then.decide(request, now);
            then.inspect_err(|refusal| self.first.passed_over(request, now, refusal))
        };
        let earlier = Unused::none();
        if self.first.decides_early() {
            let first = self.first.decide(request, now)?;
            let then = then()?;
            return Ok(AndFuture {
                then,
                earlier,
                first,
            });
        }
        self.first.check(request, now)?;
        let then = then()?;
        Ok(AndFuture {
            then,
            earlier,
            first: self.first.admit(request, now),
        })
    }

    fn decides_early(&self) -> bool {
        self.first.decides_early() && self.then.decides_early()
    }
}

pin_project! {
    /// The future of [`And`].
    #[derive(Debug)]
    pub struct AndFuture<FA, FB, PA: Permit> {
        // Dropped in this order: who waits later gives up first.
        #[pin]
        then: FB,
        earlier: Unused<PA>,
        #[pin]
        first: FA,
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
        if this.earlier.is_none() {
            *this.earlier = Unused::new(ready!(this.first.poll(cx))?);
        }
        match ready!(this.then.poll(cx)) {
            Ok(later) => {
                let earlier = this.earlier.take().expect("set just above");
                Poll::Ready(Ok(Both { later, earlier }))
            }
            Err(refusal) => {
                // Undone at once, while the charge is most likely still the newest.
                *this.earlier = Unused::none();
                Poll::Ready(Err(refusal))
            }
        }
    }
}

/// Two permits; the later one goes back first.
#[derive(Debug)]
pub struct Both<A, B> {
    later: B,
    earlier: A,
}

impl<A: Permit, B: Permit> Permit for Both<A, B> {
    fn complete(self, end: &End) {
        self.later.complete(end);
        self.earlier.complete(end);
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
