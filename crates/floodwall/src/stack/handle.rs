use std::sync::Arc;

use super::quota::StackQuota;
use super::wall::Shared;
use crate::Mode;
use crate::concurrency::{ConcurrencyLimitHandle, ConcurrencySnapshot};
use crate::rate_limit::{RateLimitHandle, RateSnapshot};
use crate::shed::{ShedHandle, ShedSnapshot};

/// To look at the parts of a [`Stack`](super::Stack) and to change them while requests run.
#[derive(Clone)]
pub struct StackHandle {
    shared: Arc<Shared>,
    exempt: ConcurrencyLimitHandle,
}

/// A [`Stack`](super::Stack) at one moment.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct StackSnapshot {
    /// The small limit of the exempt.
    pub exempt: ConcurrencySnapshot,
    /// The quotas, in their order.
    pub quotas: Vec<RateSnapshot>,
    /// The shedder, if there is one.
    pub shed: Option<ShedSnapshot>,
    /// The limit and its queue, if there is one.
    pub concurrency: Option<ConcurrencySnapshot>,
}

impl StackHandle {
    pub(super) const fn new(shared: Arc<Shared>, exempt: ConcurrencyLimitHandle) -> Self {
        Self { shared, exempt }
    }

    /// How things stand. Reads every cell of keyed quotas: not for the path of a request.
    pub fn snapshot(&self) -> StackSnapshot {
        StackSnapshot {
            exempt: self.exempt.snapshot(),
            quotas: self.quotas().map(|quota| quota.snapshot()).collect(),
            shed: self.shed().map(|shed| shed.snapshot()),
            concurrency: self.concurrency().map(|limit| limit.snapshot()),
        }
    }

    /// The quotas, in their order.
    pub fn quotas(&self) -> impl Iterator<Item = RateLimitHandle> + '_ {
        self.shared.quotas.iter().map(StackQuota::handle)
    }

    /// The shedder, if there is one.
    pub fn shed(&self) -> Option<ShedHandle> {
        self.shared
            .shed
            .as_ref()
            .map(super::wall::StackShed::handle)
    }

    /// The limit, if there is one.
    pub fn concurrency(&self) -> Option<ConcurrencyLimitHandle> {
        self.shared
            .limit
            .as_ref()
            .map(super::wall::StackLimit::handle)
    }

    /// The small limit of the exempt.
    pub const fn exempt(&self) -> &ConcurrencyLimitHandle {
        &self.exempt
    }

    /// Changes the mode of all parts but the exempt's limit.
    pub fn set_mode(&self, mode: Mode) {
        for quota in self.quotas() {
            quota.set_mode(mode);
        }
        if let Some(shed) = self.shed() {
            shed.set_mode(mode);
        }
        if let Some(limit) = self.concurrency() {
            limit.set_mode(mode);
        }
    }
}

impl std::fmt::Debug for StackHandle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("StackHandle")
    }
}
