use std::sync::Arc;

use floodwall_core::PolicyName;
use floodwall_core::outbound::TokenBucket;

use super::core::Core;
use crate::Mode;
use crate::observe::Counts;

/// To look at a [`RetryBudget`](super::RetryBudget) and to change its mode while calls run.
///
/// ```
/// use floodwall::outbound::RetryBudget;
///
/// let now = RetryBudget::new().handle().snapshot();
/// assert_eq!((now.calls, now.retries, now.allowed), (0, 0, 3));
/// ```
#[derive(Clone, Debug)]
pub struct RetryBudgetHandle {
    core: Arc<Core>,
}

/// A [`RetryBudget`](super::RetryBudget) at one moment.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RetryBudgetSnapshot {
    /// Whether it says no, only counts, or does nothing.
    pub mode: Mode,
    /// Calls under way, retries among them.
    pub calls: u32,
    /// Retries that are scheduled or under way.
    pub retries: u32,
    /// How many there may be now, by share.
    pub allowed: u32,
    /// Of a token bucket: its tokens.
    pub tokens: Option<f64>,
    /// What it has decided so far: each retry that was asked for is a decision.
    pub counts: Counts,
}

impl RetryBudgetHandle {
    pub(super) const fn new(core: Arc<Core>) -> Self {
        Self { core }
    }

    /// The budget's name.
    pub fn name(&self) -> PolicyName {
        self.core.name
    }

    /// How things stand.
    pub fn snapshot(&self) -> RetryBudgetSnapshot {
        let budget = &self.core.budget;
        RetryBudgetSnapshot {
            mode: self.core.mode.get(),
            calls: budget.calls(),
            retries: budget.retries(),
            allowed: budget.allowed(),
            tokens: self.core.tokens.as_ref().map(TokenBucket::tokens),
            counts: self.core.observer.counters.counts(),
        }
    }

    /// Changes the mode.
    pub fn set_mode(&self, mode: Mode) {
        self.core.mode.set(mode);
    }
}
