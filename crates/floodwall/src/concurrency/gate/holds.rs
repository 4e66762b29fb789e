use std::collections::BTreeSet;

use floodwall_core::Moment;

/// Who holds a place only until a certain moment, the one whose moment comes first before the
/// others.
#[derive(Debug, Default)]
pub(super) struct Holds {
    until: BTreeSet<(Moment, u64)>,
    next: u64,
}

/// Names a hold that has begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct HoldId {
    until: Moment,
    number: u64,
}

impl Holds {
    pub(super) fn begin(&mut self, until: Moment) -> HoldId {
        let number = self.next;
        self.next += 1;
        self.until.insert((until, number));
        HoldId { until, number }
    }

    /// False if it was overdue and has been taken.
    pub(super) fn end(&mut self, id: HoldId) -> bool {
        self.until.remove(&(id.until, id.number))
    }

    /// Whether there is one whose moment has come.
    pub(super) fn is_overdue(&self, now: Moment) -> bool {
        self.until.first().is_some_and(|&(until, _)| until <= now)
    }

    /// Takes one whose moment has come.
    pub(super) fn take_overdue(&mut self, now: Moment) -> bool {
        let overdue = self.is_overdue(now);
        if overdue {
            self.until.pop_first();
        }
        overdue
    }

    pub(super) fn is_empty(&self) -> bool {
        self.until.is_empty()
    }
}
