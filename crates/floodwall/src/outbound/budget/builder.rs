use std::sync::Arc;

use floodwall_core::PolicyName;
use floodwall_core::outbound::{Budget, TokenBucket};

use super::RetryBudget;
use super::core::Core;
use crate::{BuildError, Mode};

/// Makes a [`RetryBudget`].
///
/// ```
/// use floodwall::outbound::RetryBudget;
///
/// let careful = RetryBudget::builder().share(0.1).at_least(1).build()?;
/// let grpc = RetryBudget::builder().token_bucket(10, 0.1).build()?;
/// # let _ = (careful, grpc);
/// # Ok::<(), floodwall::BuildError>(())
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct RetryBudgetBuilder {
    name: Option<String>,
    mode: Mode,
    share: f64,
    at_least: u32,
    tokens: Option<(u32, f64)>,
}

impl RetryBudgetBuilder {
    pub(super) const fn new() -> Self {
        Self {
            name: None,
            mode: Mode::Enforce,
            share: Budget::SHARE,
            at_least: Budget::AT_LEAST,
            tokens: None,
        }
    }

    /// Its name in metrics: `retry-budget` when not said.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Whether it says no, only counts, or does nothing: [`Mode::Enforce`] when not said.
    pub const fn mode(mut self, mode: Mode) -> Self {
        self.mode = mode;
        self
    }

    /// Which share of the calls under way may be retries: 0.2 when not said. Retries are among those
    /// calls, so 0.2 is at most a quarter more load.
    pub const fn share(mut self, share: f64) -> Self {
        self.share = share;
        self
    }

    /// How many retries there may be however few calls there are: 3 when not said.
    pub const fn at_least(mut self, retries: u32) -> Self {
        self.at_least = retries;
        self
    }

    /// gRPC's way, instead of the share: a bucket of so many tokens, 1 to 1,000; a failure takes one, a
    /// success gives back `ratio` of one, and there are retries only while it is more than half full.
    pub const fn token_bucket(mut self, tokens: u32, ratio: f64) -> Self {
        self.tokens = Some((tokens, ratio));
        self
    }

    /// Builds the budget.
    ///
    /// # Errors
    ///
    /// If the name cannot be one, the share is none, or the bucket cannot be.
    pub fn build(self) -> Result<RetryBudget, BuildError> {
        let name = PolicyName::new(self.name.as_deref().unwrap_or("retry-budget"))?;
        let budget = Budget::new(self.share, self.at_least)?;
        let tokens = match self.tokens {
            Some((tokens, ratio)) => Some(TokenBucket::new(tokens, ratio)?),
            None => None,
        };
        Ok(RetryBudget {
            core: Arc::new(Core::new(name, self.mode, budget, tokens)),
        })
    }
}
