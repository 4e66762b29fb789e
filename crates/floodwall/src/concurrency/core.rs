use std::sync::Arc;
use std::time::Duration;

use floodwall_core::queue::{QueueConfig, Served, Tenant};
use floodwall_core::{PolicyName, Priority, Reason, Rejection};
use tokio::time::Instant;

use super::adaptive::{Learner, Left, Reins};
use super::gate::{Comer, Gate};
use super::room::{Switch, WaitingRoom};
use super::shadow::Shadow;
use super::tenants::Telling;
use crate::clock::Origin;
use crate::extract::MissingKey;
use crate::mode::ModeSwitch;
use crate::observe::Observer;
use crate::spare::{Lendable, spares};
use crate::{Mode, Now};

/// What all clones of one limit share.
#[derive(Debug)]
pub(super) struct Core {
    pub(super) name: PolicyName,
    pub(super) gate: Gate,
    pub(super) room: Switch,
    pub(super) shadow: Shadow,
    pub(super) origin: Origin,
    pub(super) mode: ModeSwitch,
    /// Slots of a keyed limit share it.
    pub(super) observer: Arc<Observer>,
    pub(super) tenants: Telling,
    /// Of a limit that moves.
    pub(super) learner: Option<Box<Learner>>,
    lendable: Lendable,
}

spares!(Core, lendable);

impl Core {
    pub(super) fn new(
        name: PolicyName,
        limit: u32,
        queue: Option<QueueConfig>,
        room: WaitingRoom,
        mode: Mode,
        learner: Option<Learner>,
        observer: Arc<Observer>,
    ) -> Self {
        let places = queue.as_ref().map_or(0, QueueConfig::capacity);
        let gate = Gate::new(limit, queue);
        Self {
            name,
            shadow: Shadow::new(places),
            room: Switch::new(room, &gate),
            gate,
            origin: Origin::here(),
            mode: ModeSwitch::new(mode),
            observer,
            tenants: Telling::new(false, None),
            learner: learner.map(Box::new),
            lendable: Lendable::new(),
        }
    }

    pub(super) fn peek(
        &self,
        priority: Priority,
        tenant: Result<Tenant, MissingKey>,
        deadline: Option<Instant>,
        now: &Now,
    ) -> Result<(), Rejection> {
        self.look(priority, tenant, deadline, now, false)
    }

    /// The same as a part of a decision: counts.
    #[inline]
    pub(super) fn check(
        &self,
        priority: Priority,
        tenant: Result<Tenant, MissingKey>,
        deadline: Option<Instant>,
        now: &Now,
    ) -> Result<(), Rejection> {
        let usual = deadline.is_none() && tenant.is_ok() && self.mode.get() == Mode::Enforce;
        if usual && self.gate.has_room() {
            return Ok(());
        }
        self.check_closely(priority, tenant, deadline, now)
    }

    #[inline(never)]
    fn check_closely(
        &self,
        priority: Priority,
        tenant: Result<Tenant, MissingKey>,
        deadline: Option<Instant>,
        now: &Now,
    ) -> Result<(), Rejection> {
        let looked = self.look(priority, tenant, deadline, now, true);
        if let Err(refusal) = &looked {
            self.count(priority, refusal);
        }
        looked
    }

    /// If it `counts`, the gate counts a refusal, under the lock under which it found it.
    fn look(
        &self,
        priority: Priority,
        tenant: Result<Tenant, MissingKey>,
        deadline: Option<Instant>,
        now: &Now,
        counts: bool,
    ) -> Result<(), Rejection> {
        let count = || {
            if counts {
                self.gate.count_refused();
            }
        };
        // A limit that drains takes nothing new in any mode.
        let reason = if self.gate.is_draining() {
            Reason::Draining
        } else if self.mode.get() != Mode::Enforce {
            return Ok(());
        } else if deadline.is_some_and(|deadline| deadline <= now.instant()) {
            Reason::Deadline
        } else {
            let tenant = tenant.map_err(|missing| {
                count();
                self.missing(self.tenants.miss(&missing))
            })?;
            let comer = Comer { priority, tenant };
            let deadline = deadline.map(|deadline| self.origin.moment(deadline));
            let at = || self.origin.at(now);
            return match self.gate.refusal(comer, deadline, at, counts) {
                None => Ok(()),
                Some((reason, retry_after)) => {
                    Err(Rejection::new(self.name, reason).with_retry_after(retry_after))
                }
            };
        };
        count();
        Err(self.refusal(reason, now, Duration::ZERO))
    }

    /// Who waits when it no longer enforces is let in at once.
    pub(super) fn set_mode(&self, mode: Mode) {
        self.mode.set(mode);
        if mode != Mode::Enforce {
            self.gate.let_all_in(self.origin.now());
        }
    }

    /// Makes the value of a refusal, and counts it.
    pub(super) fn refuse(
        &self,
        priority: Priority,
        reason: Reason,
        now: &Now,
        waited: Duration,
    ) -> Rejection {
        let refusal = self.refusal(reason, now, waited);
        self.count(priority, &refusal);
        refusal
    }

    /// The same where the gate has said how long to stay away.
    pub(super) fn refuse_told(
        &self,
        priority: Priority,
        reason: Reason,
        retry_after: Duration,
    ) -> Rejection {
        let refusal = self.refusal_told(reason, retry_after);
        self.count(priority, &refusal);
        refusal
    }

    pub(super) const fn refusal_told(&self, reason: Reason, retry_after: Duration) -> Rejection {
        Rejection::new(self.name, reason).with_retry_after(retry_after)
    }

    /// The refusal that says how to provide a key.
    pub(super) fn missing(&self, fix: &'static str) -> Rejection {
        Rejection::new(self.name, Reason::MissingKey).with_detail(fix)
    }

    #[inline(always)]
    pub(super) fn count(&self, priority: Priority, refusal: &Rejection) {
        if let Some(learner) = &self.learner {
            let held_back = match refusal.reason() {
                Reason::Draining | Reason::MissingKey => false,
                // It may have passed before it came here.
                Reason::Deadline => {
                    self.gate.in_flight() >= self.gate.limit() || self.gate.holds_back()
                }
                _ => true,
            };
            if held_back {
                learner.refuses();
            }
        }
        self.observer
            .refused(priority, refusal.reason(), refusal.retry_after());
    }

    /// Somebody waits elsewhere for a place of this limit.
    pub(super) fn held_back(&self) {
        if let Some(learner) = &self.learner {
            learner.held_back();
        }
    }

    /// Gives a place back, with what is known of the one who had it, and with the receipt of its
    /// tenant's turn.
    pub(super) fn leave(&self, left: Option<Left>, served: Option<Served>) {
        let (Some(left), Some(learner)) = (left, &self.learner) else {
            self.gate.leave_served(served, || self.origin.now());
            return;
        };
        let at = left.at.unwrap_or_else(|| self.origin.now());
        let binding = self.gate.holds_back() | learner.has_held_back();
        self.gate.leave_served(served, || at);
        // Who came in before it was switched to a mode that lets everybody in says nothing now.
        if self.mode.get() == Mode::Enforce {
            learner.hand_in(&left.sample(at, binding), &self.reins());
        }
    }

    fn reins(&self) -> Reins<'_> {
        Reins {
            gate: &self.gate,
            shadow: &self.shadow,
            observer: &self.observer,
        }
    }

    pub(super) fn refusal(&self, reason: Reason, now: &Now, waited: Duration) -> Rejection {
        // A clock is read only for what depends on it.
        let retry_after = if self.gate.has_queue() {
            self.gate.retry_after(self.origin.at(now))
        } else {
            Gate::RETRY_WITHOUT_QUEUE
        };
        Rejection::new(self.name, reason)
            .with_retry_after(retry_after)
            .with_waited(waited)
    }
}
