use std::mem;
use std::time::Duration;

use floodwall_core::queue::Served;
use floodwall_core::{Moment, Outcome, Priority, Reason, Report};

use super::adaptive::{Left, Stay};
use super::core::Core;
use super::gate::HoldId;
use super::shadow::Verdict;
use crate::Now;
use crate::admission::{End, Permit};
use crate::seldom::Seldom;
use crate::spare::Lent;

/// A place inside; given back when it is completed or dropped.
#[derive(Debug)]
pub struct ConcurrencyPermit {
    // Empty when it was given back.
    core: Lent<Core>,
    waited_nanos: u64,
    stay: Stay,
    // Holds a place in what shadow mode would let in.
    shadow: bool,
    // Of a limit that moves.
    learns: bool,
    // Boxed, because most have nothing of it: whatever holds this moves it about.
    rare: Seldom<Box<Rare>>,
}

#[derive(Debug, Default)]
struct Rare {
    hold: Option<HoldId>,
    served: Option<Served>,
}

impl ConcurrencyPermit {
    /// `now` is asked by a limit that moves only.
    #[inline(always)]
    pub(super) fn new(
        core: Lent<Core>,
        waited: Duration,
        priority: Priority,
        now: impl FnOnce(&Core) -> Moment,
    ) -> Self {
        let (mut learns, mut stay) = (false, Stay::NONE);
        if let Some(core) = core.get() {
            core.observer.admitted(priority);
            core.observer.entered(|| core.gate.limit());
            learns = core.learner.is_some();
            if learns {
                stay = Stay::begin(now(core), core.gate.in_flight());
            }
        }
        // In one go, and at last: what is changed after it was made is copied once more.
        Self {
            core,
            waited_nanos: waited.as_nanos() as u64,
            shadow: false,
            learns,
            stay,
            rare: Seldom::none(),
        }
    }

    const fn within(core: Lent<Core>, waited: Duration) -> Self {
        Self {
            core,
            waited_nanos: waited.as_nanos() as u64,
            stay: Stay::NONE,
            shadow: false,
            learns: false,
            rare: Seldom::none(),
        }
    }

    /// For one that may have gone in by its tenant's turn.
    pub(super) fn of_turn(mut self, served: Option<Served>) -> Self {
        if served.is_some() {
            self.rare.get_or_default().served = served;
        }
        self
    }

    /// Lets in whoever comes, and counts what is inside.
    pub(super) fn beside(core: Lent<Core>) -> Self {
        if let Some(core) = core.get() {
            core.gate.force_enter();
            core.observer.entered(|| core.gate.limit());
        }
        Self::within(core, Duration::ZERO)
    }

    /// The same, and counts what would have become of it.
    pub(super) fn shadow(core: Lent<Core>, priority: Priority, expired: bool) -> Self {
        let verdict = core.get().map(|core| {
            let verdict = if expired {
                Verdict::Refused(Reason::Deadline)
            } else {
                core.shadow.enter(core.gate.limit())
            };
            match verdict {
                Verdict::Enters => core.observer.admitted(priority),
                Verdict::Waits => core.observer.would_wait(priority),
                Verdict::Refused(reason) => core.observer.would_refuse(priority, reason),
            }
            verdict
        });
        let mut permit = Self::beside(core);
        permit.shadow = !matches!(verdict, Some(Verdict::Refused(_)));
        permit
    }

    #[inline(never)]
    fn leave_as(&mut self, end: &End) {
        let at = match self.core.get() {
            Some(core) if self.learns => Some(core.origin.at(end.now())),
            _ => None,
        };
        self.leave(end.outcome(), at, end.is_sample());
    }

    /// At `at`, or now if that was not said.
    fn leave(&mut self, outcome: Outcome, at: Option<Moment>, is_sample: bool) {
        let lent = self.core.take();
        let Some(core) = lent.get() else { return };
        core.observer.left();
        if self.shadow {
            core.shadow.leave();
        }
        let Rare { hold, served } = self.rare.take().map_or_else(Rare::default, |rare| *rare);
        // A hold that is gone means that a full limit took the place back long ago.
        if hold.is_none_or(|hold| core.gate.end_hold(hold)) {
            let stay = (self.learns && is_sample).then_some(Left {
                stay: self.stay,
                at,
                outcome,
                queued: self.waited(),
            });
            core.leave(stay, served);
        } else if let Some(served) = served {
            core.gate.done(served, core.origin.now());
        }
    }

    const fn waited(&self) -> Duration {
        Duration::from_nanos(self.waited_nanos)
    }
}

impl Permit for ConcurrencyPermit {
    #[inline]
    fn complete(self, end: &End) {
        Self::complete_in(&mut Some(self), end);
    }

    // As a part of whoever completes it: mostly there is little to do.
    #[inline(always)]
    fn complete_in(place: &mut Option<Self>, end: &End) {
        let Some(permit) = place else { return };
        if permit.learns || permit.shadow || permit.rare.is_some() {
            permit.leave_as(end);
        } else {
            let lent = permit.core.take();
            if let Some(core) = lent.get() {
                core.observer.left();
                core.gate.leave(|| core.origin.now());
            }
        }
        let empty = place.take();
        #[expect(
            clippy::mem_forget,
            reason = "nothing is left in it, and to look takes its time"
        )]
        mem::forget(empty);
    }

    fn responded(&mut self, now: &Now, hold_at_most: Option<Duration>) {
        let Some(core) = self.core.get() else { return };
        if self.learns {
            self.stay.responded(core.origin.at(now));
        }
        if let Some(at_most) = hold_at_most {
            let rare = self.rare.get_or_default();
            if rare.hold.is_none() {
                rare.hold = Some(core.gate.hold(core.origin.at(now) + at_most));
            }
        }
    }

    fn report(&self, to: &mut Report) {
        to.waited += self.waited();
        if let Some(core) = self.core.get() {
            to.concurrency = Some((core.gate.limit(), core.gate.in_flight()));
        }
    }
}

impl Drop for ConcurrencyPermit {
    /// Its caller has left.
    #[inline]
    fn drop(&mut self) {
        if self.core.get().is_some() {
            self.leave(Outcome::Cancelled, None, true);
        }
    }
}
