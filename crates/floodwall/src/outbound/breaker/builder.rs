use floodwall_core::PolicyName;
use floodwall_core::outbound::{Classic, ClassicConfig, Proportional, ProportionalConfig};

use super::Breaker;
use super::core::{Core, Rule};
use crate::{BuildError, Mode};

/// Makes a [`Breaker`].
///
/// ```
/// use floodwall::outbound::{Breaker, ClassicConfig};
///
/// let on_off = Breaker::builder()
///     .name("payments")
///     .classic(ClassicConfig { probes: 3, ..ClassicConfig::by_time() })
///     .build()?;
/// # let _ = on_off;
/// # Ok::<(), floodwall::BuildError>(())
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct BreakerBuilder {
    name: Option<String>,
    mode: Mode,
    kind: Kind,
    seed: Option<u64>,
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    Classic(ClassicConfig),
    Proportional(Option<ProportionalConfig>),
}

impl BreakerBuilder {
    pub(super) const fn new() -> Self {
        Self {
            name: None,
            mode: Mode::Enforce,
            kind: Kind::Proportional(None),
            seed: None,
        }
    }

    /// Its name in answers, metrics and logs: `breaker` when not said.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Whether it refuses, only counts, or does nothing: [`Mode::Enforce`] when not said.
    pub const fn mode(mut self, mode: Mode) -> Self {
        self.mode = mode;
        self
    }

    /// Holds back a share of the calls; the default, for other settings.
    pub const fn proportional(mut self, config: ProportionalConfig) -> Self {
        self.kind = Kind::Proportional(Some(config));
        self
    }

    /// All or nothing: closed, open, half-open.
    pub const fn classic(mut self, config: ClassicConfig) -> Self {
        self.kind = Kind::Classic(config);
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
    /// If the name cannot be one, or a setting makes no sense.
    pub fn build(self) -> Result<Breaker, BuildError> {
        let name = PolicyName::new(self.name.as_deref().unwrap_or("breaker"))?;
        let rule = match self.kind {
            Kind::Classic(config) => Rule::Classic(Classic::new(config)?),
            Kind::Proportional(config) => {
                Rule::Proportional(Proportional::new(config.unwrap_or_default())?)
            }
        };
        Ok(Breaker::assemble(Core::new(
            name, self.mode, rule, self.seed,
        )))
    }
}
