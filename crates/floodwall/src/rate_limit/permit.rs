use std::sync::Arc;
use std::time::Duration;

use floodwall_core::rate::{Charges, KeyHash};
use floodwall_core::{Moment, Outcome, Report};

use super::core::Core;
use crate::admission::{End, Permit};

/// A request that was charged. Told that nothing ran, it takes the charge back, as far as that is
/// exact: only the newest charge of a key can be undone without ever letting in too much.
#[derive(Debug)]
pub struct RatePermit {
    core: Option<Arc<Core>>,
    charged: Option<Charged>,
    waited: Duration,
    // Shadow mode adds nothing to answers.
    silent: bool,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Charged {
    pub(super) key: KeyHash,
    // None for a turn that was waited for: it stays spent, whatever comes.
    pub(super) charges: Option<Charges>,
    pub(super) at: Moment,
}

impl RatePermit {
    pub(super) const fn charged(core: Arc<Core>, charged: Charged) -> Self {
        Self {
            core: Some(core),
            charged: Some(charged),
            waited: Duration::ZERO,
            silent: false,
        }
    }

    pub(super) const fn shadow(core: Arc<Core>, charged: Charged) -> Self {
        Self {
            core: Some(core),
            charged: Some(charged),
            waited: Duration::ZERO,
            silent: true,
        }
    }

    pub(super) const fn paced(core: Arc<Core>, key: KeyHash, at: Moment, waited: Duration) -> Self {
        Self {
            core: Some(core),
            charged: Some(Charged {
                key,
                charges: None,
                at,
            }),
            waited,
            silent: false,
        }
    }

    pub(super) const fn free() -> Self {
        Self {
            core: None,
            charged: None,
            waited: Duration::ZERO,
            silent: true,
        }
    }
}

impl Permit for RatePermit {
    fn complete(self, end: &End) {
        if end.outcome() != Outcome::Refused {
            return;
        }
        if let (Some(core), Some(charges)) = (self.core, self.charged.and_then(|c| c.charges)) {
            let now = core.origin.at(end.now());
            // What stays spent is counted by the set.
            let _ = core.quotas.undo(&charges, now);
        }
    }

    fn report(&self, to: &mut Report) {
        to.waited += self.waited;
        if self.silent {
            return;
        }
        if let (Some(core), Some(charged)) = (&self.core, self.charged) {
            core.quotas.report(charged.key, charged.at, to);
        }
    }
}
