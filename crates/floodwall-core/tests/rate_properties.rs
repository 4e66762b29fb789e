//! Random schedules of charge, undo, reserve and refusal: never above burst + rate × time.
#![cfg(not(floodwall_loom))]

mod rate_support;

use std::time::Duration;

use floodwall_core::Moment;
use floodwall_core::rate::{Charge, Gcra, HashSecret, KeyedGcra, Quota, TableConfig};
use proptest::prelude::*;

#[derive(Clone, Debug)]
enum Step {
    Charge(u32),
    Reserve(u32, u64),
    Undo(usize),
    UndoNewest,
    WaitAsTold,
    Pass(u64),
}

fn quotas() -> impl Strategy<Value = Quota> {
    let period = prop_oneof![Just(1_000), Just(1_000_000_000), 1_u64..10_000_000_000];
    (1_u32..1_000, period, 1_u32..20).prop_filter_map("can be built", |(count, period, burst)| {
        Quota::requests(count)
            .per(Duration::from_nanos(period))
            .burst(burst)
            .build()
            .ok()
    })
}

/// With reservations in a part of `reserve` in eleven.
fn steps(reserve: u32) -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => (0_u32..8).prop_map(Step::Charge),
        reserve => (0_u32..8, 0_u64..20).prop_map(|(cost, intervals)| Step::Reserve(cost, intervals)),
        2 => (0_usize..8).prop_map(Step::Undo),
        2 => Just(Step::UndoNewest),
        1 => Just(Step::WaitAsTold),
        2 => (0_u64..3_000).prop_map(Step::Pass),
    ];
    prop::collection::vec(step, 1..60)
}

/// What a direct and a packed cell have in common.
trait Cell {
    fn charge(&self, now: Moment, cost: u32) -> Result<Charge, Option<Duration>>;
    fn reserve(&self, now: Moment, cost: u32, at_most: Duration) -> Option<(Charge, Duration)>;
    fn undo(&self, charge: &Charge, now: Moment) -> bool;
}

impl Cell for Gcra {
    fn charge(&self, now: Moment, cost: u32) -> Result<Charge, Option<Duration>> {
        self.charge(now, cost).map_err(|denied| denied.wait)
    }
    fn reserve(&self, now: Moment, cost: u32, at_most: Duration) -> Option<(Charge, Duration)> {
        self.reserve(now, cost, at_most).ok()
    }
    fn undo(&self, charge: &Charge, now: Moment) -> bool {
        self.undo(charge, now)
    }
}

impl Cell for (KeyedGcra, floodwall_core::rate::KeyHash) {
    fn charge(&self, now: Moment, cost: u32) -> Result<Charge, Option<Duration>> {
        self.0
            .charge(self.1, now, cost)
            .map_err(|denied| denied.wait)
    }
    fn reserve(&self, now: Moment, cost: u32, at_most: Duration) -> Option<(Charge, Duration)> {
        self.0.reserve(self.1, now, cost, at_most).ok()
    }
    fn undo(&self, charge: &Charge, now: Moment) -> bool {
        self.0.undo(self.1, charge, now)
    }
}

/// Plays the schedule and checks every stretch of time between what got in and stayed in.
fn plays_within(
    quota: &Quota,
    cell: &impl Cell,
    steps: &[Step],
    tick: Duration,
) -> Result<(), TestCaseError> {
    let (interval, parts) = quota.effective().fraction();
    let mut now = 1_000_u64;
    let mut told = Duration::ZERO;
    // When it gets in, its cost, and what is needed to undo it.
    let mut inside: Vec<(u64, u32, Charge)> = Vec::new();
    for step in steps {
        let at = Moment::from_nanos(now);
        match *step {
            Step::Charge(cost) => match cell.charge(at, cost) {
                Ok(charge) => inside.push((now, cost, charge)),
                Err(wait) => told = wait.unwrap_or(told),
            },
            Step::Reserve(cost, intervals) => {
                let at_most = Duration::from_nanos(interval * intervals / parts);
                if let Some((charge, wait)) = cell.reserve(at, cost, at_most) {
                    prop_assert!(wait <= at_most + tick);
                    inside.push((now + wait.as_nanos() as u64, cost, charge));
                }
            }
            Step::Undo(back) => undo(cell, &mut inside, back, at),
            Step::UndoNewest => undo(cell, &mut inside, 0, at),
            Step::WaitAsTold => now += told.as_nanos() as u64,
            Step::Pass(thousandths) => now += interval * thousandths / parts / 1_000,
        }
    }
    inside.sort_by_key(|&(at, ..)| at);
    let burst = u128::from(quota.burst()) * u128::from(interval);
    for (first, &(from, ..)) in inside.iter().enumerate() {
        let mut spent = 0;
        for &(until, cost, _) in &inside[first..] {
            spent += u128::from(cost) * u128::from(interval);
            let time = u128::from(until - from) + tick.as_nanos();
            prop_assert!(spent <= burst + time * u128::from(parts), "{inside:?}");
        }
    }
    Ok(())
}

fn undo(cell: &impl Cell, inside: &mut Vec<(u64, u32, Charge)>, back: usize, at: Moment) {
    if let Some(index) = inside.len().checked_sub(back + 1) {
        if cell.undo(&inside[index].2, at) {
            inside.remove(index);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn schedules_with_undo_never_exceed_burst_and_rate(quota in quotas(), steps in steps(0)) {
        let gcra = Gcra::new(&quota).unwrap();
        plays_within(&quota, &gcra, &steps, Duration::ZERO)?;
    }

    /// Who waits gets in at a whole nanosecond, which may be later than his due by a part of one.
    #[test]
    fn schedules_with_turns_exceed_them_by_less_than_a_nanosecond(quota in quotas(), steps in steps(2)) {
        let gcra = Gcra::new(&quota).unwrap();
        plays_within(&quota, &gcra, &steps, Duration::from_nanos(1))?;
    }

    #[test]
    fn schedules_in_a_table_exceed_them_by_at_most_a_tick(quota in quotas(), steps in steps(1)) {
        if let Ok(table) = KeyedGcra::new(&quota, &TableConfig::new(1)) {
            let tick = table.tick() + Duration::from_nanos(1);
            plays_within(&quota, &(table, HashSecret::seeded(1).key("one")), &steps, tick)?;
        }
    }

    #[test]
    fn waiting_as_told_admits_and_a_nanosecond_less_does_not(
        seed in any::<u64>(),
        quiet in any::<u64>(),
    ) {
        let mut random = fastrand::Rng::with_seed(seed);
        let quota = rate_support::any_quota(&mut random);
        let gcra = Gcra::new(&quota).unwrap();
        let now = Moment::from_nanos(quiet >> 2);
        gcra.charge(now, random.u32(1..=quota.burst())).unwrap();
        let cost = random.u32(1..=quota.burst());
        if let Err(denied) = gcra.charge(now, cost) {
            let then = now + denied.wait.unwrap();
            prop_assert!(gcra.peek(then - Duration::from_nanos(1), cost).is_err());
            prop_assert!(gcra.charge(then, cost).is_ok());
        }
    }

    #[test]
    fn waiting_as_told_by_a_table_admits(seed in any::<u64>(), quiet in any::<u64>()) {
        let mut random = fastrand::Rng::with_seed(seed);
        let quota = rate_support::any_quota(&mut random);
        if let Ok(table) = KeyedGcra::new(&quota, &TableConfig::new(1)) {
            let key = HashSecret::seeded(seed).key("one");
            let now = Moment::from_nanos(quiet >> 2);
            table.charge(key, now, random.u32(1..=quota.burst())).unwrap();
            let cost = random.u32(1..=quota.burst());
            if let Err(denied) = table.charge(key, now, cost) {
                prop_assert!(table.charge(key, now + denied.wait.unwrap(), cost).is_ok());
            }
        }
    }
}

#[test]
fn only_the_newest_charge_can_be_undone_and_that_exactly() {
    let quota: Quota = "1/s burst 4".parse().unwrap();
    let gcra = Gcra::new(&quota).unwrap();
    let now = Moment::ZERO;
    let (first, second) = (gcra.charge(now, 1).unwrap(), gcra.charge(now, 2).unwrap());
    assert!(!gcra.undo(&first, now), "another came after it");
    assert!(gcra.undo(&second, now));
    assert_eq!(gcra.standing(now).remaining, 3);
    assert!(gcra.undo(&first, now), "it is the newest again");
    assert_eq!(gcra.standing(now).remaining, 4);
}

#[test]
fn a_cost_of_nothing_is_free_even_when_the_quota_is_used_up() {
    let quota: Quota = "1/s".parse().unwrap();
    let (gcra, key) = (Gcra::new(&quota).unwrap(), HashSecret::seeded(1).key("one"));
    let table = KeyedGcra::new(&quota, &TableConfig::new(1)).unwrap();
    for _ in 0..3 {
        let _ = (
            gcra.charge(Moment::ZERO, 1),
            table.charge(key, Moment::ZERO, 1),
        );
        let free = gcra.charge(Moment::ZERO, 0).unwrap();
        assert!(gcra.undo(&free, Moment::ZERO));
        let free = table.charge(key, Moment::ZERO, 0).unwrap();
        assert!(table.undo(key, &free, Moment::ZERO));
    }
    assert!(gcra.charge(Moment::ZERO, 1).is_err());
    assert!(table.charge(key, Moment::ZERO, 1).is_err());
}

/// Promise 6: a clock that stands still or jumps costs at most one burst.
#[test]
fn a_frozen_clock_and_one_that_jumps_by_decades_cost_at_most_a_burst() {
    let decade = Duration::from_secs(315_360_000);
    for text in ["3/s", "5/d", "1000000007/s burst 9", "4294967291/s burst 2"] {
        let quota: Quota = text.parse().unwrap();
        let gcra = Gcra::new(&quota).unwrap();
        let start = Moment::ZERO + decade * 2;
        let burst_at = |now| (0..50).filter(|_| gcra.charge(now, 1).is_ok()).count() as u32;
        assert_eq!(burst_at(start), quota.burst(), "{quota}");
        assert_eq!(burst_at(start), 0, "{quota}: frozen");
        assert_eq!(burst_at(start - decade), 0, "{quota}: back");
        assert_eq!(burst_at(start + decade), quota.burst(), "{quota}: forth");
        assert_eq!(burst_at(Moment::ZERO), 0, "{quota}: to the origin");
        assert_eq!(burst_at(Moment::MAX), quota.burst(), "{quota}: to the end");
        assert_eq!(burst_at(Moment::MAX), 0, "{quota}: frozen at the end");
    }
}
