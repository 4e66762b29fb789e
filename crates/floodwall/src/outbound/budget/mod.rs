//! How much may be tried again.

mod builder;
mod call;
mod core;
mod handle;

pub use builder::RetryBudgetBuilder;
pub use call::BudgetedCall;
pub use handle::{RetryBudgetHandle, RetryBudgetSnapshot};

use std::sync::Arc;

use self::core::Core;

/// A bound on retries, so that trouble does not multiply the load that made it.
///
/// At most 20 % of the calls under way may be retries, but always 3. A retry counts from the moment at
/// which it is scheduled, so that a thousand calls that fail together leave 200 retries and not a
/// thousand. After Envoy's retry budget. [`RetryBudgetBuilder::token_bucket`] is gRPC's way instead.
///
/// One budget is for one thing that is called. Clones share it. With tower it becomes a
/// `RetryPolicy` (feature `retry`); any other loop asks it itself:
///
/// ```
/// use floodwall::{Outcome, outbound::RetryBudget};
///
/// let budget = RetryBudget::new();
/// # let attempt = || Outcome::Success;
/// let mut call = budget.call();
/// loop {
///     let outcome = attempt();
///     if outcome == Outcome::Success || !call.retry(outcome) {
///         break;
///     }
///     // Wait a while, and try again.
/// }
/// ```
#[derive(Clone, Debug)]
pub struct RetryBudget {
    core: Arc<Core>,
}

impl RetryBudget {
    /// 20 % of the calls under way, at least 3.
    pub fn new() -> Self {
        Self::builder().build().expect("these settings are sound")
    }

    /// Begins with the defaults, which each method tells.
    pub const fn builder() -> RetryBudgetBuilder {
        RetryBudgetBuilder::new()
    }

    /// A call begins: it is under way until what this returns is dropped.
    pub fn call(&self) -> BudgetedCall {
        BudgetedCall::new(Arc::clone(&self.core))
    }

    /// To look at the budget and to change its mode while calls run.
    pub fn handle(&self) -> RetryBudgetHandle {
        RetryBudgetHandle::new(Arc::clone(&self.core))
    }

    /// Whether it learns from every attempt, the last ones included.
    #[cfg(feature = "retry")]
    pub(super) fn learns(&self) -> bool {
        self.core.tokens.is_some()
    }
}

impl Default for RetryBudget {
    fn default() -> Self {
        Self::new()
    }
}
