use std::fmt;
use std::time::Duration;

use crate::Moment;
use crate::rate::{Charge, Denied, Quota, QuotaError, Standing};

mod bucket;
mod cell;
mod clock;
mod config;
mod hash;
#[cfg(all(test, floodwall_loom))]
mod loom_models;
mod plan;
mod sip;
mod stats;
mod table;
#[cfg(all(test, not(floodwall_loom)))]
mod tests;

pub(super) use plan::MAX_CAPACITY;

pub use config::TableConfig;
pub use hash::{HashSecret, KeyHash, KeyHasher};
pub use stats::TableStats;

use plan::Plan;
use table::Table;

/// Cells in a cache line.
const LINE: usize = 8;

/// One quota for each key, in a table whose memory is fixed when it is made.
///
/// A cell is one word, a fingerprint of the key and the time at which its debt will have drained,
/// so a decision is one compare-and-swap. A cell whose debt has drained equals one never used; it
/// goes to the next key that needs it, and nothing is swept out, grown or forgotten. When all
/// sixteen cells of a key's bucket are in debt, a newcomer takes over the smallest debt with its
/// cell (after Metwally, Agrawal, El Abbadi, "Efficient computation of frequent and top-k
/// elements", 2005), so no debt is forgotten, but its owner may be: size the table by the rule in
/// [`TableConfig`] and watch [`TableStats::inherited`].
///
/// Time is counted in ticks, each a power of two part of the interval, a thousandth where that is
/// 64 ns or longer. At most burst + rate × (time + one tick) is let in for each key. Hits and
/// refusals take no lock, the first charge of a new key one of 256.
///
/// ```
/// use floodwall_core::{Moment, rate::{HashSecret, KeyedGcra, Quota, TableConfig}};
///
/// let secret = HashSecret::random();
/// let quota = Quota::requests(1).per_second().build().unwrap();
/// let table = KeyedGcra::new(&quota, &TableConfig::new(1_000)).unwrap();
/// let now = Moment::ZERO;
/// assert!(table.charge(secret.key("alice"), now, 1).is_ok());
/// assert!(table.charge(secret.key("alice"), now, 1).is_err());
/// assert!(table.charge(secret.key("bob"), now, 1).is_ok());
/// ```
pub struct KeyedGcra(Table<LINE>);

impl KeyedGcra {
    /// An empty table. Takes all its memory now.
    ///
    /// # Errors
    ///
    /// If the quota allows a key more than 15,625,000 per second, which a packed cell cannot hold;
    /// if the capacity is zero or too large; if the skew is too long.
    pub fn new(quota: &Quota, config: &TableConfig) -> Result<Self, QuotaError> {
        let plan = Plan::new(quota, config)?;
        Ok(Self(Table::new(plan, config.capacity)))
    }

    /// Lets a request of this key and cost in, or says when it may come again. A cost of 0 is free:
    /// always let in, nothing charged.
    ///
    /// # Errors
    ///
    /// [`Denied`] if the cost does not fit in now, or can never (a cost above the burst). Nothing
    /// is charged then.
    // Too large to be inlined unasked, and a tenth slower where it is not.
    #[inline(always)]
    pub fn charge(&self, key: KeyHash, now: Moment, cost: u32) -> Result<Charge, Denied> {
        self.0.charge(key, now, cost)
    }

    /// Lets a request of this key and cost in after a wait of `at_most`, and says how long that is:
    /// zero if it may enter now. Its turn is charged now, so that others come after it. Turns are
    /// given out for at most 16,384 intervals in advance.
    ///
    /// # Errors
    ///
    /// [`Denied`] if it would have to wait longer. Nothing is charged then.
    pub fn reserve(
        &self,
        key: KeyHash,
        now: Moment,
        cost: u32,
        at_most: Duration,
    ) -> Result<(Charge, Duration), Denied> {
        self.0.reserve(key, now, cost, at_most)
    }

    /// Whether [`charge`](Self::charge) would let this cost in now, and how the quota stands before
    /// it does.
    ///
    /// # Errors
    ///
    /// As `charge`.
    pub fn peek(&self, key: KeyHash, now: Moment, cost: u32) -> Result<Standing, Denied> {
        self.0.check(key, now, cost)?;
        Ok(self.0.standing(key, now))
    }

    /// Takes a charge back, as if it had never been made, if nothing was charged to the key after
    /// it; says whether nothing of it is left. See [`Gcra::undo`](super::Gcra::undo).
    pub fn undo(&self, key: KeyHash, charge: &Charge, now: Moment) -> bool {
        self.0.undo(key, charge, now)
    }

    /// How the quota stands for this key.
    pub fn standing(&self, key: KeyHash, now: Moment) -> Standing {
        self.0.standing(key, now)
    }

    /// The tick in which this table counts time, rounded up to a whole nanosecond.
    pub fn tick(&self) -> Duration {
        self.0.tick()
    }

    /// What the table has to tell, `live` as of `now`. Looks at every cell: for a monitor, not for
    /// each request.
    pub fn stats(&self, now: Moment) -> TableStats {
        self.0.stats(now)
    }

    /// As [`peek`](Self::peek), without working out how the quota stands.
    #[inline]
    pub(super) fn check(&self, key: KeyHash, now: Moment, cost: u32) -> Result<(), Denied> {
        self.0.check(key, now, cost)
    }
}

/// Not the cells: there may be millions.
impl fmt::Debug for KeyedGcra {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyedGcra")
            .field("tick", &self.tick())
            .finish_non_exhaustive()
    }
}
