use std::time::Duration;

use floodwall_core::rate::{Charges, KeyHash};
use floodwall_core::{Moment, Outcome, Report};

use super::core::Core;
use crate::Now;
use crate::admission::{End, Permit};
use crate::spare::Lent;

/// A request that was charged. Told that nothing ran, it takes the charge back, as far as that is
/// exact: only the newest charge of a key can be undone without ever letting in too much.
#[derive(Debug)]
pub struct RatePermit {
    /// Empty if there is nothing to take back or to tell.
    pub(super) core: Lent<Core>,
    /// Nothing for a turn that was waited for: it stays spent, whatever comes.
    pub(super) charges: Charges,
    at: Moment,
    /// For its turn, in nanoseconds.
    waited: u64,
    /// Shadow mode adds nothing to answers.
    silent: bool,
}

impl RatePermit {
    pub(super) const fn charged(core: Lent<Core>, charges: Charges, at: Moment) -> Self {
        Self {
            core,
            charges,
            at,
            waited: 0,
            silent: false,
        }
    }

    pub(super) const fn shadow(core: Lent<Core>, charges: Charges, at: Moment) -> Self {
        Self {
            core,
            charges,
            at,
            waited: 0,
            silent: true,
        }
    }

    pub(super) fn paced(core: Lent<Core>, key: KeyHash, at: Moment, waited: Duration) -> Self {
        Self {
            core,
            charges: Charges::none(key),
            at,
            waited: u64::try_from(waited.as_nanos()).unwrap_or(u64::MAX),
            silent: false,
        }
    }

    pub(super) const fn free() -> Self {
        Self {
            core: Lent::none(),
            charges: Charges::none(KeyHash::from_raw(0)),
            at: Moment::ZERO,
            waited: 0,
            silent: true,
        }
    }
}

impl RatePermit {
    #[cold]
    fn undo(&self, now: &Now) {
        if let Some(core) = self.core.get() {
            let now = core.origin.at(now);
            // What stays spent is counted by the set.
            let _ = core.quotas.undo(&self.charges, now);
        }
    }
}

impl Permit for RatePermit {
    #[inline]
    fn complete(self, end: &End) {
        if end.outcome() == Outcome::Refused {
            self.undo(end.now());
        }
    }

    #[inline]
    fn complete_in(place: &mut Option<Self>, end: &End) {
        if let (Some(permit), Outcome::Refused) = (&place, end.outcome()) {
            permit.undo(end.now());
        }
        *place = None;
    }

    fn report(&self, to: &mut Report) {
        to.waited += Duration::from_nanos(self.waited);
        if self.silent {
            return;
        }
        if let Some(core) = self.core.get() {
            core.quotas.report(self.charges.key(), self.at, to);
        }
    }
}
