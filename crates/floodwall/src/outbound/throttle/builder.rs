use std::time::Duration;

use floodwall_core::{PolicyName, outbound};

use super::Throttle;
use super::core::Core;
use crate::{BuildError, Mode};

/// Makes a [`Throttle`].
#[derive(Clone, Debug)]
#[must_use]
pub struct ThrottleBuilder {
    name: Option<String>,
    mode: Mode,
    k: f64,
    window: Duration,
    seed: Option<u64>,
}

impl ThrottleBuilder {
    pub(super) const fn new() -> Self {
        Self {
            name: None,
            mode: Mode::Enforce,
            k: outbound::Throttle::K,
            window: outbound::Throttle::WINDOW,
            seed: None,
        }
    }

    /// Its name in answers, metrics and logs: `throttle` when not said.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Whether it refuses, only counts, or does nothing: [`Mode::Enforce`] when not said.
    pub const fn mode(mut self, mode: Mode) -> Self {
        self.mode = mode;
        self
    }

    /// How many requests are sent for one that is accepted: 2 when not said. Less (1.1) where
    /// refusing costs the other side much; then it takes longer to notice that it is better.
    pub const fn k(mut self, k: f64) -> Self {
        self.k = k;
        self
    }

    /// Over what time it counts: two minutes when not said.
    pub const fn window(mut self, window: Duration) -> Self {
        self.window = window;
        self
    }

    /// Seeds its chance, for runs that must repeat. When not said: from the system.
    pub const fn seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// Builds the policy.
    ///
    /// # Errors
    ///
    /// If the name cannot be one, `k` is below 1 or the window below a millisecond.
    pub fn build(self) -> Result<Throttle, BuildError> {
        let name = PolicyName::new(self.name.as_deref().unwrap_or("throttle"))?;
        let rule = outbound::Throttle::new(self.k, self.window)?;
        Ok(Throttle::assemble(Core::new(
            name, self.mode, rule, self.seed,
        )))
    }
}
