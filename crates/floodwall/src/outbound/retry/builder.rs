use std::time::Duration;

use floodwall_core::outbound::Backoff;

use super::RetryPolicy;
use super::policy::Rules;
use crate::BuildError;
use crate::outbound::RetryBudget;
use crate::outbound::chance::Chance;

/// Makes a [`RetryPolicy`].
#[derive(Clone, Debug)]
#[must_use]
pub struct RetryPolicyBuilder<R> {
    budget: RetryBudget,
    what: R,
    attempts: u32,
    backoff: Option<(Duration, Duration)>,
    max_wait: Duration,
    seed: Option<u64>,
}

impl<R> RetryPolicyBuilder<R> {
    pub(super) const fn new(budget: RetryBudget, what: R) -> Self {
        Self {
            budget,
            what,
            attempts: 3,
            backoff: None,
            max_wait: Duration::from_secs(10),
            seed: None,
        }
    }

    /// How many attempts a call has at most, the first included, 1 to 20: 3 when not said.
    pub const fn attempts(mut self, attempts: u32) -> Self {
        self.attempts = attempts;
        self
    }

    /// How long to wait: any time up to `base` before the first retry, up to twice as long before each
    /// further one, up to `cap` at most; 100 ms and 2 s when not said.
    pub const fn backoff(mut self, base: Duration, cap: Duration) -> Self {
        self.backoff = Some((base, cap));
        self
    }

    /// Who is told to stay away for longer does not try again: 10 s when not said.
    pub const fn max_wait(mut self, time: Duration) -> Self {
        self.max_wait = time;
        self
    }

    /// Seeds the jitter, for runs that must repeat. When not said: from the system.
    pub const fn seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// Builds the policy.
    ///
    /// # Errors
    ///
    /// If there are no attempts or more than 20, or the backoff begins with 0 or above its end.
    pub fn build(self) -> Result<RetryPolicy<R>, BuildError> {
        if !(1..=20).contains(&self.attempts) {
            let problem = format!("{} attempts of one call: write 1 to 20", self.attempts);
            return Err(BuildError::new("attempts", problem));
        }
        let backoff = match self.backoff {
            Some((base, cap)) => Backoff::new(base, cap)?,
            None => Backoff::default(),
        };
        Ok(RetryPolicy::assemble(Rules {
            budget: self.budget,
            what: self.what,
            attempts: self.attempts,
            backoff,
            max_wait: self.max_wait,
            chance: Chance::new(self.seed),
        }))
    }
}
