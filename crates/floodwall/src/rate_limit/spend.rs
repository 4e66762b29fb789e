use std::pin::Pin;
use std::task::{Context, Poll, ready};

use floodwall_core::rate::{Charges, KeyHash, SetDenied};
use floodwall_core::{Moment, Priority, Reason, Rejection};

use super::core::{Asked, Core};
use super::pace::Turn;
use super::permit::RatePermit;
use crate::Mode;
use crate::seldom::Seldom;
use crate::spare::Lent;

/// The decision of a [`RateLimit`](super::RateLimit): charged, or refused; with pacing, after
/// waiting for its turn.
#[derive(Debug)]
pub struct Spend {
    /// Taken by the permit, or by the turn that is waited for.
    core: Lent<Core>,
    asked: Asked,
    at: Moment,
    /// Boxed, because it is large and most never wait: whatever holds this moves it about.
    turn: Seldom<Pin<Box<Turn>>>,
}

impl Spend {
    #[inline]
    pub(super) const fn new(core: Lent<Core>, asked: Asked, at: Moment) -> Self {
        Self {
            core,
            asked,
            at,
            turn: Seldom::none(),
        }
    }

    /// Decides, and leaves the permit in `place`.
    #[inline]
    pub(super) fn poll_into(
        &mut self,
        cx: &mut Context<'_>,
        place: &mut Option<RatePermit>,
        refused: &mut Option<Rejection>,
    ) -> Poll<bool> {
        let usual = self.core.get().is_some_and(|core| core.is_usual());
        match self.asked.key {
            Ok(key) if usual => self.charge(key, cx, place, refused),
            _ => self.poll_unusual(cx, place, refused),
        }
    }

    #[inline]
    fn charge(
        &mut self,
        key: KeyHash,
        cx: &mut Context<'_>,
        place: &mut Option<RatePermit>,
        refused: &mut Option<Rejection>,
    ) -> Poll<bool> {
        let core = self.core.get().expect(ONCE);
        let at = self.at;
        // Made where it stays, and charged there.
        let permit = place.insert(RatePermit::charged(Lent::none(), Charges::none(key), at));
        match core
            .quotas
            .charge_into(&mut permit.charges, at, self.asked.cost)
        {
            Ok(()) => {
                core.observer.admitted(Priority::NORMAL);
                permit.core = self.core.take();
                Poll::Ready(true)
            }
            Err(denied) => {
                *place = None;
                self.denied(key, &denied, cx, refused)
            }
        }
    }

    /// Waiting for its turn, without a key, or not in a mode that refuses.
    #[cold]
    fn poll_unusual(
        &mut self,
        cx: &mut Context<'_>,
        place: &mut Option<RatePermit>,
        refused: &mut Option<Rejection>,
    ) -> Poll<bool> {
        if let Some(turn) = self.turn.as_mut() {
            // It stays where the drop finds it until all is decided: a timer may panic.
            let permit = ready!(turn.as_mut().poll(cx));
            self.turn.clear();
            *place = Some(permit);
            return Poll::Ready(true);
        }
        let core = self.core.get().expect(ONCE);
        let mode = core.mode.get();
        let refusal = if core.is_draining() {
            Some(Rejection::new(core.name, Reason::Draining))
        } else if mode == Mode::Enforce {
            match core.key(&self.asked) {
                Ok(key) => return self.charge(key, cx, place, refused),
                Err(refusal) => Some(refusal),
            }
        } else {
            None
        };
        if let Some(refusal) = refusal {
            core.count(&refusal);
            drop(self.core.take());
            *refused = Some(refusal);
            return Poll::Ready(false);
        }
        let lent = self.core.take();
        *place = Some(match mode {
            Mode::Shadow => shadow(lent, &self.asked, self.at),
            _ => RatePermit::free(),
        });
        Poll::Ready(true)
    }

    #[cold]
    fn denied(
        &mut self,
        key: KeyHash,
        denied: &SetDenied,
        cx: &Context<'_>,
        refused: &mut Option<Rejection>,
    ) -> Poll<bool> {
        let lent = self.core.take();
        let core = lent.get().expect(ONCE);
        match Turn::reserve(core, (key, self.asked.cost), denied, self.at) {
            None => {
                let refusal = core.refusal(key, denied, self.at);
                core.count(&refusal);
                *refused = Some(refusal);
                Poll::Ready(false)
            }
            Some(turn) => {
                self.turn.put(turn);
                cx.waker().wake_by_ref();
                Poll::Pending
            }
        }
    }
}

impl Future for Spend {
    type Output = Result<RatePermit, Rejection>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let (mut place, mut refused) = (None, None);
        let decided = self.get_mut().poll_into(cx, &mut place, &mut refused);
        decided.map(|_| match refused {
            Some(refusal) => Err(refusal),
            None => Ok(place.expect(ONCE)),
        })
    }
}

const ONCE: &str = "a decision is polled to its end once";

/// Decides and counts as if it were for real, and lets it through.
#[cold]
fn shadow(lent: Lent<Core>, asked: &Asked, at: Moment) -> RatePermit {
    let core = lent.get().expect(ONCE);
    let key: Result<KeyHash, Rejection> = core.key(asked);
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
