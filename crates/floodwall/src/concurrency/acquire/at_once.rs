//! What becomes of nearly everybody, on the shortest way: in, or in a flood without a queue, away.

use std::task::{Context, Poll};
use std::time::Duration;

use floodwall_core::{Reason, Rejection};

use super::super::core::Core;
use super::super::gate::Gate;
use super::super::permit::ConcurrencyPermit;
use super::super::room::State;
use super::{Acquire, ONCE};
use crate::Mode;

/// What can be decided without a clock and without a lock.
pub(super) enum AtOnce {
    Enters,
    TurnedAway(Reason),
    NotDecided,
}

impl Acquire {
    /// Decides, and leaves the permit in `place`.
    // As a part of whoever polls, so that the permit is made where it stays: a copy of what was just
    // written takes longer than all the rest.
    #[inline(always)]
    pub(in super::super) fn poll_into(
        &mut self,
        cx: &mut Context<'_>,
        place: &mut Option<ConcurrencyPermit>,
        refused: &mut Option<Rejection>,
    ) -> Poll<bool> {
        match self.at_once() {
            AtOnce::Enters => {
                *place = Some(self.entered());
                Poll::Ready(true)
            }
            AtOnce::TurnedAway(reason) => {
                self.turn_away_into(reason, refused);
                Poll::Ready(false)
            }
            AtOnce::NotDecided => self.comes_or_waits_into(cx, place, refused),
        }
    }

    /// Decided without a clock and without a lock, if it can be.
    #[inline(always)]
    pub(super) fn at_once(&self) -> AtOnce {
        let Some(core) = self.usual_core() else {
            return AtOnce::NotDecided;
        };
        if core.gate.try_enter() {
            return AtOnce::Enters;
        }
        match core.gate.reason_without_queue() {
            Some(reason) => AtOnce::TurnedAway(reason),
            None => AtOnce::NotDecided,
        }
    }

    #[inline(never)]
    fn turn_away_into(&mut self, reason: Reason, refused: &mut Option<Rejection>) {
        let lent = self.core.take();
        let core = lent.get().expect(ONCE);
        // Counted when it is where it stays: what was just written had better not be copied at once.
        let refusal = refused.insert(core.refusal_told(reason, Gate::RETRY_WITHOUT_QUEUE));
        core.count(self.priority, refusal);
    }

    #[inline(never)]
    pub(super) fn turn_away(&mut self, reason: Reason) -> Rejection {
        let lent = self.core.take();
        let core = lent.get().expect(ONCE);
        core.refuse_told(self.priority, reason, Gate::RETRY_WITHOUT_QUEUE)
    }

    #[inline(never)]
    fn comes_or_waits_into(
        &mut self,
        cx: &mut Context<'_>,
        place: &mut Option<ConcurrencyPermit>,
        refused: &mut Option<Rejection>,
    ) -> Poll<bool> {
        let Poll::Ready(decided) = self.comes_or_waits(cx) else {
            return Poll::Pending;
        };
        match decided {
            Ok(permit) => *place = Some(permit),
            Err(refusal) => *refused = Some(refusal),
        }
        Poll::Ready(refused.is_none())
    }

    /// If it comes now, and whether there is a place is all that matters.
    #[inline(always)]
    fn usual_core(&self) -> Option<&Core> {
        let core = self.core.get().filter(|_| self.usual)?;
        let usual = core.mode.get() == Mode::Enforce && core.room.state() == State::Off;
        usual.then_some(core)
    }

    #[inline(always)]
    pub(super) fn entered(&mut self) -> ConcurrencyPermit {
        let core = self.core.take();
        ConcurrencyPermit::new(core, Duration::ZERO, self.priority, |core| {
            core.origin.now()
        })
    }
}
