use std::time::Duration;

use super::atomic::AtomicU64;
use super::atomic::Ordering::{AcqRel, Acquire};
use super::{Charge, Denied, Quota, QuotaError, Standing};
use crate::Moment;
use crate::moment::nanos;

/// One quota for everybody: a leaky bucket in one word.
///
/// At most burst + rate × time is let in over any stretch of time, exactly, for any number of
/// threads; a refusal charges nothing and writes nothing. Threads whose clocks differ are judged as
/// if the most advanced one were right. No lock, no allocation.
///
/// ```
/// use floodwall_core::{Moment, rate::{Gcra, Quota}};
/// use std::time::Duration;
///
/// let quota = Quota::requests(10).per_second().burst(2).build().unwrap();
/// let gcra = Gcra::new(&quota).unwrap();
/// let now = Moment::ZERO;
///
/// let charge = gcra.charge(now, 2).unwrap();
/// let denied = gcra.charge(now, 1).unwrap_err();
/// assert_eq!(denied.wait, Some(Duration::from_millis(100)));
/// assert_eq!(denied.standing.full_in, Duration::from_millis(200));
///
/// assert!(gcra.undo(&charge, now));
/// assert_eq!(gcra.standing(now).remaining, 2);
/// ```
#[derive(Debug)]
// All of it is one cache line, which no other cell shares.
#[repr(align(64))]
pub struct Gcra {
    /// When all that was let in will have drained, in parts of a nanosecond since the origin,
    /// modulo 2^64: the theoretical arrival time.
    drained_at: AtomicU64,
    /// A moment, in nanoseconds, around which `drained_at` is not ambiguous. It stays zero for
    /// quotas that count in whole nanoseconds; where the unit is so fine that 64 bits of it pass
    /// while a service runs, it is moved every now and then.
    era: AtomicU64,
    plan: Plan,
}

/// How far ahead turns can be reserved, in units: 18 years of whole nanoseconds.
const LONGEST_WAIT: u64 = 1 << 59;

/// What is computed once, so that a decision needs neither division nor a wider word.
#[derive(Clone, Copy, Debug)]
struct Plan {
    /// Parts of a nanosecond.
    unit: u64,
    /// Debt of a cost of one, in units.
    interval: u64,
    /// Debt of a whole burst, in units.
    limit: u64,
    burst: u32,
    /// How far `now` may be from the era before the era is moved, in nanoseconds.
    era_length: u64,
    /// How far from the era no debt can be left, in nanoseconds.
    forgotten: u64,
}

/// What came of a first try.
enum AtOnce {
    Charged(Charge),
    /// Another thread was faster, and left this word.
    Outrun(u64),
    /// It does not fit in, or takes a closer look.
    Otherwise,
}

/// One consistent look at a cell.
#[derive(Clone, Copy)]
struct Look {
    /// The cell's word.
    word: u64,
    /// Now in units, modulo 2^64.
    now: u64,
    /// What is still owed, in units.
    debt: u64,
    /// Now in nanoseconds, not before the era.
    nanos: u64,
    /// How much the caller's clock is behind that.
    behind: u64,
    era: u64,
    /// Whether a new era must begin before anything is charged.
    era_is_over: bool,
}

impl Gcra {
    /// A cell without debt.
    ///
    /// # Errors
    ///
    /// None today: what a quota can say, a cell of its own can hold.
    pub fn new(quota: &Quota) -> Result<Self, QuotaError> {
        let (interval, unit) = quota.effective().fraction();
        let (limit, era_length) = (quota.limit(), (u64::MAX >> 2) / unit);
        let plan = Plan {
            unit,
            interval,
            limit,
            burst: quota.burst(),
            era_length,
            forgotten: era_length + (limit + LONGEST_WAIT).div_ceil(unit),
        };
        Ok(Self {
            drained_at: AtomicU64::new(0),
            era: AtomicU64::new(0),
            plan,
        })
    }

    /// Lets a request of this cost in, or says when it may come again. A cost of 0 is free: always
    /// let in, nothing charged.
    ///
    /// # Errors
    ///
    /// [`Denied`] if the cost does not fit in now, or can never (a cost above the burst). Nothing
    /// is charged then.
    #[inline]
    pub fn charge(&self, now: Moment, cost: u32) -> Result<Charge, Denied> {
        match self.charge_at_once(now, cost) {
            AtOnce::Charged(charge) => Ok(charge),
            AtOnce::Outrun(word) => self.charge_after(word, now, cost),
            AtOnce::Otherwise => self.charge_or_not(now, cost),
        }
    }

    /// What nearly always happens: it fits in, and nobody else charges meanwhile. This calls nothing
    /// and keeps all in registers.
    #[inline(always)]
    fn charge_at_once(&self, now: Moment, cost: u32) -> AtOnce {
        let look = self.look(now);
        let Ok(debt) = self.fit(&look, cost, 0) else {
            return AtOnce::Otherwise;
        };
        if cost == 0 || look.era_is_over {
            return AtOnce::Otherwise;
        }
        let after = look.now.wrapping_add(debt);
        match self
            .drained_at
            .compare_exchange(look.word, after, AcqRel, Acquire)
        {
            Ok(_) => AtOnce::Charged(Charge { after, cost }),
            Err(word) => AtOnce::Outrun(word),
        }
    }

    /// Somebody else has left `word` meanwhile. It was read by this very thread's failed attempt, so
    /// the next one mostly succeeds: to read it anew would give it away first.
    #[inline(never)]
    fn charge_after(&self, word: u64, now: Moment, cost: u32) -> Result<Charge, Denied> {
        let look = self.look_at(word, now);
        self.charge_from(look, now, cost, 0)
            .map(|(charge, _)| charge)
    }

    #[cold]
    fn charge_or_not(&self, now: Moment, cost: u32) -> Result<Charge, Denied> {
        // As it is a refusal most of the time.
        let look = self.settled_look(now);
        match self.fit(&look, cost, 0) {
            Ok(_) => self.charge_within(now, cost, 0).map(|(charge, _)| charge),
            Err(debt) => Err(self.denied(&look, cost, debt)),
        }
    }

    /// Lets a request of this cost in after a wait of `at_most`, and says how long that is: zero if
    /// it may enter now, and else rounded up to a whole nanosecond. Its turn is charged now, so that
    /// others come after it.
    ///
    /// # Errors
    ///
    /// [`Denied`] if it would have to wait longer. Nothing is charged then.
    pub fn reserve(
        &self,
        now: Moment,
        cost: u32,
        at_most: Duration,
    ) -> Result<(Charge, Duration), Denied> {
        let slack = nanos(at_most)
            .saturating_mul(self.plan.unit)
            .min(LONGEST_WAIT);
        let (charge, excess) = self.charge_within(now, cost, slack)?;
        let wait = match excess {
            0 => Duration::ZERO,
            excess => self.time_of(excess, &self.look(now)),
        };
        Ok((charge, wait))
    }

    /// Whether [`charge`](Self::charge) would let this cost in now, and how the quota stands before
    /// it does.
    ///
    /// # Errors
    ///
    /// As `charge`.
    pub fn peek(&self, now: Moment, cost: u32) -> Result<Standing, Denied> {
        let look = self.settled_look(now);
        match self.fit(&look, cost, 0) {
            Ok(_) => Ok(self.standing_of(&look)),
            Err(debt) => Err(self.denied(&look, cost, debt)),
        }
    }

    /// Takes a charge back, as if it had never been made, if nothing was charged after it; says
    /// whether nothing of it is left.
    ///
    /// Only the newest charge can be given back without ever letting in too much. If others came
    /// after it, it stays spent until it has drained.
    pub fn undo(&self, charge: &Charge, now: Moment) -> bool {
        let after = charge.after;
        let before = after.wrapping_sub(u64::from(charge.cost) * self.plan.interval);
        charge.cost == 0
            || self.look(now).debt == 0
            || self
                .drained_at
                .compare_exchange(after, before, AcqRel, Acquire)
                .is_ok()
    }

    /// How the quota stands.
    pub fn standing(&self, now: Moment) -> Standing {
        self.standing_of(&self.settled_look(now))
    }

    /// As [`peek`](Self::peek), without working out how the quota stands.
    pub(super) fn check(&self, now: Moment, cost: u32) -> Result<(), Denied> {
        let look = self.settled_look(now);
        match self.fit(&look, cost, 0) {
            Ok(_) => Ok(()),
            Err(debt) => Err(self.denied(&look, cost, debt)),
        }
    }

    /// Charges what fits if the limit were larger by `slack`; how much of that it took.
    fn charge_within(&self, now: Moment, cost: u32, slack: u64) -> Result<(Charge, u64), Denied> {
        if cost == 0 {
            return Ok((Charge::FREE, 0));
        }
        self.charge_from(self.look(now), now, cost, slack)
    }

    /// The same after a look.
    fn charge_from(
        &self,
        mut look: Look,
        now: Moment,
        cost: u32,
        slack: u64,
    ) -> Result<(Charge, u64), Denied> {
        loop {
            let Ok(debt) = self.fit(&look, cost, slack) else {
                // What is written is compared with what was seen; a refusal writes nothing.
                look = self.settled_look(now);
                match self.fit(&look, cost, slack) {
                    Ok(_) => continue,
                    Err(debt) => return Err(self.denied(&look, cost, debt)),
                }
            };
            if look.era_is_over {
                self.begin_era(&look);
                look = self.look(now);
                continue;
            }
            let after = look.now.wrapping_add(debt);
            match self
                .drained_at
                .compare_exchange_weak(look.word, after, AcqRel, Acquire)
            {
                Ok(_) => {
                    let excess = debt.saturating_sub(self.plan.limit);
                    return Ok((Charge { after, cost }, excess));
                }
                Err(word) => look = self.look_at(word, now),
            }
        }
    }

    #[inline]
    fn look(&self, now: Moment) -> Look {
        self.look_at(self.drained_at.load(Acquire), now)
    }

    /// The era is read after the word: whoever sees a word of a new era also sees that era.
    #[inline]
    fn look_at(&self, word: u64, now: Moment) -> Look {
        let era = self.era.load(Acquire);
        let nanos = now.as_nanos().max(era);
        let now_in_units = nanos.wrapping_mul(self.plan.unit);
        let ahead = word.wrapping_sub(now_in_units);
        let drained = ahead > u64::MAX / 2 || nanos - era > self.plan.forgotten;
        Look {
            word,
            now: now_in_units,
            debt: if drained { 0 } else { ahead },
            nanos,
            behind: nanos - now.as_nanos(),
            era,
            era_is_over: nanos - era > self.plan.era_length,
        }
    }

    /// A word of the old era may be seen with a new era, and then tell a debt that drained long
    /// ago. It is another word by then.
    fn settled_look(&self, now: Moment) -> Look {
        let mut look = self.look(now);
        loop {
            match self.drained_at.load(Acquire) {
                word if word == look.word => return look,
                word => look = self.look_at(word, now),
            }
        }
    }

    /// Writes the same debt so that it is told right in an era that begins now, and begins it. In
    /// this order: nobody charges before the new era is seen, so a word without an era is lost by
    /// nobody, and the thread that finds one does the same again.
    fn begin_era(&self, look: &Look) {
        let same = look.now.wrapping_add(look.debt);
        if self
            .drained_at
            .compare_exchange(look.word, same, AcqRel, Acquire)
            .is_ok()
        {
            // Who loses this race finds the era of another thread, which is as good.
            let _ = self
                .era
                .compare_exchange(look.era, look.nanos, AcqRel, Acquire);
        }
    }

    /// The debt with this cost: `Ok` if it is within the limit and `slack`.
    #[inline]
    fn fit(&self, look: &Look, cost: u32, slack: u64) -> Result<u64, u64> {
        let plan = &self.plan;
        // No product or sum overflows: the cost of a burst is the limit, which is at most 2^60, the
        // slack is less, the debt is below 2^63.
        let debt = match cost <= plan.burst {
            true => look.debt + u64::from(cost) * plan.interval,
            false => u64::MAX,
        };
        if debt <= plan.limit + slack || cost == 0 {
            Ok(debt)
        } else {
            Err(debt)
        }
    }

    #[cold]
    fn denied(&self, look: &Look, cost: u32, debt: u64) -> Denied {
        let excess = debt - self.plan.limit;
        Denied {
            wait: (cost <= self.plan.burst).then(|| self.time_of(excess, look)),
            standing: self.standing_of(look),
        }
    }

    fn standing_of(&self, look: &Look) -> Standing {
        Standing {
            remaining: self.plan.limit.saturating_sub(look.debt) / self.plan.interval,
            full_in: if look.debt == 0 {
                Duration::ZERO
            } else {
                self.time_of(look.debt, look)
            },
        }
    }

    /// How long the caller's clock takes until so much has drained.
    fn time_of(&self, debt: u64, look: &Look) -> Duration {
        let nanos = match self.plan.unit {
            1 => debt,
            unit => debt.div_ceil(unit),
        };
        Duration::from_nanos(nanos.saturating_add(look.behind))
    }
}
