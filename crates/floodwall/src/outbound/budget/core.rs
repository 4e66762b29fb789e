use floodwall_core::outbound::{Budget, TokenBucket, is_error};
use floodwall_core::{Outcome, PolicyName, Priority, Reason};

use crate::Mode;
use crate::mode::ModeSwitch;
use crate::observe::Observer;

/// What all clones of one budget share.
#[derive(Debug)]
pub(super) struct Core {
    pub(super) name: PolicyName,
    pub(super) mode: ModeSwitch,
    pub(super) observer: Observer,
    pub(super) budget: Budget,
    pub(super) tokens: Option<TokenBucket>,
}

impl Core {
    pub(super) fn new(
        name: PolicyName,
        mode: Mode,
        budget: Budget,
        tokens: Option<TokenBucket>,
    ) -> Self {
        Self {
            name,
            mode: ModeSwitch::new(mode),
            observer: Observer::new("retry_budget", name),
            budget,
            tokens,
        }
    }

    pub(super) fn learn(&self, outcome: Outcome) {
        if let Some(tokens) = &self.tokens {
            match is_error(outcome) {
                Some(true) => tokens.failed(),
                Some(false) => tokens.succeeded(),
                None => {}
            }
        }
    }

    /// Takes a place for a retry, whatever the mode, so that switching it is exact.
    pub(super) fn schedule(&self) -> bool {
        let mode = self.mode.get();
        let is_allowed = match &self.tokens {
            // What it lets through is counted, though nothing is bounded by that.
            Some(tokens) => tokens.allows() && self.anyway(),
            None => self.budget.schedule(),
        };
        match (mode, is_allowed) {
            (Mode::Off, true) => {}
            (Mode::Off, false) => {
                self.anyway();
            }
            (_, true) => self.observer.admitted(Priority::NORMAL),
            (Mode::Shadow, false) => {
                self.anyway();
                self.observer
                    .would_refuse(Priority::NORMAL, Reason::Throttled);
            }
            (Mode::Enforce, false) => {
                self.observer
                    .refused(Priority::NORMAL, Reason::Throttled, None);
                return false;
            }
        }
        self.observer.entered(|| self.budget.allowed());
        true
    }

    pub(super) fn unschedule(&self) {
        self.budget.unschedule();
        self.observer.left();
    }

    fn anyway(&self) -> bool {
        self.budget.schedule_anyway();
        true
    }
}
