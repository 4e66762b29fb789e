use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use floodwall_core::{Rejection, Report};

use super::{Admission, End, Permit};
use crate::Now;

/// A policy whose type is chosen at run time, as configuration does.
///
/// Costs two allocations per decision (the future and the permit); clones share the policy.
///
/// ```
/// use floodwall::{BoxAdmission, ConcurrencyLimit, RateLimit};
///
/// fn from_config(kind: &str) -> Result<BoxAdmission<str>, floodwall::BuildError> {
///     Ok(match kind {
///         "rate" => BoxAdmission::new(RateLimit::new("100/s")?),
///         _ => BoxAdmission::new(ConcurrencyLimit::new(64)),
///     })
/// }
/// # from_config("rate").unwrap();
/// ```
pub struct BoxAdmission<Req: ?Sized>(Arc<dyn Erased<Req> + Send + Sync>);

impl<Req: ?Sized> BoxAdmission<Req> {
    /// Boxes `policy`.
    pub fn new<A>(policy: A) -> Self
    where
        A: Admission<Req> + Send + Sync + 'static,
        A::Future: Send + 'static,
        A::Permit: Send + 'static,
    {
        Self(Arc::new(policy))
    }
}

impl<Req: ?Sized> Clone for BoxAdmission<Req> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<Req: ?Sized> fmt::Debug for BoxAdmission<Req> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BoxAdmission")
    }
}

impl<Req: ?Sized> Admission<Req> for BoxAdmission<Req> {
    type Permit = BoxPermit;
    type Future = BoxAdmissionFuture;
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
        self.0.admit(request, now)
    }
    fn decide(&self, request: &Req, now: &Now) -> Result<Self::Future, Rejection> {
        self.0.decide(request, now)
    }
}

/// The decision of a [`BoxAdmission`].
pub struct BoxAdmissionFuture(Pin<Box<dyn Future<Output = Result<BoxPermit, Rejection>> + Send>>);

impl Future for BoxAdmissionFuture {
    type Output = Result<BoxPermit, Rejection>;
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.as_mut().poll(cx)
    }
}

impl fmt::Debug for BoxAdmissionFuture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BoxAdmissionFuture")
    }
}

/// The permit of a [`BoxAdmission`].
pub struct BoxPermit(Box<dyn ErasedPermit + Send>);

impl Permit for BoxPermit {
    fn complete(mut self, end: &End) {
        self.0.complete(end);
    }
    fn responded(&mut self, now: &Now, hold_at_most: Option<Duration>) {
        self.0.responded(now, hold_at_most);
    }
    fn report(&self, to: &mut Report) {
        self.0.report(to);
    }
}

impl fmt::Debug for BoxPermit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BoxPermit")
    }
}

trait Erased<Req: ?Sized> {
    fn peek(&self, request: &Req, now: &Now) -> Result<(), Rejection>;
    fn check(&self, request: &Req, now: &Now) -> Result<(), Rejection>;
    fn passed_over(&self, request: &Req, now: &Now, refusal: &Rejection);
    fn admit(&self, request: &Req, now: &Now) -> BoxAdmissionFuture;
    fn decide(&self, request: &Req, now: &Now) -> Result<BoxAdmissionFuture, Rejection>;
}

impl<Req: ?Sized, A> Erased<Req> for A
where
    A: Admission<Req>,
    A::Future: Send + 'static,
    A::Permit: Send + 'static,
{
    fn peek(&self, request: &Req, now: &Now) -> Result<(), Rejection> {
        Admission::peek(self, request, now)
    }
    fn check(&self, request: &Req, now: &Now) -> Result<(), Rejection> {
        Admission::check(self, request, now)
    }
    fn passed_over(&self, request: &Req, now: &Now, refusal: &Rejection) {
        Admission::passed_over(self, request, now, refusal);
    }
    fn admit(&self, request: &Req, now: &Now) -> BoxAdmissionFuture {
        boxed(Admission::admit(self, request, now))
    }
    fn decide(&self, request: &Req, now: &Now) -> Result<BoxAdmissionFuture, Rejection> {
        Admission::decide(self, request, now).map(boxed)
    }
}

fn boxed<F, P>(decision: F) -> BoxAdmissionFuture
where
    F: Future<Output = Result<P, Rejection>> + Send + 'static,
    P: Permit + Send + 'static,
{
    BoxAdmissionFuture(Box::pin(async move {
        let permit = decision.await?;
        Ok(BoxPermit(Box::new(Slot(Some(permit)))))
    }))
}

trait ErasedPermit {
    fn complete(&mut self, end: &End);
    fn responded(&mut self, now: &Now, hold_at_most: Option<Duration>);
    fn report(&self, to: &mut Report);
}

struct Slot<P>(Option<P>);

impl<P: Permit> ErasedPermit for Slot<P> {
    fn complete(&mut self, end: &End) {
        if let Some(permit) = self.0.take() {
            permit.complete(end);
        }
    }
    fn responded(&mut self, now: &Now, hold_at_most: Option<Duration>) {
        self.0.responded(now, hold_at_most);
    }
    fn report(&self, to: &mut Report) {
        self.0.report(to);
    }
}
