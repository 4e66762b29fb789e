use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use floodwall_core::{Moment, Priority, Reason, Rejection};
use pin_project_lite::pin_project;
use tokio::time::{Instant, Sleep, sleep_until};

use super::line::Place;
use super::permit::PartitionedPermit;
use super::shared::{Came, Shared};
use crate::concurrency::{Acquire, ConcurrencyPermit};
use crate::{Mode, Now};

pin_project! {
    /// The decision of a [`Partitioned`](super::Partitioned) limit: a place, or a refusal.
    #[derive(Debug)]
    pub struct PartitionedAcquire {
        // Taken by the permit.
        shared: Option<Arc<Shared>>,
        partition: usize,
        priority: Priority,
        deadline: Option<Instant>,
        waiting: Option<Waiting>,
        // Boxed, because it is large and most never wait.
        time_up: Option<Pin<Box<Sleep>>>,
    }

    impl PinnedDrop for PartitionedAcquire {
        fn drop(this: Pin<&mut Self>) {
            let this = this.project();
            if let (Some(shared), Some(waiting)) = (this.shared.take(), this.waiting.take()) {
                let core = &shared.core;
                core.observer.unqueued(*this.priority);
                core.observer.waited(*this.priority, core.origin.now().since(waiting.since));
                if shared.give_up(&waiting.place) {
                    shared.leaves(*this.partition);
                    core.gate.leave(|| core.origin.now());
                    shared.has_room();
                }
            }
        }
    }
}

#[derive(Debug)]
struct Waiting {
    place: Place,
    since: Moment,
}

impl PartitionedAcquire {
    pub(super) const fn new(
        shared: Arc<Shared>,
        partition: usize,
        priority: Priority,
        deadline: Option<Instant>,
    ) -> Self {
        Self {
            shared: Some(shared),
            partition,
            priority,
            deadline,
            waiting: None,
            time_up: None,
        }
    }
}

const ONCE: &str = "a decision is polled to its end once";

impl Future for PartitionedAcquire {
    type Output = Result<PartitionedPermit, Rejection>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let (partition, priority) = (*this.partition, *this.priority);
        // It stays where the drop finds it until all is decided: a timer may panic.
        let shared = this.shared.as_ref().expect(ONCE);
        let core = &shared.core;

        let Some(waiting) = this.waiting.as_ref() else {
            if core.mode.get() != Mode::Enforce || core.gate.is_draining() {
                let deadline = *this.deadline;
                let mut decided = Acquire::new(core.lend(), priority, deadline);
                let decided = ready!(Pin::new(&mut decided).poll(cx));
                let shared = this.shared.take().expect(ONCE);
                return Poll::Ready(decided.map(|permit| {
                    shared.counts_in(partition);
                    PartitionedPermit::new(shared, partition, permit)
                }));
            }
            let read = Now::unread();
            let came = if this
                .deadline
                .is_some_and(|deadline| deadline <= read.instant())
            {
                Came::Refused(Reason::Deadline)
            } else if shared.try_enter(partition) {
                Came::Entered
            } else {
                let deadline = this.deadline.map(|deadline| core.origin.moment(deadline));
                let now = core.origin.at(&read);
                shared.come(partition, now, priority, deadline, cx.waker())
            };
            match came {
                Came::Entered => {
                    let shared = this.shared.take().expect(ONCE);
                    return Poll::Ready(Ok(permit(shared, partition, priority, Duration::ZERO)));
                }
                Came::Refused(reason) => {
                    let refusal = core.refuse(priority, reason, &read, Duration::ZERO);
                    *this.shared = None;
                    return Poll::Ready(Err(refusal));
                }
                Came::Waits(place) => {
                    core.observer.queued(priority);
                    let since = core.origin.at(&read);
                    let expires = core.origin.instant(place.expires);
                    *this.waiting = Some(Waiting { place, since });
                    if let Some(expires) = expires {
                        let time_up = this.time_up.insert(Box::pin(sleep_until(expires)));
                        // To be woken when it is over, and no sooner than that.
                        if time_up.as_mut().poll(cx).is_ready() {
                            cx.waker().wake_by_ref();
                        }
                    }
                    return Poll::Pending;
                }
            }
        };

        let mut now = core.origin.now();
        let mut decided = shared.look(&waiting.place, now, cx.waker());
        if decided.is_none() {
            if let Some(time_up) = this.time_up.as_mut() {
                let expires = core.origin.moment(time_up.deadline());
                if time_up.as_mut().poll(cx).is_ready() {
                    now = now.max(expires);
                    decided = shared.look(&waiting.place, now, cx.waker());
                }
            }
        }
        let Some(decided) = decided else {
            return Poll::Pending;
        };
        let waited = now.since(waiting.since);
        core.observer.unqueued(priority);
        core.observer.waited(priority, waited);
        *this.waiting = None;
        let shared = this.shared.take().expect(ONCE);
        Poll::Ready(match decided {
            Ok(()) => Ok(permit(shared, partition, priority, waited)),
            Err(reason) => Err(shared.core.refuse(priority, reason, &Now::unread(), waited)),
        })
    }
}

/// For a place that is taken and counted.
fn permit(
    shared: Arc<Shared>,
    partition: usize,
    priority: Priority,
    waited: Duration,
) -> PartitionedPermit {
    let core = shared.core.lend();
    let inner = ConcurrencyPermit::new(core, waited, priority, |core| core.origin.now());
    PartitionedPermit::new(shared, partition, inner)
}
