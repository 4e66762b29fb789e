//! The one trait: what decides whether a request may enter, and what it hands out.

mod and;
mod boxed;
mod either;
mod exempt;
mod permit;

use std::pin::Pin;
use std::task::{Context, Poll};

use floodwall_core::Rejection;

pub use and::{All, And, AndFuture, Both, IntoAll, all};
pub use boxed::{BoxAdmission, BoxAdmissionFuture, BoxPermit};
pub use either::{Either, EitherFuture, OptionFuture};
pub use exempt::{Exempting, MatchFn, Matches, exempt, match_fn};
pub use permit::{End, Permit, Unused};

use crate::Now;

/// Decides whether one request may enter.
///
/// [`admit`](Admission::admit) only reads from the request what the policy needs (a key, a
/// priority, a deadline). Nothing is charged and nobody queues before the future is polled, and
/// dropping the future undoes what it did. State lives behind an `Arc`, so that clones share it.
///
/// Over HTTP, `Req` is [`http::Head`](crate::http::Head): method, URI, headers and extensions, so
/// that one policy serves every body type.
///
/// ```
/// use floodwall::{Admission, Now, PolicyName, Reason, Rejection};
/// use std::future::{Ready, ready};
///
/// /// Admits what is short enough.
/// #[derive(Clone)]
/// struct AtMost(usize);
///
/// impl Admission<str> for AtMost {
///     type Permit = ();
///     type Future = Ready<Result<(), Rejection>>;
///     fn admit(&self, request: &str, _now: &Now) -> Self::Future {
///         ready(if request.len() <= self.0 {
///             Ok(())
///         } else {
///             Err(Rejection::new(PolicyName::from_static("at-most"), Reason::Other))
///         })
///     }
/// }
/// # tokio_test::block_on(async {
/// assert!(AtMost(3).admit("no", &Now::unread()).await.is_ok());
/// assert!(AtMost(3).admit("much too long", &Now::unread()).await.is_err());
/// # });
/// ```
///
/// The suite in [`conformance`](crate::conformance) checks what composition relies on.
pub trait Admission<Req: ?Sized> {
    /// What an admitted request holds until it ends.
    type Permit: Permit;
    /// The decision.
    type Future: Future<Output = Result<Self::Permit, Rejection>>;

    /// Whether the request would be refused right now, changing nothing.
    ///
    /// Composed policies are all peeked before any of them is charged. A policy that cannot tell
    /// without changing something says `Ok`.
    ///
    /// # Errors
    ///
    /// The refusal that [`admit`](Admission::admit) would give.
    fn peek(&self, _request: &Req, _now: &Now) -> Result<(), Rejection> {
        Ok(())
    }

    /// Like [`peek`](Admission::peek), but as a part of a decision: a refusal is final, and a policy
    /// that counts its refusals counts it. Composed policies call this one.
    ///
    /// # Errors
    ///
    /// As [`peek`](Admission::peek).
    fn check(&self, request: &Req, now: &Now) -> Result<(), Rejection> {
        self.peek(request, now)
    }

    /// It let a request pass at the [check](Admission::check), and a policy composed with it refused
    /// then: nothing is admitted. A policy that counts what comes, whatever becomes of it, counts
    /// here; most need not know.
    fn passed_over(&self, _request: &Req, _now: &Now, _refusal: &Rejection) {}

    /// Decides; `now` is the time of the decision, read at most once for all policies.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future charges nothing and gives back every place it held. One exception: a turn
    /// that a paced quota waited for stays spent.
    fn admit(&self, request: &Req, now: &Now) -> Self::Future;

    /// [`check`](Admission::check), and the future of [`admit`](Admission::admit) if that lets it
    /// pass: what composed policies call in place of the two, wherever they may.
    ///
    /// A policy that reads a lot of the request overrides it to read once.
    ///
    /// # Errors
    ///
    /// As [`check`](Admission::check).
    fn decide(&self, request: &Req, now: &Now) -> Result<Self::Future, Rejection> {
        self.check(request, now)?;
        Ok(self.admit(request, now))
    }

    /// Whether [`decide`](Admission::decide) may be called before the policies behind this one were
    /// checked: its future is then thrown away if one of those refuses. Says so where making a future
    /// does nothing that anybody could see. Otherwise it is checked first, and asked when all have let
    /// the request pass.
    fn decides_early(&self) -> bool {
        false
    }

    /// Polls a decision of [`admit`](Admission::admit) or [`decide`](Admission::decide), and leaves the
    /// permit in `place` or the refusal in `refused`; once it is ready it tells whether it was let in.
    /// floodwall's services poll in this way: permits and refusals are large, and a policy that
    /// overrides this makes them where they stay, instead of making and then moving them.
    ///
    /// Both are empty at first. As long as it is pending, parts of the permit may be there already: the
    /// same place is handed in at each poll, and who gives up [completes](Permit::complete_in) what is
    /// there as [`Refused`](crate::Outcome::Refused). After a refusal the place is empty. A decision is
    /// polled in this way from first to last, or not at all.
    #[inline]
    fn poll_into(
        decision: Pin<&mut Self::Future>,
        cx: &mut Context<'_>,
        place: &mut Option<Self::Permit>,
        refused: &mut Option<Rejection>,
    ) -> Poll<bool>
    where
        Self: Sized,
    {
        let Poll::Ready(decided) = decision.poll(cx) else {
            return Poll::Pending;
        };
        match decided {
            Ok(permit) => *place = Some(permit),
            Err(refusal) => *refused = Some(refusal),
        }
        Poll::Ready(refused.is_none())
    }
}

impl<Req: ?Sized, A: Admission<Req> + ?Sized> Admission<Req> for std::sync::Arc<A> {
    type Permit = A::Permit;
    type Future = A::Future;
    fn peek(&self, request: &Req, now: &Now) -> Result<(), Rejection> {
        (**self).peek(request, now)
    }
    fn check(&self, request: &Req, now: &Now) -> Result<(), Rejection> {
        (**self).check(request, now)
    }
    fn passed_over(&self, request: &Req, now: &Now, refusal: &Rejection) {
        (**self).passed_over(request, now, refusal);
    }
    fn admit(&self, request: &Req, now: &Now) -> Self::Future {
        (**self).admit(request, now)
    }
    fn decide(&self, request: &Req, now: &Now) -> Result<Self::Future, Rejection> {
        (**self).decide(request, now)
    }
    fn decides_early(&self) -> bool {
        (**self).decides_early()
    }
}
