use std::sync::Arc;

use floodwall_core::Outcome;

use super::core::Core;

/// A call under way, with its retries. Dropped, it has ended, and gives back what it held.
#[derive(Debug)]
pub struct BudgetedCall {
    core: Arc<Core>,
    is_retrying: bool,
}

impl BudgetedCall {
    pub(super) fn new(core: Arc<Core>) -> Self {
        core.budget.open();
        Self {
            core,
            is_retrying: false,
        }
    }

    /// An attempt has ended in `outcome`: whether there may be another. If so, its place is taken from
    /// now on. Each retry asks anew, so that who has a place does not keep it for ever.
    ///
    /// What ended in [`Outcome::Refused`] or [`Outcome::Cancelled`] teaches nothing and is not tried
    /// again.
    #[must_use]
    pub fn retry(&mut self, outcome: Outcome) -> bool {
        self.ended(outcome);
        matches!(outcome, Outcome::Failure | Outcome::Overload) && self.schedule()
    }

    /// The attempt has ended, and there will be no other.
    pub fn ended(&mut self, outcome: Outcome) {
        self.give_back();
        self.core.learn(outcome);
    }

    pub(crate) fn schedule(&mut self) -> bool {
        self.is_retrying = self.core.schedule();
        self.is_retrying
    }

    fn give_back(&mut self) {
        if std::mem::take(&mut self.is_retrying) {
            self.core.unschedule();
        }
    }
}

impl Drop for BudgetedCall {
    fn drop(&mut self) {
        self.give_back();
        self.core.budget.close();
    }
}
