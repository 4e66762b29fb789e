use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use floodwall_core::{Moment, Priority, Reason, Rejection};
use pin_project_lite::pin_project;
use tokio::time::{Instant, Sleep, sleep_until};

use super::core::Core;
use super::gate::{Enqueued, Ticket};
use super::permit::ConcurrencyPermit;
use super::room::{State, probe, take_part};
use crate::{Mode, Now};

pin_project! {
    /// The decision of a [`ConcurrencyLimit`](super::ConcurrencyLimit): a place, or a refusal.
    #[derive(Debug)]
    pub struct Acquire {
        // Taken by the permit.
        core: Option<Arc<Core>>,
        priority: Priority,
        deadline: Option<Instant>,
        now: Now,
        waiting: Option<Waiting>,
        // Boxed, because it is large and most never wait: whatever holds this moves it about.
        time_up: Option<Pin<Box<Sleep>>>,
    }

    impl PinnedDrop for Acquire {
        fn drop(this: Pin<&mut Self>) {
            let this = this.project();
            if let (Some(core), Some(waiting)) = (this.core.take(), this.waiting.take()) {
                core.gate.cancel(waiting.ticket, || core.origin.now());
                core.observer.unqueued(*this.priority);
                core.observer.waited(*this.priority, core.origin.now().since(waiting.since));
            }
        }
    }
}

#[derive(Clone, Copy, Debug)]
struct Waiting {
    ticket: Ticket,
    since: Moment,
}

impl Acquire {
    pub(super) const fn new(
        core: Arc<Core>,
        priority: Priority,
        deadline: Option<Instant>,
        now: Now,
    ) -> Self {
        Self {
            core: Some(core),
            priority,
            deadline,
            now,
            waiting: None,
            time_up: None,
        }
    }
}

impl Future for Acquire {
    type Output = Result<ConcurrencyPermit, Rejection>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let priority = *this.priority;
        // It stays where the drop finds it until all is decided: a timer may panic.
        let core = this.core.as_ref().expect(ONCE);

        let Some(waiting) = *this.waiting else {
            let decided = match (core.mode.get(), core.gate.is_draining()) {
                (Mode::Enforce, _) => enter(core, priority, *this.deadline, this.now, cx),
                (_, true) => Enqueued::Refused(Reason::Draining),
                (Mode::Shadow, false) => {
                    let expired = is_expired(*this.deadline);
                    let core = this.core.take().expect(ONCE);
                    return Poll::Ready(Ok(ConcurrencyPermit::shadow(core, priority, expired)));
                }
                (Mode::Off, false) => {
                    let core = this.core.take().expect(ONCE);
                    return Poll::Ready(Ok(ConcurrencyPermit::beside(core)));
                }
            };
            match decided {
                Enqueued::Entered => {
                    let core = this.core.take().expect(ONCE);
                    let at = |core: &Core| core.origin.now();
                    return Poll::Ready(Ok(ConcurrencyPermit::new(
                        core,
                        Duration::ZERO,
                        priority,
                        at,
                    )));
                }
                Enqueued::Refused(reason) => {
                    let refusal = core.refuse(priority, reason, this.now, Duration::ZERO);
                    *this.core = None;
                    return Poll::Ready(Err(refusal));
                }
                Enqueued::Waiting { ticket, expires } => {
                    core.observer.queued(priority);
                    let since = core.origin.moment(this.now.instant());
                    *this.waiting = Some(Waiting { ticket, since });
                    take_part(core, ticket, since, cx);
                    if let Some(expires) = core.origin.instant(expires) {
                        *this.time_up = Some(Box::pin(sleep_until(expires)));
                        // To be woken when it is over, and no sooner than that.
                        if let Some(time_up) = this.time_up.as_mut() {
                            if time_up.as_mut().poll(cx).is_ready() {
                                cx.waker().wake_by_ref();
                            }
                        }
                    }
                    return Poll::Pending;
                }
            }
        };

        let mut now = core.origin.now();
        take_part(core, waiting.ticket, now, cx);
        let mut decided = core.gate.poll_wait(waiting.ticket, now, cx.waker());
        if decided.is_pending() {
            if let Some(time_up) = this.time_up.as_mut() {
                let expires = core.origin.moment(time_up.deadline());
                if time_up.as_mut().poll(cx).is_ready() {
                    now = now.max(expires);
                    decided = core.gate.poll_wait(waiting.ticket, now, cx.waker());
                }
            }
        }
        let Poll::Ready(decided) = decided else {
            return Poll::Pending;
        };
        *this.waiting = None;
        let core = this.core.take().expect(ONCE);
        let waited = now.since(waiting.since);
        core.observer.unqueued(priority);
        core.observer.waited(priority, waited);
        Poll::Ready(match decided {
            Ok(()) => Ok(ConcurrencyPermit::new(core, waited, priority, |_| now)),
            Err(reason) => Err(core.refuse(priority, reason, &Now::unread(), waited)),
        })
    }
}

const ONCE: &str = "a decision is polled to its end once";

fn enter(
    core: &Arc<Core>,
    priority: Priority,
    deadline: Option<Instant>,
    now: &mut Now,
    cx: &Context<'_>,
) -> Enqueued {
    if is_expired(deadline) {
        return Enqueued::Refused(Reason::Deadline);
    }
    let room = core.room.state();
    if room == State::Shut {
        *now = Now::unread();
        probe(core, core.origin.moment(now.instant()));
    }
    if room != State::Open && core.gate.try_enter() {
        return Enqueued::Entered;
    }
    // What was read for the decision may be old by now: a policy before this one may have waited.
    *now = Now::unread();
    let deadline = deadline.map(|deadline| core.origin.moment(deadline));
    let at = core.origin.moment(now.instant());
    if room == State::Open {
        probe(core, at);
    }
    core.gate.enqueue(at, priority, deadline, cx.waker())
}

/// By a reading of its own, for the same reason.
fn is_expired(deadline: Option<Instant>) -> bool {
    deadline.is_some_and(|deadline| deadline <= Now::unread().instant())
}
