use std::sync::Arc;
use std::time::Duration;

use floodwall_core::{Moment, Priority, Reason, Report};

use super::adaptive::Stay;
use super::core::Core;
use super::gate::HoldId;
use super::shadow::Verdict;
use crate::Now;
use crate::admission::{End, Permit};

/// A place inside; given back when it is completed or dropped.
#[derive(Debug)]
pub struct ConcurrencyPermit {
    core: Arc<Core>,
    waited: Duration,
    hold: Option<HoldId>,
    // Holds a place in what shadow mode would let in.
    shadow: bool,
    // Of a limit that moves.
    stay: Option<Stay>,
}

impl ConcurrencyPermit {
    /// `now` is asked by a limit that moves only.
    pub(super) fn new(
        core: Arc<Core>,
        waited: Duration,
        priority: Priority,
        now: impl FnOnce(&Core) -> Moment,
    ) -> Self {
        core.observer.admitted(priority);
        core.observer.entered(|| core.gate.limit());
        let stay = core.learner.is_some();
        let stay = stay.then(|| Stay::begin(now(&core), core.gate.in_flight()));
        Self {
            core,
            waited,
            hold: None,
            shadow: false,
            stay,
        }
    }

    /// Lets in whoever comes, and counts what is inside.
    pub(super) fn beside(core: Arc<Core>) -> Self {
        core.gate.force_enter();
        core.observer.entered(|| core.gate.limit());
        Self {
            core,
            waited: Duration::ZERO,
            hold: None,
            shadow: false,
            stay: None,
        }
    }

    /// The same, and counts what would have become of it.
    pub(super) fn shadow(core: Arc<Core>, priority: Priority, expired: bool) -> Self {
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
        let mut permit = Self::beside(core);
        permit.shadow = !matches!(verdict, Verdict::Refused(_));
        permit
    }
}

impl Permit for ConcurrencyPermit {
    fn complete(mut self, end: &End) {
        if !end.is_sample() {
            self.stay = None;
        } else if let Some(stay) = &mut self.stay {
            let at = self.core.origin.moment(end.now().instant());
            stay.ended(end.outcome(), at);
        }
    }

    fn responded(&mut self, now: &Now, hold_at_most: Option<Duration>) {
        if let Some(stay) = &mut self.stay {
            stay.responded(self.core.origin.moment(now.instant()));
        }
        if let (Some(at_most), None) = (hold_at_most, self.hold) {
            let until = self.core.origin.moment(now.instant()) + at_most;
            self.hold = Some(self.core.gate.hold(until));
        }
    }

    fn report(&self, to: &mut Report) {
        to.waited += self.waited;
        to.concurrency = Some((self.core.gate.limit(), self.core.gate.in_flight()));
    }
}

impl Drop for ConcurrencyPermit {
    fn drop(&mut self) {
        let core = &self.core;
        core.observer.left();
        if self.shadow {
            core.shadow.leave();
        }
        // A hold that is gone means that a full limit took the place back long ago.
        if self.hold.take().is_none_or(|hold| core.gate.end_hold(hold)) {
            core.leave(self.stay.take(), self.waited);
        }
    }
}
