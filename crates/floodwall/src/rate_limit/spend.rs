use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use floodwall_core::rate::{KeyHash, SetDenied};
use floodwall_core::{Moment, Priority, Reason, Rejection};

use super::core::{Asked, Core};
use super::pace::Turn;
use super::permit::RatePermit;
use crate::spare::Lent;
use crate::{Mode, Now};

/// The decision of a [`RateLimit`](super::RateLimit): charged, or refused; with pacing, after
/// waiting for its turn.
#[derive(Debug)]
pub struct Spend {
    /// Taken by the permit, or by the turn that is waited for.
    core: Lent<Core>,
    asked: Asked,
    now: Now,
    /// Boxed, because it is large and most never wait: whatever holds this moves it about.
    turn: Option<Pin<Box<Turn>>>,
}

impl Spend {
    #[inline]
    pub(super) const fn new(core: Lent<Core>, asked: Asked, now: Now) -> Self {
        Self {
            core,
            asked,
            now,
            turn: None,
        }
    }

    fn denied(
        &mut self,
        core: &Arc<Core>,
        key: KeyHash,
        at: Moment,
        denied: &SetDenied,
        cx: &Context<'_>,
    ) -> Poll<Result<RatePermit, Rejection>> {
        let since = self.now.instant();
        match Turn::reserve(core, (key, self.asked.cost), denied, since, at) {
            None => {
                let refusal = core.refusal(key, denied, &self.now);
                core.count(&refusal);
                Poll::Ready(Err(refusal))
            }
            Some(turn) => {
                self.turn = Some(turn);
                cx.waker().wake_by_ref();
                Poll::Pending
            }
        }
    }
}

impl Future for Spend {
    type Output = Result<RatePermit, Rejection>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        if let Some(turn) = &mut this.turn {
            // It stays where the drop finds it until all is decided: a timer may panic.
            let permit = ready!(turn.as_mut().poll(cx));
            this.turn = None;
            return Poll::Ready(Ok(permit));
        }

        let lent = this.core.take();
        let core = lent.get().expect(ONCE);
        if core.is_draining() {
            let refusal = Rejection::new(core.name, Reason::Draining);
            core.count(&refusal);
            return Poll::Ready(Err(refusal));
        }
        match core.mode.get() {
            Mode::Enforce => {}
            Mode::Shadow => return Poll::Ready(Ok(shadow(lent, &this.asked, &this.now))),
            Mode::Off => return Poll::Ready(Ok(RatePermit::free())),
        }
        let key = match core.key(&this.asked) {
            Ok(key) => key,
            Err(refusal) => {
                core.count(&refusal);
                return Poll::Ready(Err(refusal));
            }
        };
        let at = core.origin.at(&this.now);
        match core.quotas.charge(key, at, this.asked.cost) {
            Ok(charges) => {
                core.observer.admitted(Priority::NORMAL);
                Poll::Ready(Ok(RatePermit::charged(lent, charges, at)))
            }
            Err(denied) => this.denied(core, key, at, &denied, cx),
        }
    }
}

const ONCE: &str = "a decision is polled to its end once";

/// Decides and counts as if it were for real, and lets it through.
#[cold]
fn shadow(lent: Lent<Core>, asked: &Asked, now: &Now) -> RatePermit {
    let core = lent.get().expect(ONCE);
    let key: Result<KeyHash, Rejection> = core.key(asked);
    let at = core.origin.at(now);
    match key {
        Err(refusal) => core
            .observer
            .would_refuse(Priority::NORMAL, refusal.reason()),
        Ok(key) => match core.quotas.charge(key, at, asked.cost) {
            Ok(charges) => {
                core.observer.admitted(Priority::NORMAL);
                return RatePermit::shadow(lent, charges, at);
            }
            Err(denied) if core.may_wait(&denied) => core.observer.would_wait(Priority::NORMAL),
            Err(denied) => core.observer.would_refuse(Priority::NORMAL, denied.reason),
        },
    }
    RatePermit::free()
}
