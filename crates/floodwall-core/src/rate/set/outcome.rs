use std::time::Duration;

use super::MAX_QUOTAS;
use super::cells::Member;
use crate::rate::{Charge, Denied, KeyHash, TableStats};
use crate::{PolicyName, Reason};

/// What was charged to the quotas of a set: keep it to be able to [undo](super::QuotaSet::undo) it,
/// once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Charges {
    key: KeyHash,
    /// What the charges left in the cells of the first `count` quotas.
    after: [u64; MAX_QUOTAS],
    count: u8,
    /// The same at each quota.
    cost: u32,
}

impl Charges {
    /// No charge at all; there is nothing to undo.
    #[inline]
    pub const fn none(key: KeyHash) -> Self {
        Self {
            key,
            after: [0; MAX_QUOTAS],
            count: 0,
            cost: 0,
        }
    }

    /// That of the one quota there is.
    #[inline]
    pub(super) const fn of(key: KeyHash, charge: &Charge) -> Self {
        Self {
            key,
            after: [charge.after, 0, 0, 0],
            count: 1,
            cost: charge.cost,
        }
    }

    /// Adds that of the next quota.
    #[inline]
    pub(super) fn push(&mut self, charge: &Charge) {
        self.after[usize::from(self.count)] = charge.after;
        self.count += 1;
        self.cost = charge.cost;
    }

    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = Charge> + ExactSizeIterator {
        let charged = &self.after[..usize::from(self.count)];
        charged.iter().map(|&after| Charge {
            after,
            cost: self.cost,
        })
    }

    /// The key that was charged.
    pub const fn key(&self) -> KeyHash {
        self.key
    }
}

/// How an [undo](super::QuotaSet::undo) went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Undone {
    /// Nothing of the charges is left.
    Exactly,
    /// Others came after them; at some quotas the cost stays spent until it drains.
    InPart,
}

/// A refusal by a set of quotas. Nothing was charged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SetDenied {
    /// The quota that refused; if several did, the one that makes the caller wait longest.
    pub policy: PolicyName,
    /// [`Reason::Quota`] or [`Reason::CostAboveBurst`].
    pub reason: Reason,
    /// How long to wait until the same cost is let in, if nobody else spends anything meanwhile.
    /// `None` if it costs more than a burst.
    pub wait: Option<Duration>,
    pub(super) violated: u8,
}

/// What a set of quotas has to tell.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SetStats {
    /// How often a cost stayed spent, at one quota or more, although it was to be given back.
    pub unreturned: u64,
    /// The tables, in the order of [`QuotaSet::quotas`](super::QuotaSet::quotas); none if the quotas
    /// are shared.
    pub tables: Vec<TableStats>,
}

impl SetDenied {
    pub(super) fn by(member: &Member, index: usize, denied: &Denied) -> Self {
        Self {
            policy: member.name,
            reason: if denied.wait.is_some() {
                Reason::Quota
            } else {
                Reason::CostAboveBurst
            },
            wait: denied.wait,
            violated: 1 << index,
        }
    }

    /// Both: as the one that keeps the caller away for longer says.
    pub(super) fn and(self, other: Self) -> Self {
        let forever = |denied: &Self| denied.wait.unwrap_or(Duration::MAX);
        let violated = self.violated | other.violated;
        let longest = if forever(&other) > forever(&self) {
            other
        } else {
            self
        };
        Self {
            violated,
            ..longest
        }
    }
}
