use std::time::Duration;

use floodwall_core::queue::{QueueConfig, Tenant};
use floodwall_core::{PolicyName, Priority, Reason, Rejection};
use tokio::time::Instant;

use super::gate::{Comer, Gate};
use super::room::{Switch, WaitingRoom};
use super::shadow::Shadow;
use super::tenants::Telling;
use crate::clock::Origin;
use crate::extract::MissingKey;
use crate::mode::ModeSwitch;
use crate::observe::Observer;
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
    pub(super) observer: Observer,
    pub(super) tenants: Telling,
}

impl Core {
    pub(super) fn new(
        name: PolicyName,
        limit: u32,
        queue: Option<QueueConfig>,
        room: WaitingRoom,
        mode: Mode,
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
            observer: Observer::new("concurrency", name),
            tenants: Telling::new(false, None),
        }
    }

    pub(super) fn peek(
        &self,
        priority: Priority,
        tenant: Result<Tenant, MissingKey>,
        deadline: Option<Instant>,
        now: &Now,
    ) -> Result<(), Rejection> {
        // A limit that drains takes nothing new in any mode.
        let reason = if self.gate.is_draining() {
            Reason::Draining
        } else if self.mode.get() != Mode::Enforce {
            return Ok(());
        } else if deadline.is_some_and(|deadline| deadline <= now.instant()) {
            Reason::Deadline
        } else {
            let tenant = tenant.map_err(|missing| self.missing(self.tenants.miss(&missing)))?;
            let comer = Comer { priority, tenant };
            let deadline = deadline.map(|deadline| self.origin.moment(deadline));
            let at = || self.origin.moment(now.instant());
            match self.gate.would_refuse(comer, deadline, at) {
                None => return Ok(()),
                Some(reason) => reason,
            }
        };
        Err(self.refusal(reason, now, Duration::ZERO))
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

    /// The refusal that says how to provide a key.
    pub(super) fn missing(&self, fix: &'static str) -> Rejection {
        Rejection::new(self.name, Reason::MissingKey).with_detail(fix)
    }

    pub(super) fn count(&self, priority: Priority, refusal: &Rejection) {
        self.observer
            .refused(priority, refusal.reason(), refusal.retry_after());
    }

    fn refusal(&self, reason: Reason, now: &Now, waited: Duration) -> Rejection {
        let retry_after = self.gate.retry_after(self.origin.moment(now.instant()));
        Rejection::new(self.name, reason)
            .with_retry_after(retry_after)
            .with_waited(waited)
    }
}
