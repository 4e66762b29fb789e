//! What the tests of rates share: a reference model in 128-bit arithmetic, and random quotas.
#![allow(
    dead_code,
    reason = "each test file is a crate of its own and uses a part of this"
)]

use std::time::Duration;

use floodwall_core::rate::Quota;

/// GCRA as the textbooks have it, with plain arithmetic that cannot overflow: times are fractions
/// of a nanosecond with the denominator of the quota's effective interval.
#[derive(Clone, Debug)]
pub(crate) struct Model {
    interval: u128,
    parts: u128,
    burst: u32,
    drained_at: u128,
}

impl Model {
    pub(crate) fn new(quota: &Quota) -> Self {
        let (interval, parts) = quota.effective().fraction();
        Self {
            interval: interval.into(),
            parts: parts.into(),
            burst: quota.burst(),
            drained_at: 0,
        }
    }

    /// A whole burst, in parts of a nanosecond.
    pub(crate) fn limit(&self) -> u128 {
        u128::from(self.burst) * self.interval
    }

    /// What would be owed with this cost.
    pub(crate) fn debt_with(&self, now: u64, cost: u32) -> u128 {
        self.debt(now) + u128::from(cost) * self.interval
    }

    pub(crate) fn debt(&self, now: u64) -> u128 {
        self.drained_at.saturating_sub(u128::from(now) * self.parts)
    }

    /// In whole nanoseconds, rounded up.
    pub(crate) fn time_of(&self, debt: u128) -> u128 {
        debt.div_ceil(self.parts)
    }

    /// A time in nanoseconds as a debt.
    pub(crate) fn debt_of(&self, time: Duration) -> u128 {
        time.as_nanos() * self.parts
    }

    /// Whatever the limit says.
    pub(crate) fn force(&mut self, now: u64, cost: u32) {
        self.drained_at = u128::from(now) * self.parts + self.debt_with(now, cost);
    }

    /// `Err` holds the wait in nanoseconds, if there is one that helps.
    pub(crate) fn charge(&mut self, now: u64, cost: u32) -> Result<(), Option<u128>> {
        if cost > self.burst {
            return Err(None);
        }
        let debt = self.debt_with(now, cost);
        if debt > self.limit() {
            return Err(Some(self.time_of(debt - self.limit())));
        }
        if cost > 0 {
            self.force(now, cost);
        }
        Ok(())
    }

    pub(crate) fn remaining(&self, now: u64) -> u128 {
        (self.limit() - self.debt(now).min(self.limit())) / self.interval
    }
}

/// Small and large in equal measure: every magnitude up to `max` is as likely.
pub(crate) fn any_magnitude(random: &mut fastrand::Rng, max: u64) -> u64 {
    (random.u64(..) >> random.u32(0..64)).min(max)
}

/// A quota that can be built, from one in decades to billions per second.
pub(crate) fn any_quota(random: &mut fastrand::Rng) -> Quota {
    loop {
        let count = any_magnitude(random, u32::MAX.into()) as u32;
        let burst = any_magnitude(random, u32::MAX.into()) as u32;
        let period = match random.u32(0..4) {
            0 => Duration::from_nanos(random.u64(..) >> random.u32(0..64)),
            1 => Duration::from_secs(315_360_000),
            2 => Duration::from_secs(random.u64(1..100)),
            _ => Duration::from_secs(1),
        };
        if let Ok(quota) = Quota::requests(count).per(period).burst(burst).build() {
            return quota;
        }
    }
}

/// A cost that mostly fits, and sometimes is nothing or too much.
pub(crate) fn any_cost(random: &mut fastrand::Rng, burst: u32) -> u32 {
    match random.u32(0..8) {
        0 => 0,
        1 => burst,
        2 => burst.saturating_add(1),
        3 => random.u32(..),
        4 => random.u32(0..=burst),
        _ => 1,
    }
}

/// A step in time that is likely to hit an edge: the wait just told, one less, half an interval,
/// nothing, or any magnitude.
pub(crate) fn any_step(random: &mut fastrand::Rng, quota: &Quota, told: Option<Duration>) -> u64 {
    let told = told.map_or(0, |told| told.as_nanos() as u64);
    match random.u32(0..8) {
        0 | 1 => told,
        2 => told.saturating_sub(1),
        3 => told.saturating_add(1),
        4 => 0,
        5 => random.u64(0..=quota.effective().interval().as_nanos() as u64),
        6 => any_magnitude(random, u64::MAX),
        _ => random.u64(0..3),
    }
}
