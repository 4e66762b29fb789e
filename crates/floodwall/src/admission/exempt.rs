use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use floodwall_core::{PolicyName, Rejection};

use super::{Admission, Either, EitherFuture};
use crate::{BuildError, ConcurrencyLimit, Now};

/// Whether a request is of a certain kind.
pub trait Matches<Req: ?Sized> {
    /// Whether `request` is meant.
    fn matches(&self, request: &Req) -> bool;
}

/// A kind of request told by a closure.
///
/// ```
/// use floodwall::{Matches, match_fn};
///
/// assert!(match_fn(|request: &str| request == "ping").matches("ping"));
/// ```
pub const fn match_fn<F>(matches: F) -> MatchFn<F> {
    MatchFn(matches)
}

/// See [`match_fn`].
#[derive(Clone, Copy)]
pub struct MatchFn<F>(F);

impl<F> fmt::Debug for MatchFn<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a closure's kind")
    }
}

impl<Req: ?Sized, F: Fn(&Req) -> bool> Matches<Req> for MatchFn<F> {
    fn matches(&self, request: &Req) -> bool {
        (self.0)(request)
    }
}

impl<Req: ?Sized, M: Matches<Req> + ?Sized> Matches<Req> for Arc<M> {
    fn matches(&self, request: &Req) -> bool {
        (**self).matches(request)
    }
}

impl<Req: ?Sized, A: Matches<Req>, B: Matches<Req>> Matches<Req> for (A, B) {
    fn matches(&self, request: &Req) -> bool {
        self.0.matches(request) || self.1.matches(request)
    }
}

impl<Req: ?Sized, A: Matches<Req>, B: Matches<Req>, C: Matches<Req>> Matches<Req> for (A, B, C) {
    fn matches(&self, request: &Req) -> bool {
        self.0.matches(request) || self.1.matches(request) || self.2.matches(request)
    }
}

/// Lets what `kind` matches (health checks, CORS preflights) past `policy`: it takes no quota and
/// no place in a queue.
///
/// It is no door for a flood: at most [`Exempting::DEFAULT_LIMIT`] exempt requests are inside at
/// once, with series of their own (policy `exempt`). A tuple of kinds matches if one of them does.
///
/// ```
/// use floodwall::{ConcurrencyLimit, exempt, match_fn};
///
/// let policy = exempt(match_fn(|request: &str| request == "ping"), ConcurrencyLimit::new(8));
/// # let _ = policy;
/// ```
pub fn exempt<M, A>(kind: M, policy: A) -> Exempting<M, A> {
    let own = ConcurrencyLimit::builder(Exempting::<M, A>::DEFAULT_LIMIT)
        .name("exempt")
        .no_queue()
        .build()
        .expect("these settings are sound");
    Exempting { kind, own, policy }
}

/// A policy with exemptions; see [`exempt`].
#[derive(Clone, Debug)]
pub struct Exempting<M, A> {
    kind: M,
    own: ConcurrencyLimit,
    policy: A,
}

impl<M, A> Exempting<M, A> {
    /// How many exempt requests may be inside at once, unless set otherwise.
    pub const DEFAULT_LIMIT: u32 = 16;

    /// Sets how many exempt requests may be inside at once.
    ///
    /// # Errors
    ///
    /// If `limit` is 0: that would refuse every health check.
    pub fn limit(mut self, limit: u32) -> Result<Self, BuildError> {
        self.own = ConcurrencyLimit::builder(limit)
            .name("exempt")
            .no_queue()
            .build()?;
        Ok(self)
    }

    /// What is exempt.
    pub const fn kind(&self) -> &M {
        &self.kind
    }

    /// The policy of all that is not exempt.
    pub const fn policy(&self) -> &A {
        &self.policy
    }

    /// The small limit of the exempt ones.
    pub const fn own(&self) -> &ConcurrencyLimit {
        &self.own
    }

    /// The name of that limit in answers and metrics.
    pub const NAME: PolicyName = PolicyName::from_static("exempt");
}

impl<Req: ?Sized, M: Matches<Req>, A: Admission<Req>> Admission<Req> for Exempting<M, A> {
    type Permit = Either<<ConcurrencyLimit as Admission<Req>>::Permit, A::Permit>;
    type Future = EitherFuture<<ConcurrencyLimit as Admission<Req>>::Future, A::Future>;

    fn peek(&self, request: &Req, now: &Now) -> Result<(), Rejection> {
        if self.kind.matches(request) {
            self.own.peek(request, now)
        } else {
            self.policy.peek(request, now)
        }
    }

    fn check(&self, request: &Req, now: &Now) -> Result<(), Rejection> {
        if self.kind.matches(request) {
            self.own.check(request, now)
        } else {
            self.policy.check(request, now)
        }
    }

    fn passed_over(&self, request: &Req, now: &Now, refusal: &Rejection) {
        if !self.kind.matches(request) {
            self.policy.passed_over(request, now, refusal);
        }
    }

    fn admit(&self, request: &Req, now: &Now) -> Self::Future {
        if self.kind.matches(request) {
            EitherFuture::Left {
                future: self.own.admit(request, now),
            }
        } else {
            EitherFuture::Right {
                future: self.policy.admit(request, now),
            }
        }
    }

    fn decide(&self, request: &Req, now: &Now) -> Result<Self::Future, Rejection> {
        Ok(if self.kind.matches(request) {
            EitherFuture::Left {
                future: self.own.decide(request, now)?,
            }
        } else {
            EitherFuture::Right {
                future: self.policy.decide(request, now)?,
            }
        })
    }

    #[inline]
    fn poll_into(
        decision: Pin<&mut Self::Future>,
        cx: &mut Context<'_>,
        place: &mut Option<Self::Permit>,
        refused: &mut Option<Rejection>,
    ) -> Poll<bool> {
        decision.poll_into::<Req, ConcurrencyLimit, A>(cx, place, refused)
    }
}
