use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use floodwall_core::{Moment, Outcome, Priority, Rejection, Report};
use pin_project_lite::pin_project;

use super::handle::Signals;
use super::hub::Hub;
use crate::Now;
use crate::admission::{Admission, End, Permit};
use crate::extract::{PriorityOf, Usual};
use crate::spare::{Lent, Owned};

impl Signals {
    /// Counts what comes to `policy` and what becomes of it: arrivals, admissions, refusals,
    /// completions and waiting times by class.
    ///
    /// Put it around the whole decision (outside of [`all`](crate::all), inside of
    /// [`exempt`](fn@crate::exempt)): each decision counts once. What a client's own quota refuses
    /// (429) enters neither demand nor arrivals. A caller who leaves while waiting has arrived and
    /// was not served. Work counts as completed when its permit ends, unless it never ran
    /// ([`Outcome::Refused`]).
    ///
    /// Without [`priority`](Observed::priority) all is counted as class 3.
    pub fn observe<A>(&self, policy: A) -> Observed<A> {
        self.hub().traffic.observe();
        Observed {
            policy,
            priority: Usual,
            hub: self.hub().clone(),
        }
    }
}

/// A policy whose decisions are counted; see [`Signals::observe`].
///
/// # Cancel safety
///
/// That of the policy.
///
/// ```
/// use floodwall::{ConcurrencyLimit, Priority, RateLimit, all, extract::priority_fn};
/// use floodwall::signals::Signals;
///
/// struct Job { urgent: bool }
/// let class = priority_fn(|job: &Job| if job.urgent { Priority::HIGH } else { Priority::LOW });
///
/// let signals = Signals::new();
/// let policy = signals
///     .observe(all((RateLimit::new("100/s")?, ConcurrencyLimit::new(8))))
///     .priority(class);
/// # let _ = policy;
/// # Ok::<(), floodwall::BuildError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Observed<A, P = Usual> {
    policy: A,
    priority: P,
    hub: Owned<Hub>,
}

impl<A, P> Observed<A, P> {
    /// Counts by the class that `priority` reads: the same that the limit uses.
    pub fn priority<Q>(self, priority: Q) -> Observed<A, Q> {
        Observed {
            policy: self.policy,
            priority,
            hub: self.hub,
        }
    }

    /// The policy.
    pub const fn policy(&self) -> &A {
        &self.policy
    }

    /// Counts one whom the policy refused at once.
    fn refused<Req: ?Sized>(&self, request: &Req, now: &Now, refusal: &Rejection)
    where
        P: PriorityOf<Req>,
    {
        let class = self.priority.priority(request);
        let arrival = Arrival::new(self.hub.origin.at(now), class);
        arrival.refused(&self.hub, refusal, arrival.at);
    }
}

impl<Req, A, P> Admission<Req> for Observed<A, P>
where
    Req: ?Sized,
    A: Admission<Req>,
    P: PriorityOf<Req>,
{
    type Permit = ObservedPermit<A::Permit>;
    type Future = ObservedFuture<A::Future>;

    fn peek(&self, request: &Req, now: &Now) -> Result<(), Rejection> {
        self.policy.peek(request, now)
    }

    fn check(&self, request: &Req, now: &Now) -> Result<(), Rejection> {
        let checked = self.policy.check(request, now);
        checked.inspect_err(|refusal| self.refused(request, now, refusal))
    }

    fn passed_over(&self, request: &Req, now: &Now, refusal: &Rejection) {
        // Not counted: an observed part of a composition counts what it decides itself.
        self.policy.passed_over(request, now, refusal);
    }

    fn admit(&self, request: &Req, now: &Now) -> Self::Future {
        let class = self.priority.priority(request);
        ObservedFuture {
            hub: self.hub.lend(),
            arrival: Arrival::new(self.hub.origin.at(now), class),
            deciding: self.policy.admit(request, now),
        }
    }

    fn decide(&self, request: &Req, now: &Now) -> Result<Self::Future, Rejection> {
        let deciding = match self.policy.decide(request, now) {
            Ok(deciding) => deciding,
            Err(refusal) => {
                self.refused(request, now, &refusal);
                return Err(refusal);
            }
        };
        let class = self.priority.priority(request);
        Ok(ObservedFuture {
            hub: self.hub.lend(),
            arrival: Arrival::new(self.hub.origin.at(now), class),
            deciding,
        })
    }

    fn decides_early(&self) -> bool {
        self.policy.decides_early()
    }

    #[inline]
    fn poll_into(
        decision: Pin<&mut Self::Future>,
        cx: &mut Context<'_>,
        place: &mut Option<Self::Permit>,
        refused: &mut Option<Rejection>,
    ) -> Poll<bool> {
        let this = decision.project();
        let observed = place.get_or_insert_with(ObservedPermit::none);
        let polled = A::poll_into(this.deciding, cx, &mut observed.permit, refused);
        let Poll::Ready(is_in) = polled else {
            if let Some(hub) = this.hub.get() {
                this.arrival.waits(hub);
            }
            return Poll::Pending;
        };
        let (lent, arrival) = (this.hub.take(), *this.arrival);
        if is_in {
            observed.begin(lent, arrival);
        } else {
            *place = None;
            if let (Some(hub), Some(refusal)) = (lent.get(), refused) {
                arrival.refused(hub, refusal, arrival.decided(hub));
            }
        }
        Poll::Ready(is_in)
    }
}

/// One request, from its arrival to its decision.
#[derive(Clone, Copy)]
struct Arrival {
    at: Moment,
    class: Priority,
    waits: bool,
}

impl Arrival {
    const fn new(at: Moment, class: Priority) -> Self {
        Self {
            at,
            class,
            waits: false,
        }
    }

    /// It is not decided yet: what waits has arrived.
    fn waits(&mut self, hub: &Hub) {
        if !self.waits {
            self.waits = true;
            hub.traffic.arrived(self.class, self.at);
        }
    }

    /// When it was decided: who did not wait was decided when it came.
    fn decided(self, hub: &Hub) -> Moment {
        if self.waits {
            hub.origin.now()
        } else {
            self.at
        }
    }

    fn admitted(self, hub: &Hub, now: Moment, waited: Duration) {
        let traffic = &hub.traffic;
        if self.waits {
            traffic.admitted(self.class, now);
        } else {
            traffic.went_straight_in(self.class, self.at);
        }
        traffic.waited(self.class, waited, now);
        hub.look(now);
    }

    /// The caller left while it waited: it has arrived already, and how long it waited is known.
    fn left(self, hub: &Hub) {
        let now = hub.origin.now();
        let waited = now.since(self.at);
        hub.traffic.waited(self.class, waited, now);
    }

    fn refused(self, hub: &Hub, refusal: &Rejection, now: Moment) {
        let traffic = &hub.traffic;
        if refusal.reason().is_clients_own() {
            if self.waits {
                traffic.not_arrived(self.class, self.at);
            }
            traffic.over_quota(now);
            return;
        }
        if !self.waits {
            traffic.arrived(self.class, self.at);
        }
        traffic.refused(self.class, now);
        if !refusal.waited().is_zero() {
            traffic.waited(self.class, refusal.waited(), now);
        }
        hub.look(now);
    }
}

pin_project! {
    /// The decision of an [`Observed`] policy.
    pub struct ObservedFuture<F> {
        // Taken when it is decided.
        hub: Lent<Hub>,
        arrival: Arrival,
        #[pin]
        deciding: F,
    }

    impl<F> PinnedDrop for ObservedFuture<F> {
        fn drop(this: Pin<&mut Self>) {
            let this = this.project();
            if let Some(hub) = this.hub.get().filter(|_| this.arrival.waits) {
                this.arrival.left(hub);
            }
        }
    }
}

impl<F, P> Future for ObservedFuture<F>
where
    F: Future<Output = Result<P, Rejection>>,
    P: Permit,
{
    type Output = Result<ObservedPermit<P>, Rejection>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let Poll::Ready(decision) = this.deciding.poll(cx) else {
            if let Some(hub) = this.hub.get() {
                this.arrival.waits(hub);
            }
            return Poll::Pending;
        };
        let (lent, arrival) = (this.hub.take(), *this.arrival);
        Poll::Ready(match decision {
            Ok(permit) => {
                let mut observed = ObservedPermit::none();
                observed.permit = Some(permit);
                observed.begin(lent, arrival);
                Ok(observed)
            }
            Err(refusal) => {
                let hub = lent.get().expect(ONCE);
                arrival.refused(hub, &refusal, arrival.decided(hub));
                Err(refusal)
            }
        })
    }
}

const ONCE: &str = "a decision is polled to its end once";

/// Who was decided at once has not waited, and need not be asked.
fn waited(permit: &impl Permit, has_waited: bool) -> Duration {
    let mut report = Report::default();
    if has_waited {
        permit.report(&mut report);
    }
    report.waited
}

impl<F> fmt::Debug for ObservedFuture<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ObservedFuture").finish_non_exhaustive()
    }
}

/// The permit of an [`Observed`] policy: when it ends, work has ended.
#[derive(Debug)]
pub struct ObservedPermit<P> {
    // There once it was let in; dropped before it is counted.
    permit: Option<P>,
    inside: Inside,
}

impl<P> ObservedPermit<P> {
    const fn none() -> Self {
        Self {
            permit: None,
            inside: Inside {
                hub: Lent::none(),
                class: Priority::NORMAL,
            },
        }
    }
}

impl<P: Permit> ObservedPermit<P> {
    /// It was let in.
    #[inline]
    fn begin(&mut self, lent: Lent<Hub>, arrival: Arrival) {
        let hub = lent.get().expect(ONCE);
        let now = arrival.decided(hub);
        arrival.admitted(hub, now, waited(&self.permit, arrival.waits));
        self.inside.class = arrival.class;
        self.inside.hub = lent;
    }
}

#[derive(Debug)]
struct Inside {
    // Empty when it has ended.
    hub: Lent<Hub>,
    class: Priority,
}

impl Inside {
    fn end(&mut self, outcome: Outcome, now: &Now) {
        if let Some(hub) = self.hub.take().get().filter(|_| outcome.ran()) {
            hub.traffic.completed(self.class, hub.origin.at(now));
        }
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        if self.hub.get().is_some() {
            self.end(Outcome::Cancelled, &Now::unread());
        }
    }
}

impl<P: Permit> Permit for ObservedPermit<P> {
    #[inline]
    fn complete(self, end: &End) {
        Self::complete_in(&mut Some(self), end);
    }

    #[inline]
    fn complete_in(place: &mut Option<Self>, end: &End) {
        if let Some(observed) = place {
            P::complete_in(&mut observed.permit, end);
            observed.inside.end(end.outcome(), end.now());
            *place = None;
        }
    }

    fn responded(&mut self, now: &Now, hold_at_most: Option<Duration>) {
        self.permit.responded(now, hold_at_most);
    }

    fn report(&self, to: &mut Report) {
        self.permit.report(to);
    }
}
