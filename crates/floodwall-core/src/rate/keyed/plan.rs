use std::time::Duration;

use super::TableConfig;
use super::cell::TIME_BITS;
use crate::moment::nanos;
use crate::rate::error::Problem;
use crate::rate::{Denied, Quota, QuotaError, Standing};

/// The largest capacity: a gibibyte of cells, and as many lines as the hash can tell apart.
pub(in crate::rate) const MAX_CAPACITY: usize = 1 << 26;

/// The shortest tick in nanoseconds. With it, 2^40 ticks are 19.5 hours.
const SHORTEST_TICK: u64 = 64;
/// The finest division of an interval into ticks, as a power of two: one part in a thousand.
const FINEST: u32 = 10;
/// The largest debt of a whole burst, and the largest skew: an eighth of a step from where live
/// and drained could be mistaken for each other.
const LONGEST: u64 = 1 << (TIME_BITS - 8);

/// What is computed once for all keys, so that a decision needs no division.
#[derive(Clone, Copy, Debug)]
pub(super) struct Plan {
    /// A tick in nanoseconds, as a fraction.
    pub(super) tick: (u64, u64),
    /// Ticks in an interval, as a power of two: what a cost of one owes.
    pub(super) interval_bits: u32,
    /// Debt of a whole burst, in ticks.
    pub(super) limit: u64,
    pub(super) burst: u32,
    /// How many ticks ago a debt must have drained before its cell is swept.
    pub(super) skew: u64,
    /// Nanoseconds in a tick, as a fraction of 2^`nanos_shift`, rounded up.
    nanos_rate: u64,
    nanos_shift: u32,
}

/// What a request asks for.
#[derive(Clone, Copy)]
pub(super) struct Cost {
    pub(super) units: u32,
    /// By how many ticks it may exceed the limit, because it will wait for them.
    pub(super) slack: u64,
}

impl Cost {
    pub(super) const fn at_once(units: u32) -> Self {
        Self { units, slack: 0 }
    }
}

/// Why a cost does not fit: by how many ticks (`None`: it never will), and what is owed.
pub(super) struct Short {
    pub(super) excess: Option<u64>,
    pub(super) debt: u64,
}

impl Plan {
    /// The finest tick that is not too short, of which the longest debt is not too many.
    pub(super) fn new(quota: &Quota, config: &TableConfig) -> Result<Self, QuotaError> {
        if config.capacity == 0 || config.capacity > MAX_CAPACITY {
            return Err(Problem::Capacity(config.capacity).into());
        }
        let (interval, unit) = quota.effective().fraction();
        let burst = quota.burst();
        let bits = (0..=FINEST)
            .rev()
            .find(|bits| {
                interval >> bits >= SHORTEST_TICK * unit && u64::from(burst) << bits <= LONGEST
            })
            .ok_or(Problem::FastKeyed)?;
        let tick = (interval, unit << bits);
        let skew = u128::from(nanos(config.skew)) * u128::from(tick.1);
        let skew = u64::try_from(skew.div_ceil(u128::from(tick.0)))
            .ok()
            .filter(|&skew| skew <= LONGEST)
            .ok_or(Problem::Skew(config.skew))?;
        let (nanos_rate, nanos_shift) = per_tick(tick);
        let limit = u64::from(burst) << bits;
        Ok(Self {
            tick,
            interval_bits: bits,
            limit,
            burst,
            skew,
            nanos_rate,
            nanos_shift,
        })
    }

    /// What so many units owe.
    #[inline]
    pub(super) fn ticks(&self, units: u32) -> u64 {
        u64::from(units) << self.interval_bits
    }

    /// The debt with this cost, if it is within the limit and the slack.
    #[inline]
    pub(super) fn fit(&self, owed: u64, cost: Cost) -> Result<u64, Short> {
        let debt = owed + self.ticks(cost.units);
        if cost.units <= self.burst && debt <= self.limit + cost.slack {
            return Ok(debt);
        }
        Err(self.short(owed, cost.units))
    }

    /// Why a cost does not fit that is more than the limit with what is owed.
    pub(super) fn short(&self, owed: u64, units: u32) -> Short {
        let possible = units <= self.burst;
        Short {
            excess: possible.then(|| owed + self.ticks(units) - self.limit),
            debt: owed,
        }
    }

    /// What to tell a caller whose clock is so many ticks behind.
    #[cold]
    pub(super) fn denied(&self, short: &Short, behind: u64) -> Denied {
        Denied {
            wait: short.excess.map(|excess| self.time_of(excess + behind)),
            standing: self.standing(short.debt, behind),
        }
    }

    pub(super) fn standing(&self, debt: u64, behind: u64) -> Standing {
        Standing {
            remaining: self.limit.saturating_sub(debt) >> self.interval_bits,
            full_in: if debt == 0 {
                Duration::ZERO
            } else {
                self.time_of(debt + behind)
            },
        }
    }

    /// So many ticks, rounded up.
    pub(super) fn time_of(&self, ticks: u64) -> Duration {
        let product = u128::from(ticks) * u128::from(self.nanos_rate);
        let nanos =
            (product >> self.nanos_shift) + u128::from(product.trailing_zeros() < self.nanos_shift);
        Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }
}

/// Nanoseconds in a tick, with as many bits as fit in a word.
fn per_tick((nanos, parts): (u64, u64)) -> (u64, u32) {
    let (nanos, parts) = (u128::from(nanos), u128::from(parts));
    let shift = (0..=60)
        .rev()
        .find(|shift| (nanos << shift).div_ceil(parts) <= u128::from(u64::MAX))
        .unwrap_or(0);
    // With a shift of zero it is the tick rounded up, which fits like the interval it is part of.
    ((nanos << shift).div_ceil(parts) as u64, shift)
}
