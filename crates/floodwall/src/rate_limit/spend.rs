use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use floodwall_core::rate::KeyHash;
use floodwall_core::{Priority, Reason, Rejection};
use pin_project_lite::pin_project;
use tokio::time::{Instant, Sleep, sleep_until};

use super::core::{Asked, Core};
use super::permit::{Charged, RatePermit};
use crate::{Mode, Now};

pin_project! {
    /// The decision of a [`RateLimit`](super::RateLimit): charged, or refused; with pacing, after
    /// waiting for its turn.
    #[derive(Debug)]
    pub struct Spend {
        // Taken by the permit.
        core: Option<Arc<Core>>,
        asked: Asked,
        now: Now,
        turn: Option<Turn>,
        // Boxed, because it is large and most never wait: whatever holds this moves it about.
        until: Option<Pin<Box<Sleep>>>,
    }

    impl PinnedDrop for Spend {
        fn drop(this: Pin<&mut Self>) {
            let this = this.project();
            if let (Some(core), Some(_)) = (this.core.take(), this.turn.take()) {
                if let Some(pace) = &core.pace {
                    pace.leave();
                }
            }
        }
    }
}

/// A turn that was reserved, and is waited for.
#[derive(Clone, Copy, Debug)]
struct Turn {
    since: Instant,
    key: KeyHash,
}

impl Spend {
    pub(super) const fn new(core: Arc<Core>, asked: Asked, now: Now) -> Self {
        Self {
            core: Some(core),
            asked,
            now,
            turn: None,
            until: None,
        }
    }
}

impl Future for Spend {
    type Output = Result<RatePermit, Rejection>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        // It stays where the drop finds it until all is decided: a timer may panic.
        if let Some(turn) = *this.turn {
            let until = this.until.as_mut().expect("set with the turn");
            ready!(until.as_mut().poll(cx));
            *this.turn = None;
            let core = this.core.take().expect(ONCE);
            if let Some(pace) = &core.pace {
                pace.leave();
            }
            let now = Now::unread().instant();
            let waited = now.saturating_duration_since(turn.since);
            core.observer.waited(Priority::NORMAL, waited);
            core.observer.admitted(Priority::NORMAL);
            let at = core.origin.moment(now);
            return Poll::Ready(Ok(RatePermit::paced(core, turn.key, at, waited)));
        }

        let core = this.core.take().expect(ONCE);
        if core.is_draining() {
            let refusal = Rejection::new(core.name, Reason::Draining);
            core.count(&refusal);
            return Poll::Ready(Err(refusal));
        }
        match core.mode.get() {
            Mode::Enforce => {}
            Mode::Shadow => return Poll::Ready(Ok(shadow(core, this.asked, this.now))),
            Mode::Off => return Poll::Ready(Ok(RatePermit::free())),
        }
        let key = match core.key(this.asked) {
            Ok(key) => key,
            Err(refusal) => {
                core.count(&refusal);
                return Poll::Ready(Err(refusal));
            }
        };
        let at = core.origin.at(this.now);
        match core.quotas.charge(key, at, this.asked.cost) {
            Ok(charges) => {
                core.observer.admitted(Priority::NORMAL);
                let charges = Some(charges);
                let charged = Charged { key, charges, at };
                Poll::Ready(Ok(RatePermit::charged(core, charged)))
            }
            Err(denied) => {
                let turn = match &core.pace {
                    Some(pace) if core.may_wait(&denied) => {
                        pace.reserve(&core, key, at, this.asked.cost)
                    }
                    _ => None,
                };
                let Some(wait) = turn else {
                    let refusal = core.refusal(key, &denied, this.now);
                    core.count(&refusal);
                    return Poll::Ready(Err(refusal));
                };
                let since = this.now.instant();
                // Before the timer, which panics where there is none: the drop leaves the line.
                *this.turn = Some(Turn { since, key });
                *this.core = Some(core);
                *this.until = Some(Box::pin(sleep_until(since + wait)));
                cx.waker().wake_by_ref();
                Poll::Pending
            }
        }
    }
}

const ONCE: &str = "a decision is polled to its end once";

/// Decides and counts as if it were for real, and lets it through.
fn shadow(core: Arc<Core>, asked: &Asked, now: &Now) -> RatePermit {
    let key: Result<KeyHash, Rejection> = core.key(asked);
    let at = core.origin.at(now);
    match key {
        Err(refusal) => core
            .observer
            .would_refuse(Priority::NORMAL, refusal.reason()),
        Ok(key) => match core.quotas.charge(key, at, asked.cost) {
            Ok(charges) => {
                core.observer.admitted(Priority::NORMAL);
                let charges = Some(charges);
                return RatePermit::shadow(core, Charged { key, charges, at });
            }
            Err(denied) if core.may_wait(&denied) => core.observer.would_wait(Priority::NORMAL),
            Err(denied) => core.observer.would_refuse(Priority::NORMAL, denied.reason),
        },
    }
    RatePermit::free()
}
