use std::time::Duration;

use floodwall_core::PolicyName;
use floodwall_core::rate::{HashSecret, Quota, QuotaError, QuotaSet, TableConfig};

use super::RateLimit;
use super::core::Core;
use super::pace::Pace;
use crate::extract::{Unkeyed, Usual};
use crate::{BuildError, Mode};

/// Makes a [`RateLimit`].
#[derive(Debug)]
#[must_use]
pub struct RateLimitBuilder<K = Unkeyed, C = Usual> {
    settings: Settings,
    keyed: bool,
    key: K,
    cost: C,
}

#[derive(Debug)]
struct Settings {
    name: Option<String>,
    mode: Mode,
    quotas: Vec<Quota>,
    // The first thing that was wrong, told when it is built.
    wrong: Option<QuotaError>,
    capacity: Option<usize>,
    seed: Option<u64>,
    pace: Option<(Duration, u32)>,
}

impl RateLimitBuilder {
    pub(super) fn new<Q>(quota: Q) -> Self
    where
        Q: TryInto<Quota, Error: Into<QuotaError>>,
    {
        let settings = Settings {
            name: None,
            mode: Mode::Enforce,
            quotas: Vec::new(),
            wrong: None,
            capacity: None,
            seed: None,
            pace: None,
        };
        Self {
            settings,
            keyed: false,
            key: Unkeyed,
            cost: Usual,
        }
        .quota(quota)
    }
}

impl<K, C> RateLimitBuilder<K, C> {
    /// One quota more on the same key, four at most; all of them hold, all or none is charged.
    pub fn quota<Q>(mut self, quota: Q) -> Self
    where
        Q: TryInto<Quota, Error: Into<QuotaError>>,
    {
        match quota.try_into() {
            Ok(quota) => self.settings.quotas.push(quota),
            Err(error) => {
                self.settings.wrong.get_or_insert(error.into());
            }
        }
        self
    }

    /// The policy's name in metrics, and in answers too if it has one quota only: that of its first
    /// quota when not said. With several quotas, answers name the one that refused; see
    /// [`QuotaBuilder::named`](super::QuotaBuilder::named).
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.settings.name = Some(name.into());
        self
    }

    /// Whether it refuses, only counts, or does nothing: [`Mode::Enforce`] when not said.
    pub fn mode(mut self, mode: Mode) -> Self {
        self.settings.mode = mode;
        self
    }

    /// A quota for each key, instead of one for all.
    pub fn key<L>(self, key: L) -> RateLimitBuilder<L, C> {
        RateLimitBuilder {
            settings: self.settings,
            keyed: true,
            key,
            cost: self.cost,
        }
    }

    /// How many keys may be in debt at once: 65,536 when not said; 16 bytes each per quota.
    ///
    /// Enough is: distinct keys per second, times their cost, times the time that one unit takes
    /// to come back. Beyond it a newcomer may inherit somebody's debt; no debt is ever forgotten.
    pub fn capacity(mut self, keys: usize) -> Self {
        self.settings.capacity = Some(keys);
        self
    }

    /// What a request costs: 1 when not said.
    pub fn cost<D>(self, cost: D) -> RateLimitBuilder<K, D> {
        RateLimitBuilder {
            settings: self.settings,
            keyed: self.keyed,
            key: self.key,
            cost,
        }
    }

    /// Lets requests wait for their turn, up to `max_wait` and at most `max_waiters` at once,
    /// instead of refusing them. When not said: refuse.
    ///
    /// A turn that was waited for stays spent, even if the caller leaves or a later policy refuses.
    /// One policy of a composition may be paced: the last of its quotas, right before the limit.
    pub fn pace(mut self, max_wait: Duration, max_waiters: u32) -> Self {
        self.settings.pace = Some((max_wait, max_waiters));
        self
    }

    /// Seeds the hash of the keys, for tests that must repeat: anybody who knows the seed can make
    /// keys that collide. When not said: a secret from the system.
    pub fn seed(mut self, seed: u64) -> Self {
        self.settings.seed = Some(seed);
        self
    }

    /// Builds the policy.
    ///
    /// # Errors
    ///
    /// If a quota cannot be read or held, a name cannot be one or is there twice, or the table has
    /// no or too much room.
    pub fn build(self) -> Result<RateLimit<K, C>, BuildError> {
        let mut settings = self.settings;
        if let Some(wrong) = settings.wrong {
            return Err(wrong.into());
        }
        let name = match settings.name {
            Some(name) => {
                let name = PolicyName::new(&name)?;
                if let [only] = settings.quotas.as_mut_slice() {
                    *only = only.renamed(name);
                }
                name
            }
            None => settings.quotas[0].policy_name(),
        };
        let quotas = if self.keyed {
            let mut table = TableConfig::new(settings.capacity.unwrap_or(65_536));
            if let Some(seed) = settings.seed {
                table = table.secret(HashSecret::seeded(seed));
            }
            QuotaSet::keyed(&settings.quotas, &table)?
        } else if settings.capacity.is_some() || settings.seed.is_some() {
            let problem = "there is no table without keys: say `.key(…)`, or leave this out";
            return Err(BuildError::new("capacity", problem));
        } else {
            QuotaSet::shared(&settings.quotas)?
        };
        let pace = match settings.pace {
            None => None,
            Some((wait, _)) if wait.is_zero() => {
                return Err(BuildError::new(
                    "pace",
                    "a wait of 0 is no wait: leave `pace` out",
                ));
            }
            Some((_, 0)) => {
                return Err(BuildError::new(
                    "pace",
                    "0 waiters may wait: set at least 1",
                ));
            }
            Some((wait, waiters)) => Some(Pace::new(wait, waiters)),
        };
        let core = Core::new(name, quotas, self.keyed, settings.mode, pace);
        Ok(RateLimit::assemble(self.key, self.cost, core))
    }

    /// Builds the policy as a layer for HTTP services.
    ///
    /// # Errors
    ///
    /// As [`build`](RateLimitBuilder::build).
    #[cfg(feature = "http")]
    pub fn layer(self) -> Result<crate::http::RateLimitLayer<K, C>, BuildError> {
        self.build().map(crate::http::AdmitLayer::around)
    }
}
