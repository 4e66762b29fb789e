use std::time::Duration;

use crate::atomic::{AtomicU32, AtomicU64, Ordering};
use crate::rate::KeyHash;
use crate::{Level, Moment, Priority};

use super::cohort::place;

/// How much each tenant has used lately, so that those who use most are shed first.
///
/// A sketch of fixed memory (32 KiB): four rows of counters, of which the smallest counts
/// (count-min, Cormode and Muthukrishnan 2005), halved every half-life. It never tells less than a
/// tenant has used; with very many tenants it may tell more. The idea to order tenants by their
/// recent use is failsafe-go's usage tracker.
///
/// ```
/// use floodwall_core::{Moment, Priority, rate::KeyHash, shed::Usage};
/// use std::time::Duration;
///
/// let usage = Usage::new(Duration::from_secs(30));
/// let (heavy, light) = (KeyHash::from_raw(0x1234_5678_9ABC_DEF0), KeyHash::from_raw(0x0FED_CBA9_8765_4321));
/// for _ in 0..1_000 {
///     usage.spend(heavy, 1, Moment::ZERO);
/// }
/// usage.spend(light, 1, Moment::ZERO);
/// let level = |tenant| usage.level(Priority::NORMAL, tenant, false, Moment::ZERO);
/// assert!(level(light) < level(heavy));
/// ```
#[derive(Debug)]
pub struct Usage {
    cells: Box<[AtomicU32]>,
    half_life: Duration,
    halved: AtomicU64,
}

const ROWS: usize = 4;
const COLUMNS: usize = 2_048;
/// A use of 1 is this much in a cell, so that small ones survive some halvings.
const UNIT: u32 = 256;
/// Cohorts for each doubling of use; 24 bits of it fill a class.
const PER_DOUBLING: f64 = 4.0;
/// Tenants are ordered by use up to this many doublings; nearer ones are told apart by their hash, so
/// that those who use alike fill several cohorts and a part of them can be shed.
const APART: f64 = 2.0;

impl Usage {
    /// Nobody has used anything; what is used counts half after `half_life`.
    pub fn new(half_life: Duration) -> Self {
        Self {
            cells: (0..ROWS * COLUMNS).map(|_| AtomicU32::new(0)).collect(),
            half_life: half_life.max(Duration::from_millis(1)),
            halved: AtomicU64::new(0),
        }
    }

    /// `tenant` uses `cost`.
    pub fn spend(&self, tenant: KeyHash, cost: u32, now: Moment) {
        self.fade(now);
        let cost = cost.saturating_mul(UNIT);
        for cell in self.cells_of(tenant) {
            // A use that is lost to a race is one request of many.
            let used = cell.load(Ordering::Relaxed);
            cell.store(used.saturating_add(cost), Ordering::Relaxed);
        }
    }

    /// How much `tenant` has used lately, in the unit of the costs.
    pub fn of(&self, tenant: KeyHash) -> f64 {
        let least = self
            .cells_of(tenant)
            .map(|cell| cell.load(Ordering::Relaxed));
        f64::from(least.min().unwrap_or(0)) / f64::from(UNIT)
    }

    /// The level of a request: who used more is in a later cohort; those alike are told apart by
    /// their hash, so that a part of them can be shed.
    pub fn level(&self, priority: Priority, tenant: KeyHash, retry: bool, now: Moment) -> Level {
        // Who is shed spends nothing: were it forgotten at spending only, a heavy tenant that is alone
        // would stay heavy for ever.
        self.fade(now);
        let used = PER_DOUBLING * (1.0 + self.of(tenant)).log2();
        let apart = (tenant.raw() >> 40) as f64 / (1_u64 << 24) as f64 * APART * PER_DOUBLING;
        let part = ((used + apart) / 96.0).clamp(0.0, 0.999);
        place(priority, (part * u64::MAX as f64) as u64, retry)
    }

    fn cells_of(&self, tenant: KeyHash) -> impl Iterator<Item = &AtomicU32> {
        // Two halves of one hash make as many as are needed (Kirsch and Mitzenmacher 2006).
        let raw = tenant.raw();
        let (one, two) = (raw & 0xFFFF_FFFF, raw >> 32 | 1);
        (0..ROWS).map(move |row| {
            let column = one.wrapping_add(two.wrapping_mul(row as u64)) as usize % COLUMNS;
            &self.cells[row * COLUMNS + column]
        })
    }

    fn fade(&self, now: Moment) {
        let halved = self.halved.load(Ordering::Relaxed);
        let since = now.since(Moment::from_nanos(halved));
        if since < self.half_life {
            return;
        }
        let claimed = self.halved.compare_exchange(
            halved,
            now.as_nanos(),
            Ordering::Relaxed,
            Ordering::Relaxed,
        );
        if claimed.is_err() {
            return;
        }
        let times = since.as_nanos() / self.half_life.as_nanos().max(1);
        let times = u32::try_from(times).unwrap_or(u32::MAX).min(31);
        for cell in &self.cells {
            cell.store(cell.load(Ordering::Relaxed) >> times, Ordering::Relaxed);
        }
    }
}

#[cfg(all(test, not(floodwall_loom)))]
mod tests {
    use super::*;

    fn tenant(n: u64) -> KeyHash {
        KeyHash::from_raw((n + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ (n << 17))
    }

    #[test]
    fn it_never_tells_less_than_was_used_and_little_more() {
        let usage = Usage::new(Duration::from_secs(30));
        for n in 0..500 {
            for _ in 0..=n {
                usage.spend(tenant(n), 1, Moment::ZERO);
            }
        }
        let mut much = 0;
        for n in 0..500 {
            let (told, true_use) = (usage.of(tenant(n)), n as f64 + 1.0);
            assert!(told >= true_use, "{n}: {told}");
            much += u32::from(told > true_use * 1.5 + 20.0);
        }
        assert!(much < 25, "{much} of 500 are told far too much");
    }

    #[test]
    fn use_is_forgotten_by_half_lives_even_when_nobody_came() {
        let usage = Usage::new(Duration::from_secs(10));
        usage.spend(tenant(1), 1_000, Moment::ZERO);
        let later = Moment::ZERO + Duration::from_secs(30);
        usage.spend(tenant(2), 1, later);
        assert!((usage.of(tenant(1)) - 125.0).abs() < 1.0);
        usage.spend(tenant(2), 1, later + Duration::from_secs(1_000_000));
        assert_eq!(usage.of(tenant(1)), 0.0);
    }

    #[test]
    fn use_is_forgotten_while_nothing_is_let_in() {
        let usage = Usage::new(Duration::from_secs(10));
        let fresh = usage.level(Priority::NORMAL, tenant(1), false, Moment::ZERO);
        usage.spend(tenant(1), 1_000, Moment::ZERO);
        let later = Moment::ZERO + Duration::from_secs(400);
        assert_eq!(
            usage.level(Priority::NORMAL, tenant(1), false, later),
            fresh
        );
    }

    #[test]
    fn those_who_use_most_come_last_and_equals_are_spread() {
        let usage = Usage::new(Duration::from_secs(30));
        for n in 0..200 {
            usage.spend(tenant(n), if n < 20 { 4_000 } else { 100 }, Moment::ZERO);
        }
        let cohort = |n| {
            usage
                .level(Priority::NORMAL, tenant(n), false, Moment::ZERO)
                .cohort()
        };
        let last_of_the_light = (20..200).map(cohort).max().unwrap();
        assert!((0..20).all(|n| cohort(n) > last_of_the_light));
        let mut light: Vec<u8> = (20..200).map(cohort).collect();
        light.sort_unstable();
        light.dedup();
        assert!(light.len() >= 4, "{light:?}");
        assert!(
            usage
                .level(Priority::NORMAL, tenant(0), true, Moment::ZERO)
                .cohort()
                >= 96
        );
    }
}
