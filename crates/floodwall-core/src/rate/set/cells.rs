use std::time::Duration;

use crate::rate::{Charge, Denied, Gcra, KeyHash, KeyedGcra, Quota, Standing};
use crate::{Moment, PolicyName};

/// One quota of a set and what enforces it.
#[derive(Debug)]
pub(super) struct Member {
    pub(super) quota: Quota,
    pub(super) name: PolicyName,
    pub(super) cells: Cells,
}

/// What enforces a quota: one cell for all keys, or one for each.
#[derive(Debug)]
pub(super) enum Cells {
    Shared(Gcra),
    Keyed(Box<KeyedGcra>),
}

impl Cells {
    #[inline]
    pub(super) fn charge(&self, key: KeyHash, now: Moment, cost: u32) -> Result<Charge, Denied> {
        match self {
            Self::Shared(cell) => cell.charge(now, cost),
            Self::Keyed(table) => table.charge(key, now, cost),
        }
    }

    pub(super) fn reserve(
        &self,
        key: KeyHash,
        now: Moment,
        cost: u32,
        at_most: Duration,
    ) -> Result<(Charge, Duration), Denied> {
        match self {
            Self::Shared(cell) => cell.reserve(now, cost, at_most),
            Self::Keyed(table) => table.reserve(key, now, cost, at_most),
        }
    }

    #[inline]
    pub(super) fn check(&self, key: KeyHash, now: Moment, cost: u32) -> Result<(), Denied> {
        match self {
            Self::Shared(cell) => cell.check(now, cost),
            Self::Keyed(table) => table.check(key, now, cost),
        }
    }

    pub(super) fn undo(&self, key: KeyHash, charge: &Charge, now: Moment) -> bool {
        match self {
            Self::Shared(cell) => cell.undo(charge, now),
            Self::Keyed(table) => table.undo(key, charge, now),
        }
    }

    pub(super) fn standing(&self, key: KeyHash, now: Moment) -> Standing {
        match self {
            Self::Shared(cell) => cell.standing(now),
            Self::Keyed(table) => table.standing(key, now),
        }
    }
}
