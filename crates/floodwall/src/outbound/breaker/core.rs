use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use floodwall_core::outbound::{BreakerState, Classic, Proportional, Ticket, is_error};
use floodwall_core::{Moment, Outcome, PolicyName, Priority, Reason, Rejection};

use super::BreakerPermit;
use crate::clock::Origin;
use crate::mode::ModeSwitch;
use crate::observe::{HeldBack, Observer};
use crate::outbound::chance::Chance;
use crate::{Mode, Now};

/// What all clones of one breaker share.
#[derive(Debug)]
pub(super) struct Core {
    pub(super) name: PolicyName,
    pub(super) mode: ModeSwitch,
    pub(super) observer: Observer,
    origin: Origin,
    chance: Chance,
    // Held for a few operations, and never while code of others runs.
    rule: Mutex<Rule>,
    held_back: HeldBack,
}

#[derive(Debug)]
pub(super) enum Rule {
    Classic(Classic),
    Proportional(Proportional),
}

/// What of a call the rule wants to know again when it ends.
#[derive(Clone, Copy, Debug)]
pub(super) enum Let {
    ByClassic(Ticket),
    ByProportional,
}

impl Core {
    pub(super) fn new(name: PolicyName, mode: Mode, rule: Rule, seed: Option<u64>) -> Self {
        Self {
            name,
            mode: ModeSwitch::new(mode),
            observer: Observer::new("breaker", name),
            origin: Origin::here(),
            chance: Chance::new(seed),
            rule: Mutex::new(rule),
            held_back: HeldBack::new("breaker", name),
        }
    }

    pub(super) fn rule(&self) -> MutexGuard<'_, Rule> {
        self.rule.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn now(&self) -> Moment {
        self.origin.now()
    }

    pub(super) fn peek(&self, now: &Now) -> Result<(), Rejection> {
        if self.mode.get() != Mode::Enforce {
            return Ok(());
        }
        let at = self.origin.at(now);
        match &*self.rule() {
            Rule::Classic(classic) => classic.peek(at).map_err(|wait| self.refusal(wait)),
            // What chance will say is decided once, when it is asked in earnest.
            Rule::Proportional(_) => Ok(()),
        }
    }

    pub(super) fn decide(core: Arc<Self>, now: &Now) -> Result<BreakerPermit, Rejection> {
        let mode = core.mode.get();
        if mode == Mode::Off {
            return Ok(BreakerPermit::free());
        }
        let at = core.origin.at(now);
        let draw = core.chance.unit();
        let (verdict, share) = core.rule().admit(at, draw);
        core.held_back.is(share);
        match verdict {
            Ok(by) => {
                core.observer.admitted(Priority::NORMAL);
                Ok(BreakerPermit::new(core, by))
            }
            Err(wait) if mode == Mode::Enforce => {
                let refusal = core.refusal(wait);
                core.count(&refusal);
                Err(refusal)
            }
            Err(_) => {
                core.observer
                    .would_refuse(Priority::NORMAL, Reason::Breaker);
                // It would not have run, so nothing is learnt from it.
                Ok(BreakerPermit::free())
            }
        }
    }

    pub(super) fn ended(&self, by: Let, outcome: Outcome, now: &Now) {
        let lesson = is_error(outcome);
        match (by, lesson) {
            (Let::ByProportional, None) => {}
            (Let::ByProportional, Some(is_error)) => {
                let at = self.origin.at(now);
                if let Rule::Proportional(rule) = &mut *self.rule() {
                    rule.ended(at, is_error);
                }
            }
            (Let::ByClassic(ticket), lesson) => {
                let at = self.origin.at(now);
                if let Rule::Classic(rule) = &mut *self.rule() {
                    rule.ended(ticket, at, lesson);
                }
            }
        }
    }

    pub(super) fn count(&self, refusal: &Rejection) {
        self.observer
            .refused(Priority::NORMAL, refusal.reason(), refusal.retry_after());
    }

    fn refusal(&self, wait: Duration) -> Rejection {
        let refusal = Rejection::new(self.name, Reason::Breaker);
        if wait.is_zero() {
            refusal
        } else {
            refusal.with_retry_after(wait)
        }
    }
}

impl Rule {
    /// Lets a call through, or says for how long not, zero where nobody knows; and the share of calls
    /// that is held back.
    fn admit(&mut self, at: Moment, draw: f64) -> (Result<Let, Duration>, f64) {
        match self {
            Self::Classic(rule) => {
                let verdict = rule.admit(at).map(Let::ByClassic);
                (verdict, share_of(rule.state(at)))
            }
            Self::Proportional(rule) => {
                let verdict = if rule.refuses(at, draw) {
                    Err(Duration::ZERO)
                } else {
                    Ok(Let::ByProportional)
                };
                (verdict, rule.rejected(at))
            }
        }
    }
}

pub(super) fn share_of(state: BreakerState) -> f64 {
    match state {
        BreakerState::Closed => 0.0,
        BreakerState::HalfOpen | BreakerState::Open => 1.0,
    }
}
