use floodwall_core::queue::{FairQueues, QueueConfigBuilder};

use super::ConcurrencyLimitBuilder;
use super::tenants::{Tenants, Turning};
use crate::BuildError;
use crate::extract::Usual;

/// Turns of tenants, as an option.
impl<P, D, T> ConcurrencyLimitBuilder<P, D, T> {
    /// Lets the tenants that `key` tells apart take turns in the queue: of a class, whoever has had
    /// least of the places so far is next, and when the queue is full, a newcomer takes the place of
    /// one of the tenant that has most waiting. So one that floods gets no more than the others, and
    /// whoever asks for little gets it all. When not said, all wait in one line.
    ///
    /// Turns are taken by time in a place, not by number of requests. While nobody waits, no
    /// accounts are kept, and entering and leaving cost no more than without; who has waited takes
    /// the queue's lock once more when it leaves.
    ///
    /// Memory is fixed: tenants are dealt onto 64 queues for each class that is used, 6 for each to
    /// choose from; [`QueueConfigBuilder::fair`] sets other numbers. A key that is missing
    /// refuses, as it does in a [`RateLimit`](crate::RateLimit).
    ///
    /// ```
    /// use floodwall::ConcurrencyLimit;
    /// use floodwall::extract::{cost_fn, key_fn};
    /// use std::hash::Hash;
    ///
    /// struct Job { owner: String, pages: u32, paid: bool }
    ///
    /// let limit = ConcurrencyLimit::builder(8)
    ///     .fair_by(key_fn(|job: &Job, to| job.owner.hash(to)))
    ///     .cost(cost_fn(|job: &Job| job.pages))
    ///     .weight(cost_fn(|job: &Job| if job.paid { 3 } else { 1 }))
    ///     .build()?;
    /// # drop(limit);
    /// # Ok::<(), floodwall::BuildError>(())
    /// ```
    pub fn fair_by<K>(self, key: K) -> ConcurrencyLimitBuilder<P, D, Tenants<K>> {
        let mut builder = self.told_apart_by(Tenants {
            key,
            weight: Usual,
            cost: Usual,
        });
        builder.turning = Turning::Always;
        builder
    }

    /// Tells tenants apart by a reader of your own ([`TenantOf`](super::TenantOf)). They take turns if
    /// the queue's set-up says so ([`QueueConfigBuilder::fair`]), so that can be decided at run time.
    pub fn told_apart_by<U>(self, tenants: U) -> ConcurrencyLimitBuilder<P, D, U> {
        let mut builder = self.with_tenants(|_| tenants);
        builder.turning = Turning::AsSet;
        builder
    }

    /// With turns that are taken, or with none.
    #[cfg(feature = "http")]
    pub(crate) fn in_turns<U>(self, tenants: U, yes: bool) -> ConcurrencyLimitBuilder<P, D, U> {
        let mut builder = self.with_tenants(|_| tenants);
        builder.turning = if yes { Turning::Always } else { Turning::Never };
        builder
    }

    /// Seeds the hash of the tenants' keys, for tests that must repeat: anybody who knows the seed can
    /// make keys that share a queue. When not said: a secret from the system.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }
}

impl<P, D, K, W, C> ConcurrencyLimitBuilder<P, D, Tenants<K, W, C>> {
    /// What a request costs in its tenant's account: 1 when not said, at most
    /// [`Tenant::MOST`](super::Tenant::MOST).
    ///
    /// A request of cost 3 is charged as three that run side by side. It takes one place all the same,
    /// so one that costs more than the limit is served like any other.
    pub fn cost<E>(self, cost: E) -> ConcurrencyLimitBuilder<P, D, Tenants<K, W, E>> {
        self.with_tenants(|Tenants { key, weight, .. }| Tenants { key, weight, cost })
    }

    /// How much more the tenant of a request gets than one of weight 1 that waits, too: 1 when not
    /// said, at most [`Tenant::MOST`](super::Tenant::MOST).
    pub fn weight<E>(self, weight: E) -> ConcurrencyLimitBuilder<P, D, Tenants<K, E, C>> {
        self.with_tenants(|Tenants { key, cost, .. }| Tenants { key, weight, cost })
    }
}

/// The set-up of a queue in which tenants take turns like that.
pub(super) fn queue(
    builder: QueueConfigBuilder,
    turning: Turning,
) -> Result<QueueConfigBuilder, BuildError> {
    let config = builder.clone().build();
    let config = config.map_err(|error| BuildError::caused("queue", error))?;
    match (config.fair(), turning) {
        (None, Turning::Always) => Ok(builder.fair(FairQueues::default())),
        (Some(_), Turning::Never) => {
            let problem = "`fair` is set, and nobody says whose a request is: say `fair_by`, too";
            Err(BuildError::new("queue", problem))
        }
        _ => Ok(builder),
    }
}
