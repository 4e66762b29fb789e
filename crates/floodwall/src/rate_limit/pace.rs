use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use floodwall_core::rate::{KeyHash, SetDenied};
use floodwall_core::{Moment, Priority};
use pin_project_lite::pin_project;
use tokio::time::{Instant, Sleep, sleep_until};

use super::core::Core;
use super::permit::RatePermit;
use crate::Now;
use crate::spare::Lent;

/// Lets requests wait for their turn instead of refusing them: bounded in time and in number.
#[derive(Debug)]
pub(super) struct Pace {
    pub(super) max_wait: Duration,
    max_waiters: u32,
    waiting: AtomicU32,
}

impl Pace {
    pub(super) const fn new(max_wait: Duration, max_waiters: u32) -> Self {
        Self {
            max_wait,
            max_waiters,
            waiting: AtomicU32::new(0),
        }
    }

    pub(super) fn waiting(&self) -> u32 {
        self.waiting.load(Ordering::Relaxed)
    }

    fn join(&self) -> bool {
        let join = |waiting| (waiting < self.max_waiters).then(|| waiting + 1);
        let joined = self
            .waiting
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, join);
        joined.is_ok()
    }
}

pin_project! {
    /// A turn that was reserved, and is waited for.
    #[derive(Debug)]
    pub(super) struct Turn {
        #[pin]
        until: Sleep,
        place: Place,
        key: KeyHash,
        since: Instant,
    }
}

/// A place in the line, left when it is dropped.
#[derive(Debug)]
struct Place(Arc<Core>);

impl Drop for Place {
    fn drop(&mut self) {
        if let Some(pace) = &self.0.pace {
            pace.waiting.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

impl Turn {
    /// Takes a place in the line and reserves a turn, for a request that was `denied` at `at`. `None` if there is no line, no place, or no turn soon enough.
    #[cold]
    pub(super) fn reserve(
        core: &Arc<Core>,
        asked: (KeyHash, u32),
        denied: &SetDenied,
        at: Moment,
    ) -> Option<Pin<Box<Self>>> {
        let pace = core.pace.as_ref().filter(|_| core.may_wait(denied))?;
        let since = core.origin.instant(at)?;
        let place = pace.join().then(|| Place(Arc::clone(core)))?;
        let (key, cost) = asked;
        let (_, wait) = core.quotas.reserve(key, at, cost, pace.max_wait).ok()?;
        Some(Box::pin(Self {
            // Panics where there is no timer; the place is left then, too.
            until: sleep_until(since + wait),
            place,
            key,
            since,
        }))
    }

    /// Waits for the turn, and enters.
    pub(super) fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<RatePermit> {
        let this = self.project();
        ready!(this.until.poll(cx));
        let core = &this.place.0;
        let now = Now::unread().instant();
        let waited = now.saturating_duration_since(*this.since);
        core.observer.waited(Priority::NORMAL, waited);
        core.observer.admitted(Priority::NORMAL);
        let at = core.origin.moment(now);
        Poll::Ready(RatePermit::paced(
            Lent::counted(Arc::clone(core)),
            *this.key,
            at,
            waited,
        ))
    }
}
