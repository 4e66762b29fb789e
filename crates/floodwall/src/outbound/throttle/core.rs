use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use floodwall_core::outbound::{self, is_error};
use floodwall_core::{Moment, Outcome, PolicyName, Priority, Reason, Rejection};

use super::ThrottlePermit;
use crate::clock::Origin;
use crate::mode::ModeSwitch;
use crate::observe::{HeldBack, Observer};
use crate::outbound::chance::Chance;
use crate::{Mode, Now};

/// What all clones of one throttle share.
#[derive(Debug)]
pub(super) struct Core {
    pub(super) name: PolicyName,
    pub(super) mode: ModeSwitch,
    pub(super) observer: Observer,
    origin: Origin,
    chance: Chance,
    // Held for a few operations, and never while code of others runs.
    rule: Mutex<outbound::Throttle>,
    held_back: HeldBack,
}

impl Core {
    pub(super) fn new(
        name: PolicyName,
        mode: Mode,
        rule: outbound::Throttle,
        seed: Option<u64>,
    ) -> Self {
        Self {
            name,
            mode: ModeSwitch::new(mode),
            observer: Observer::new("throttle", name),
            origin: Origin::here(),
            chance: Chance::new(seed),
            rule: Mutex::new(rule),
            held_back: HeldBack::new("throttle", name),
        }
    }

    pub(super) fn rule(&self) -> MutexGuard<'_, outbound::Throttle> {
        self.rule.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn now(&self) -> Moment {
        self.origin.now()
    }

    pub(super) fn decide(core: Arc<Self>, now: &Now) -> Result<ThrottlePermit, Rejection> {
        let mode = core.mode.get();
        if mode == Mode::Off {
            return Ok(ThrottlePermit::free());
        }
        let at = core.origin.at(now);
        let draw = core.chance.unit();
        let (refuses, share) = {
            let mut rule = core.rule();
            (rule.refuses(at, draw), rule.probability(at))
        };
        core.held_back.is(share);
        if !refuses {
            core.observer.admitted(Priority::NORMAL);
            return Ok(ThrottlePermit::new(core));
        }
        if mode == Mode::Shadow {
            core.observer
                .would_refuse(Priority::NORMAL, Reason::Throttled);
            // It counts as refused already, and would not have run.
            return Ok(ThrottlePermit::free());
        }
        core.observer
            .refused(Priority::NORMAL, Reason::Throttled, None);
        Err(Rejection::new(core.name, Reason::Throttled))
    }

    pub(super) fn ended(&self, outcome: Outcome, now: &Now) {
        if let Some(is_error) = is_error(outcome) {
            let at = self.origin.at(now);
            self.rule().answered(at, !is_error);
        }
    }
}
