use floodwall_core::rate::{HashSecret, KeyHash};
use floodwall_core::shed::{Epochs, Shedder, Usage, cohort_of};
use floodwall_core::{Level, Moment, Priority};

use crate::admission::Matches;

/// Nothing is a retry: what a shedder assumes unless told otherwise.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoRetries;

impl<Req: ?Sized> Matches<Req> for NoRetries {
    fn matches(&self, _request: &Req) -> bool {
        false
    }
}

/// How requests of one class are told apart.
#[derive(Debug)]
pub(super) enum Cohorts {
    /// Not at all: they take turns.
    InTurn,
    /// By tenant, dealt anew in each epoch.
    ByTenant { secret: HashSecret, epochs: Epochs },
    /// By what each tenant has used lately.
    ByUsage { secret: HashSecret, usage: Usage },
}

impl Cohorts {
    pub(super) const fn secret(&self) -> Option<&HashSecret> {
        match self {
            Self::InTurn => None,
            Self::ByTenant { secret, .. } | Self::ByUsage { secret, .. } => Some(secret),
        }
    }

    pub(super) fn level(
        &self,
        shedder: &Shedder,
        priority: Priority,
        tenant: Option<KeyHash>,
        retry: bool,
        now: Moment,
    ) -> Level {
        match (self, tenant) {
            (Self::InTurn, _) | (_, None) => shedder.next_level(priority, retry),
            (Self::ByTenant { epochs, .. }, Some(tenant)) => {
                cohort_of(priority, tenant, epochs.at(now), retry)
            }
            (Self::ByUsage { usage, .. }, Some(tenant)) => {
                usage.level(priority, tenant, retry, now)
            }
        }
    }

    pub(super) fn spent(&self, tenant: Option<KeyHash>, now: Moment) {
        if let (Self::ByUsage { usage, .. }, Some(tenant)) = (self, tenant) {
            usage.spend(tenant, 1, now);
        }
    }
}
