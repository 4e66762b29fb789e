use std::sync::Arc;

use floodwall_core::PolicyName;
use floodwall_core::outbound::BreakerState;

use super::core::{Core, Rule, share_of};
use crate::Mode;
use crate::observe::Counts;

/// To look at a [`Breaker`](super::Breaker) and to change its mode while requests run.
///
/// ```
/// use floodwall::{Mode, outbound::Breaker};
///
/// let handle = Breaker::new().handle();
/// handle.set_mode(Mode::Shadow);
/// assert_eq!(handle.snapshot().held_back, 0.0);
/// ```
#[derive(Clone, Debug)]
pub struct BreakerHandle {
    core: Arc<Core>,
}

/// A [`Breaker`](super::Breaker) at one moment.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct BreakerSnapshot {
    /// Whether it refuses, only counts, or does nothing.
    pub mode: Mode,
    /// What it does. A proportional one is half-open while it holds back a part.
    pub state: BreakerState,
    /// The share of the calls that is held back, 0 to 1.
    pub held_back: f64,
    /// Of a proportional one: the error rate of the last ten seconds, and the one that is usual.
    pub error_rates: Option<(f64, f64)>,
    /// What it has decided so far.
    pub counts: Counts,
}

impl BreakerHandle {
    pub(super) const fn new(core: Arc<Core>) -> Self {
        Self { core }
    }

    /// The breaker's name.
    pub fn name(&self) -> PolicyName {
        self.core.name
    }

    /// How things stand.
    pub fn snapshot(&self) -> BreakerSnapshot {
        let at = self.core.now();
        let (state, held_back, error_rates) = match &mut *self.core.rule() {
            Rule::Classic(rule) => {
                let state = rule.state(at);
                (state, share_of(state), None)
            }
            Rule::Proportional(rule) => {
                let share = rule.rejected(at);
                let state = if share <= 0.0 {
                    BreakerState::Closed
                } else if share < 1.0 {
                    BreakerState::HalfOpen
                } else {
                    BreakerState::Open
                };
                (state, share, Some((rule.error_rate(), rule.usual())))
            }
        };
        BreakerSnapshot {
            mode: self.core.mode.get(),
            state,
            held_back,
            error_rates,
            counts: self.core.observer.counters.counts(),
        }
    }

    /// Changes the mode.
    pub fn set_mode(&self, mode: Mode) {
        self.core.mode.set(mode);
    }
}
