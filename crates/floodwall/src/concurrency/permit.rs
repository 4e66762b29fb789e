use std::sync::Arc;
use std::time::Duration;

use floodwall_core::{Priority, Reason, Report};

use super::core::Core;
use super::gate::HoldId;
use super::shadow::Verdict;
use crate::admission::{End, Permit};
use crate::{Mode, Now};

/// A place inside; given back when it is completed or dropped.
#[derive(Debug)]
pub struct ConcurrencyPermit {
    core: Arc<Core>,
    waited: Duration,
    hold: Option<HoldId>,
    // Holds a place in what shadow mode would let in.
    shadow: bool,
}

impl ConcurrencyPermit {
    pub(super) fn new(core: Arc<Core>, waited: Duration, priority: Priority) -> Self {
        core.observer.admitted(priority);
        core.observer.entered();
        Self {
            core,
            waited,
            hold: None,
            shadow: false,
        }
    }

    /// Lets in whoever comes, and counts: what is inside in every mode, and in shadow mode what
    /// would have become of it.
    pub(super) fn beside(core: Arc<Core>, mode: Mode, priority: Priority) -> Self {
        core.gate.force_enter();
        let shadow = mode == Mode::Shadow
            && match core.shadow.enter(core.gate.limit()) {
                Verdict::Enters => true,
                Verdict::Waits => {
                    core.observer.would_wait(priority);
                    true
                }
                Verdict::Refused => {
                    core.observer.would_refuse(priority, Reason::Full);
                    false
                }
            };
        let mut permit = Self::new(core, Duration::ZERO, priority);
        permit.shadow = shadow;
        permit
    }
}

impl Permit for ConcurrencyPermit {
    /// Every outcome gives back the place alike; a fixed limit learns nothing from it.
    fn complete(self, _end: &End) {}

    fn responded(&mut self, now: &Now, hold_at_most: Option<Duration>) {
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
            core.gate.leave(|| core.origin.now());
        }
    }
}
