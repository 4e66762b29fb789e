use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use floodwall_core::{Priority, Rejection, Report};
use pin_project_lite::pin_project;
use tokio::time::Instant;

use super::asked::{AnyKey, Asked, Known, Turns};
use super::kind::AnyOf;
use super::priority::{AnyDeadline, AnyPriority};
use super::quota::StackQuota;
use super::{Description, Explanation, StackBuilder, StackHandle};
use crate::admission::{Admission, All, And, End, Exempting, Matches, Permit};
use crate::extract::PriorityOf;
use crate::http::{AdmitLayer, Head, QueueLatencyLayer, hand_on};
use crate::queue_latency::QueueLatency;
use crate::signals::{Observed, Signals};
use crate::{ConcurrencyLimit, Now, Shed};

pub(super) type StackShed = Shed<Known, AnyKey, Known>;
pub(super) type StackLimit = ConcurrencyLimit<Known, Known, Turns>;
type Quota = Option<StackQuota>;
pub(super) type Policies = Observed<Together, Known>;
pub(super) type Together =
    All<And<Quota, And<Quota, And<Quota, And<Quota, And<Option<StackShed>, Option<StackLimit>>>>>>>;

/// The recommended wall as one policy; see the [module](crate::stack).
///
/// Clones share all state.
///
/// ```
/// use axum::{Router, routing::get};
/// use floodwall::Stack;
/// use floodwall::http::{client_address, header, path, preflight};
///
/// let wall = Stack::builder()
///     .exempt(path("/healthz"))
///     .exempt(preflight())
///     .priority(header("x-priority").trusted(["10.0.0.0/8"])?)
///     .quota("100/s burst 50", client_address().behind(["10.0.0.0/8"])?)
///     .limit(64)
///     .shed()
///     .build()?;
/// println!("{}", wall.describe());
/// let app: Router = Router::new().route("/", get(|| async { "hello" })).layer(wall.layer());
/// # drop(app);
/// # Ok::<(), floodwall::BuildError>(())
/// ```
#[derive(Clone)]
pub struct Stack {
    policy: Exempting<Arc<AnyOf>, Wall>,
    description: Arc<Description>,
    latency: QueueLatencyLayer,
}

/// What is not exempt: reads the request once, then asks all policies.
#[derive(Clone)]
pub(super) struct Wall {
    pub(super) shared: Arc<Shared>,
}

pub(super) struct Shared {
    pub(super) priority: Option<AnyPriority>,
    pub(super) deadline: Option<AnyDeadline>,
    pub(super) retries: Box<dyn Matches<Head> + Send + Sync>,
    pub(super) policies: Policies,
    pub(super) quotas: Vec<StackQuota>,
    pub(super) shed: Option<StackShed>,
    pub(super) limit: Option<StackLimit>,
    pub(super) signals: Signals,
    pub(super) hand_on: bool,
}

impl Stack {
    /// Begins with nothing: what is not asked for is not there.
    pub fn builder() -> StackBuilder {
        StackBuilder::new()
    }

    pub(super) fn assemble(
        policy: Exempting<Arc<AnyOf>, Wall>,
        description: Description,
        latency: QueueLatencyLayer,
    ) -> Self {
        Self {
            policy,
            description: Arc::new(description),
            latency,
        }
    }

    /// The whole wall as a layer for HTTP services: outermost the stamp from which on waiting is
    /// measured, then the decision. Refusals are responses.
    pub fn layer(&self) -> StackLayer {
        tower_layer::Stack::new(self.admit_layer(), self.latency_layer())
    }

    /// The decision alone, to set [answers](AdmitLayer::answers) or how long a place is
    /// [held](AdmitLayer::hold_until). It belongs inside of
    /// [`latency_layer`](Stack::latency_layer).
    pub fn admit_layer(&self) -> AdmitLayer<Self> {
        let layer = AdmitLayer::around(self.clone());
        if self.wall().shared.hand_on {
            layer.hand_on_priority(hand_on(self.clone()))
        } else {
            layer
        }
    }

    /// The stamp alone: measures how long requests wait, tells the handler
    /// ([`QueueLatency`](crate::QueueLatency)) and the [signals](Stack::signals).
    pub fn latency_layer(&self) -> QueueLatencyLayer {
        self.latency.clone()
    }

    /// How loaded the service is, as all parts of this stack see it.
    pub fn signals(&self) -> &Signals {
        &self.wall().shared.signals
    }

    /// What was built, part by part, in the order in which they decide.
    pub fn describe(&self) -> &Description {
        &self.description
    }

    /// What would become of a request with this head, now, and why; changes nothing.
    pub fn explain(&self, head: &Head) -> Explanation {
        super::explain::explain(self, self.exempts(head), head)
    }

    /// To look at all parts and to change them while requests run.
    pub fn handle(&self) -> StackHandle {
        StackHandle::new(Arc::clone(&self.wall().shared), self.policy.own().handle())
    }

    /// Whether a request is exempt: neither quotas nor shedding nor the queue count for it.
    pub fn exempts(&self, head: &Head) -> bool {
        self.policy.kind().matches(head)
    }

    /// How urgent a request is, as the stack reads it; as [`PriorityOf`] it can be
    /// [handed on](crate::http::AdmitLayer::hand_on_priority).
    pub fn priority_of(&self, head: &Head) -> Priority {
        self.wall().shared.priority_of(head)
    }

    pub(super) fn exempt_by(&self, head: &Head) -> Option<String> {
        let kinds = &self.policy.kind().0;
        let kind = kinds.iter().find(|kind| kind.matches(head))?;
        Some(format!("{kind:?}"))
    }

    pub(super) fn wall(&self) -> &Wall {
        self.policy.policy()
    }

    pub(super) fn peek_exempt(&self, head: &Head, now: &Now) -> Result<(), Rejection> {
        self.policy.own().peek(head, now)
    }
}

impl PriorityOf<Head> for Stack {
    fn priority(&self, head: &Head) -> Priority {
        self.priority_of(head)
    }
}

impl Shared {
    pub(super) fn priority_of(&self, head: &Head) -> Priority {
        self.priority
            .as_ref()
            .map_or(Priority::NORMAL, |reader| reader.priority(head))
    }

    /// The earlier of what the request says and of the same counted from its honest arrival, where a
    /// layer further out has stamped that.
    fn deadline_of(&self, head: &Head, now: &Now) -> Option<Instant> {
        let reader = self.deadline.as_ref()?;
        let stamped = head.extensions.get::<QueueLatency>();
        let from_arrival = stamped.and_then(QueueLatency::deadline);
        let from_here = reader.deadline(head, now);
        from_arrival.into_iter().chain(from_here).min()
    }

    pub(super) fn ask<'a>(&self, head: &'a Head, now: &Now) -> Asked<'a> {
        Asked {
            head,
            priority: self.priority_of(head),
            deadline: self.deadline_of(head, now),
            retry: self.retries.matches(head),
        }
    }
}

/// The layer of a whole [`Stack`]: the stamp outermost, then the decision.
pub type StackLayer = tower_layer::Stack<AdmitLayer<Stack>, QueueLatencyLayer>;

type WallFuture = <Policies as Admission<Asked<'static>>>::Future;
type WallPermit = <Policies as Admission<Asked<'static>>>::Permit;

impl Admission<Head> for Wall {
    type Permit = WallPermit;
    type Future = WallFuture;

    fn peek(&self, head: &Head, now: &Now) -> Result<(), Rejection> {
        self.shared.policies.peek(&self.shared.ask(head, now), now)
    }
    fn check(&self, head: &Head, now: &Now) -> Result<(), Rejection> {
        self.shared.policies.check(&self.shared.ask(head, now), now)
    }
    fn passed_over(&self, head: &Head, now: &Now, refusal: &Rejection) {
        let asked = self.shared.ask(head, now);
        self.shared.policies.passed_over(&asked, now, refusal);
    }
    fn admit(&self, head: &Head, now: &Now) -> WallFuture {
        self.shared.policies.admit(&self.shared.ask(head, now), now)
    }
    #[inline]
    fn poll_into(
        decision: Pin<&mut Self::Future>,
        cx: &mut Context<'_>,
        place: &mut Option<Self::Permit>,
        refused: &mut Option<Rejection>,
    ) -> Poll<bool> {
        <Policies as Admission<Asked<'static>>>::poll_into(decision, cx, place, refused)
    }
}

type Inner = Exempting<Arc<AnyOf>, Wall>;

impl Admission<Head> for Stack {
    type Permit = StackPermit;
    type Future = StackFuture;

    fn peek(&self, head: &Head, now: &Now) -> Result<(), Rejection> {
        self.policy.peek(head, now)
    }
    fn check(&self, head: &Head, now: &Now) -> Result<(), Rejection> {
        self.policy.check(head, now)
    }
    fn passed_over(&self, head: &Head, now: &Now, refusal: &Rejection) {
        self.policy.passed_over(head, now, refusal);
    }
    fn admit(&self, head: &Head, now: &Now) -> StackFuture {
        StackFuture {
            inner: self.policy.admit(head, now),
        }
    }
    #[inline]
    fn poll_into(
        decision: Pin<&mut Self::Future>,
        cx: &mut Context<'_>,
        place: &mut Option<Self::Permit>,
        refused: &mut Option<Rejection>,
    ) -> Poll<bool> {
        let permit = place.get_or_insert(StackPermit { inner: None });
        let inner = decision.project().inner;
        let is_in = ready!(Inner::poll_into(inner, cx, &mut permit.inner, refused));
        if !is_in {
            *place = None;
        }
        Poll::Ready(is_in)
    }
}

pin_project! {
    /// The decision of a [`Stack`].
    ///
    /// # Cancel safety
    ///
    /// Dropping it while it waits gives back its place in the queue and undoes its charges as far as
    /// that is exact.
    pub struct StackFuture {
        #[pin]
        inner: <Inner as Admission<Head>>::Future,
    }
}

impl Future for StackFuture {
    type Output = Result<StackPermit, Rejection>;
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.project()
            .inner
            .poll(cx)
            .map_ok(|inner| StackPermit { inner: Some(inner) })
    }
}

/// What a request holds that a [`Stack`] admitted.
pub struct StackPermit {
    // There once it was let in.
    inner: Option<<Inner as Admission<Head>>::Permit>,
}

impl Permit for StackPermit {
    fn complete(self, end: &End) {
        self.inner.complete(end);
    }
    #[inline]
    fn complete_in(place: &mut Option<Self>, end: &End) {
        if let Some(permit) = place {
            Permit::complete_in(&mut permit.inner, end);
            *place = None;
        }
    }
    fn responded(&mut self, now: &Now, hold_at_most: Option<Duration>) {
        self.inner.responded(now, hold_at_most);
    }
    fn report(&self, to: &mut Report) {
        self.inner.report(to);
    }
}

impl fmt::Debug for Stack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.description)
    }
}

impl fmt::Debug for StackFuture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StackFuture")
    }
}

impl fmt::Debug for StackPermit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StackPermit")
    }
}
