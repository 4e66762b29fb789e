mod at_once;

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use floodwall_core::queue::Tenant;
use floodwall_core::{Moment, Priority, Reason, Rejection};
use pin_project_lite::pin_project;
use tokio::time::{Instant, Sleep, sleep_until};

use self::at_once::AtOnce;
use super::core::Core;
use super::gate::{Comer, Enqueued, Gate, Ticket};
use super::permit::ConcurrencyPermit;
use super::room::{State, probe, take_part};
use crate::seldom::Seldom;
use crate::spare::Lent;
use crate::{Mode, Now};

/// The decision of a [`ConcurrencyLimit`](super::ConcurrencyLimit): a place, or a refusal.
#[derive(Debug)]
pub struct Acquire {
    // Taken by the permit.
    core: Lent<Core>,
    // Or `Moment::MAX`.
    deadline: Moment,
    // Boxed, because it is large and most never wait: whatever holds this moves it about.
    waiting: Seldom<Pin<Box<Waiting>>>,
    // Or how to provide what it is told by.
    tenant: Result<Tenant, &'static str>,
    priority: Priority,
    // It has not come yet, and nothing but whether there is a place matters.
    usual: bool,
}

pin_project! {
    #[derive(Debug)]
    struct Waiting {
        ticket: Ticket,
        since: Moment,
        #[pin]
        time_up: Option<Sleep>,
    }
}

impl Acquire {
    #[inline]
    pub(super) fn new(core: Lent<Core>, priority: Priority, deadline: Option<Instant>) -> Self {
        let deadline = match (deadline, core.get()) {
            (Some(deadline), Some(core)) => core.origin.moment(deadline),
            _ => Moment::MAX,
        };
        Self {
            core,
            deadline,
            waiting: Seldom::none(),
            tenant: Ok(Tenant::NOBODY),
            priority,
            usual: deadline == Moment::MAX,
        }
    }

    #[inline]
    pub(super) const fn of(mut self, tenant: Result<Tenant, &'static str>) -> Self {
        self.usual &= tenant.is_ok();
        self.tenant = tenant;
        self
    }

    fn comes_or_waits(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Result<ConcurrencyPermit, Rejection>> {
        if self.waiting.is_some() {
            return self.look(cx);
        }
        self.usual = false;
        self.come(cx)
    }

    /// What becomes of one who comes.
    #[cold]
    fn come(&mut self, cx: &mut Context<'_>) -> Poll<Result<ConcurrencyPermit, Rejection>> {
        // It stays where the drop finds it until all is decided: a timer may panic.
        let core = self.core.get().expect(ONCE);
        let priority = self.priority;
        let mut now = Now::unread();
        let mut told = None;
        let decided = match (core.mode.get(), core.gate.is_draining()) {
            (Mode::Enforce, _) => match self.tenant {
                Ok(tenant) => {
                    let comer = Comer { priority, tenant };
                    let (decided, retry_after) = enter(core, comer, self.deadline, &mut now, cx);
                    told = retry_after;
                    decided
                }
                Err(_) => Enqueued::Refused(Reason::MissingKey),
            },
            (_, true) => Enqueued::Refused(Reason::Draining),
            (Mode::Shadow, false) => {
                let expired = is_expired(core, self.deadline, &now);
                let permit = ConcurrencyPermit::shadow(self.core.take(), priority, expired);
                return Poll::Ready(Ok(permit));
            }
            (Mode::Off, false) => {
                return Poll::Ready(Ok(ConcurrencyPermit::beside(self.core.take())));
            }
        };
        match decided {
            Enqueued::Entered => Poll::Ready(Ok(self.entered())),
            Enqueued::Refused(reason) => {
                let refusal = match self.tenant {
                    Err(fix) if reason == Reason::MissingKey => {
                        let refusal = core.missing(fix);
                        core.count(priority, &refusal);
                        refusal
                    }
                    _ => match told {
                        Some(retry_after) => core.refuse_told(priority, reason, retry_after),
                        None => core.refuse(priority, reason, &now, Duration::ZERO),
                    },
                };
                drop(self.core.take());
                Poll::Ready(Err(refusal))
            }
            Enqueued::Waiting { ticket, expires } => {
                core.observer.queued(priority);
                let since = core.origin.at(&now);
                let waiting = self.waiting.put(Box::pin(Waiting {
                    ticket,
                    since,
                    time_up: None,
                }));
                take_part(core, ticket, since, cx);
                if let Some(expires) = core.origin.instant(expires) {
                    let mut time_up = waiting.as_mut().project().time_up;
                    time_up.set(Some(sleep_until(expires)));
                    // To be woken when it is over, and no sooner than that.
                    if time_up
                        .as_pin_mut()
                        .is_some_and(|time_up| time_up.poll(cx).is_ready())
                    {
                        cx.waker().wake_by_ref();
                    }
                }
                Poll::Pending
            }
        }
    }

    #[cold]
    fn give_up(&mut self) {
        if let (Some(waiting), Some(core)) = (self.waiting.take(), self.core.get()) {
            core.gate.cancel(waiting.ticket, || core.origin.now());
            core.observer.unqueued(self.priority);
            let waited = core.origin.now().since(waiting.since);
            core.observer.waited(self.priority, waited);
        }
    }

    /// Whether the turn of one who waits has come.
    #[inline(never)]
    fn look(&mut self, cx: &mut Context<'_>) -> Poll<Result<ConcurrencyPermit, Rejection>> {
        let Some(waiting) = self.waiting.as_mut() else {
            return Poll::Pending;
        };
        let core = self.core.get().expect(ONCE);
        let waiting = waiting.as_mut().project();
        let (ticket, since) = (*waiting.ticket, *waiting.since);
        let mut now = core.origin.now();
        take_part(core, ticket, now, cx);
        let mut decided = core.gate.poll_turn(ticket, now, cx.waker());
        if decided.is_pending() {
            if let Some(time_up) = waiting.time_up.as_pin_mut() {
                let expires = core.origin.moment(time_up.deadline());
                if time_up.poll(cx).is_ready() {
                    now = now.max(expires);
                    decided = core.gate.poll_turn(ticket, now, cx.waker());
                }
            }
        }
        let Poll::Ready(decided) = decided else {
            return Poll::Pending;
        };
        self.waiting.clear();
        let priority = self.priority;
        let waited = now.since(since);
        core.observer.unqueued(priority);
        core.observer.waited(priority, waited);
        let lent = self.core.take();
        Poll::Ready(match (decided, lent.get()) {
            (Err(reason), Some(core)) => Err(core.refuse(priority, reason, &Now::unread(), waited)),
            (decided, _) => {
                let permit = ConcurrencyPermit::new(lent, waited, priority, |_| now);
                Ok(permit.of_turn(decided.ok().flatten()))
            }
        })
    }
}

impl Future for Acquire {
    type Output = Result<ConcurrencyPermit, Rejection>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        match this.at_once() {
            AtOnce::Enters => Poll::Ready(Ok(this.entered())),
            AtOnce::TurnedAway(reason) => Poll::Ready(Err(this.turn_away(reason))),
            AtOnce::NotDecided => this.comes_or_waits(cx),
        }
    }
}

impl Drop for Acquire {
    #[inline]
    fn drop(&mut self) {
        if self.waiting.is_some() {
            self.give_up();
        }
    }
}

const ONCE: &str = "a decision is polled to its end once";

#[inline]
fn enter(
    core: &Arc<Core>,
    comer: Comer,
    deadline: Moment,
    now: &mut Now,
    cx: &Context<'_>,
) -> (Enqueued, Option<Duration>) {
    if is_expired(core, deadline, &Now::unread()) {
        return (Enqueued::Refused(Reason::Deadline), None);
    }
    let room = core.room.state();
    if room == State::Shut {
        probe(core, core.origin.at(now));
    }
    if room != State::Open && core.gate.try_enter() {
        return (Enqueued::Entered, None);
    }
    if let Some(decided) = core.gate.enqueue_nowhere() {
        return (decided, Some(Gate::RETRY_WITHOUT_QUEUE));
    }
    // Probing may have taken its time.
    *now = Now::unread();
    let at = core.origin.at(now);
    if room == State::Open {
        probe(core, at);
    }
    let deadline = (deadline != Moment::MAX).then_some(deadline);
    let (decided, retry_after) = core.gate.enqueue_told(at, comer, deadline, cx.waker());
    (decided, Some(retry_after))
}

/// By a reading of its own: a policy before this one may have waited.
fn is_expired(core: &Core, deadline: Moment, now: &Now) -> bool {
    deadline != Moment::MAX && deadline <= core.origin.at(now)
}
