use std::hash::Hash;
use std::time::Duration;

use crate::rate::atomic::AtomicU64;
use crate::rate::atomic::Ordering::Relaxed;
use crate::rate::error::Problem;
use crate::rate::{
    Charge, Denied, Gcra, HashSecret, KeyHash, KeyHasher, KeyedGcra, Quota, QuotaError, Standing,
    TableConfig,
};
use crate::{Moment, QuotaReport, Report};

mod cells;
mod outcome;

pub use outcome::{Charges, SetDenied, SetStats, Undone};

use cells::{Cells, Member};

/// How many quotas a set has room for.
pub(in crate::rate) const MAX_QUOTAS: usize = 4;

/// Several quotas on one key, all or none.
///
/// A request gets in if every quota lets it in. All are looked at first, and if one says no, none
/// is charged. Then they are charged from the narrowest (the shortest period) to the widest; should
/// another thread be faster in between, so that a later one says no after all, the charges before
/// it are undone as far as that is exact (see [`Gcra::undo`]). What is not stays spent, and is
/// counted in [`SetStats::unreturned`]. Nothing is ever let in beyond any quota.
///
/// ```
/// use floodwall_core::{Moment, rate::QuotaSet};
/// use std::time::Duration;
///
/// let set = QuotaSet::shared(&["5/s".parse().unwrap(), "6/min".parse().unwrap()]).unwrap();
/// let everybody = set.key("");
/// let now = Moment::ZERO;
/// assert!(set.charge(everybody, now, 5).is_ok());
/// let denied = set.charge(everybody, now, 2).unwrap_err();
/// assert_eq!(denied.policy.as_str(), "6/min");
/// assert_eq!(denied.wait, Some(Duration::from_secs(10)));
/// ```
#[derive(Debug)]
pub struct QuotaSet {
    /// Narrow before wide.
    members: Vec<Member>,
    secret: HashSecret,
    unreturned: AtomicU64,
}

impl QuotaSet {
    /// Quotas that all keys share.
    ///
    /// # Errors
    ///
    /// If there is none, if there are more than four, if two have the same name.
    pub fn shared(quotas: &[Quota]) -> Result<Self, QuotaError> {
        Self::new(quotas, HashSecret::seeded(0), |quota| {
            Gcra::new(quota).map(Cells::Shared)
        })
    }

    /// Quotas that each key has for itself, in a table for each quota.
    ///
    /// # Errors
    ///
    /// As [`shared`](Self::shared), and as [`KeyedGcra::new`].
    pub fn keyed(quotas: &[Quota], config: &TableConfig) -> Result<Self, QuotaError> {
        let secret = config.secret.unwrap_or_else(HashSecret::random);
        Self::new(quotas, secret, |quota| {
            Ok(Cells::Keyed(Box::new(KeyedGcra::new(quota, config)?)))
        })
    }

    fn new(
        quotas: &[Quota],
        secret: HashSecret,
        cells: impl Fn(&Quota) -> Result<Cells, QuotaError>,
    ) -> Result<Self, QuotaError> {
        match quotas.len() {
            0 => return Err(Problem::NoQuota.into()),
            1..=MAX_QUOTAS => {}
            more => return Err(Problem::ManyQuotas(more).into()),
        }
        let mut members = Vec::<Member>::with_capacity(quotas.len());
        for quota in quotas {
            let name = quota.policy_name();
            if members.iter().any(|member| member.name == name) {
                return Err(Problem::SameName(name).into());
            }
            members.push(Member {
                quota: *quota,
                name,
                cells: cells(quota)?,
            });
        }
        members.sort_by_key(|member| member.quota.period());
        Ok(Self {
            members,
            secret,
            unreturned: AtomicU64::new(0),
        })
    }

    /// The quotas, narrow before wide: a shorter period before a longer one.
    pub fn quotas(&self) -> impl Iterator<Item = &Quota> {
        self.members.iter().map(|member| &member.quota)
    }

    /// A hasher to put the parts of a key into.
    #[inline]
    pub fn hasher(&self) -> KeyHasher {
        self.secret.hasher()
    }

    /// The key of one value.
    pub fn key<T: Hash + ?Sized>(&self, value: &T) -> KeyHash {
        self.secret.key(value)
    }

    /// Lets a request of this key and cost in, or says when it may come again. A cost of 0 is free.
    ///
    /// # Errors
    ///
    /// [`SetDenied`] if a quota refuses it. Nothing is charged then.
    #[inline]
    pub fn charge(&self, key: KeyHash, now: Moment, cost: u32) -> Result<Charges, SetDenied> {
        // One quota decides and charges in one go.
        let [only] = &*self.members else {
            return self.charge_all(key, now, cost);
        };
        match only.cells.charge(key, now, cost) {
            Ok(charge) => Ok(Charges::of(key, &charge)),
            Err(denied) => Err(SetDenied::by(only, 0, &denied)),
        }
    }

    /// As [`charge`](Self::charge), for the key and into the place of `charges`, which were
    /// [none](Charges::none).
    ///
    /// # Errors
    ///
    /// As `charge`.
    #[inline]
    pub fn charge_into(
        &self,
        charges: &mut Charges,
        now: Moment,
        cost: u32,
    ) -> Result<(), SetDenied> {
        debug_assert_eq!(*charges, Charges::none(charges.key()));
        let [only] = &*self.members else {
            *charges = self.charge_all(charges.key(), now, cost)?;
            return Ok(());
        };
        match only.cells.charge(charges.key(), now, cost) {
            Ok(charge) => {
                charges.push(&charge);
                Ok(())
            }
            Err(denied) => Err(SetDenied::by(only, 0, &denied)),
        }
    }

    fn charge_all(&self, key: KeyHash, now: Moment, cost: u32) -> Result<Charges, SetDenied> {
        self.peek(key, now, cost)?;
        self.charge_each(key, now, |member| member.cells.charge(key, now, cost))
    }

    /// Lets a request of this key and cost in after a wait of `at_most`, and says how long that is:
    /// zero if it may enter now. Its turn is charged now, so that others come after it.
    ///
    /// # Errors
    ///
    /// [`SetDenied`] if it would have to wait longer. Nothing is charged then.
    pub fn reserve(
        &self,
        key: KeyHash,
        now: Moment,
        cost: u32,
        at_most: Duration,
    ) -> Result<(Charges, Duration), SetDenied> {
        if let Err(denied) = self.peek(key, now, cost) {
            if denied.wait.is_none_or(|wait| wait > at_most) {
                return Err(denied);
            }
        }
        let mut longest = Duration::ZERO;
        let charges = self.charge_each(key, now, |member| {
            let (charge, wait) = member.cells.reserve(key, now, cost, at_most)?;
            longest = longest.max(wait);
            Ok(charge)
        })?;
        Ok((charges, longest))
    }

    /// All, or none as far as others leave it to us.
    #[inline]
    fn charge_each(
        &self,
        key: KeyHash,
        now: Moment,
        mut charge: impl FnMut(&Member) -> Result<Charge, Denied>,
    ) -> Result<Charges, SetDenied> {
        let mut charges = Charges::none(key);
        for (i, member) in self.members.iter().enumerate() {
            match charge(member) {
                Ok(charge) => charges.push(&charge),
                Err(denied) => {
                    // Counted if it stays spent.
                    let _ = self.undo(&charges, now);
                    return Err(SetDenied::by(member, i, &denied));
                }
            }
        }
        Ok(charges)
    }

    /// Whether [`charge`](Self::charge) would let this cost in now.
    ///
    /// # Errors
    ///
    /// As `charge`.
    #[inline]
    pub fn peek(&self, key: KeyHash, now: Moment, cost: u32) -> Result<(), SetDenied> {
        let [only] = &*self.members else {
            return self.peek_all(key, now, cost);
        };
        match only.cells.check(key, now, cost) {
            Ok(()) => Ok(()),
            Err(denied) => Err(SetDenied::by(only, 0, &denied)),
        }
    }

    fn peek_all(&self, key: KeyHash, now: Moment, cost: u32) -> Result<(), SetDenied> {
        let mut result = Ok(());
        for (i, member) in self.members.iter().enumerate() {
            if let Err(denied) = member.cells.check(key, now, cost) {
                let denied = SetDenied::by(member, i, &denied);
                result = Err(result.map_or_else(|other: SetDenied| other.and(denied), |()| denied));
            }
        }
        result
    }

    /// Takes charges back, as if they had never been made, where nothing was charged after them;
    /// says whether nothing of them is left.
    pub fn undo(&self, charges: &Charges, now: Moment) -> Undone {
        let mut exactly = true;
        for (member, charge) in self.members.iter().zip(charges.iter()).rev() {
            exactly &= member.cells.undo(charges.key(), &charge, now);
        }
        if exactly {
            return Undone::Exactly;
        }
        self.unreturned.fetch_add(1, Relaxed);
        Undone::InPart
    }

    /// Adds how each quota stands for this key.
    pub fn report(&self, key: KeyHash, now: Moment, to: &mut Report) {
        self.report_violated(key, now, 0, to);
    }

    /// Adds how each quota stands for this key, and marks those that refused.
    pub fn report_denied(&self, key: KeyHash, now: Moment, denied: &SetDenied, to: &mut Report) {
        self.report_violated(key, now, denied.violated, to);
    }

    fn report_violated(&self, key: KeyHash, now: Moment, violated: u8, to: &mut Report) {
        for (i, Member { quota, name, cells }) in self.members.iter().enumerate() {
            let Standing { remaining, full_in } = cells.standing(key, now);
            let period = quota.period();
            to.push(QuotaReport {
                policy: *name,
                quota: u64::from(quota.count()),
                window: Some(period.as_secs()).filter(|&s| s > 0 && period.subsec_nanos() == 0),
                remaining,
                full_in,
                violated: violated & 1 << i != 0,
            });
        }
    }

    /// What the set has to tell, `live` cells as of `now`. Looks at every cell of every table: for
    /// a monitor, not for each request.
    pub fn stats(&self, now: Moment) -> SetStats {
        let table = |member: &Member| match &member.cells {
            Cells::Shared(_) => None,
            Cells::Keyed(table) => Some(table.stats(now)),
        };
        SetStats {
            unreturned: self.unreturned.load(Relaxed),
            tables: self.members.iter().filter_map(table).collect(),
        }
    }
}
