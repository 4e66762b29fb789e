//! A million random cases against a reference model in 128-bit arithmetic.
#![cfg(not(floodwall_loom))]

mod rate_support;

use std::time::Duration;

use floodwall_core::Moment;
use floodwall_core::rate::{Gcra, HashSecret, KeyedGcra, TableConfig};
use rate_support::{Model, any_cost, any_magnitude, any_quota, any_step};

fn duration(nanos: u128) -> Duration {
    Duration::from_nanos(u64::try_from(nanos).expect("what a quota can owe fits"))
}

#[test]
fn a_million_cases_agree_with_the_model_to_the_nanosecond() {
    let mut random = fastrand::Rng::with_seed(5);
    let (mut admitted, mut refused) = (0_u64, 0_u64);
    for case in 0..1_000_000 {
        let quota = any_quota(&mut random);
        let (gcra, mut model) = (Gcra::new(&quota).unwrap(), Model::new(&quota));
        let mut now = any_magnitude(&mut random, u64::MAX);
        let mut told = None;
        for _ in 0..6 {
            let cost = any_cost(&mut random, quota.burst());
            let before = model.clone();
            let context = || format!("case {case}: {quota} cost {cost} at {now} {before:?}");
            let at = Moment::from_nanos(now);
            let standing = gcra.standing(at);
            let full_in = duration(model.time_of(model.debt(now)));
            assert_eq!(
                u128::from(standing.remaining),
                model.remaining(now),
                "{}",
                context()
            );
            assert_eq!(standing.full_in, full_in, "{}", context());
            let peeked = gcra.peek(at, cost).map_err(|denied| denied.wait);
            let charged = gcra.charge(at, cost).map_err(|denied| denied.wait);
            assert_eq!(peeked.map(drop), charged.map(drop), "{}", context());
            let expected = model.charge(now, cost).map_err(|w| w.map(duration));
            assert_eq!(charged.map(drop), expected, "{}", context());
            *if charged.is_ok() {
                &mut admitted
            } else {
                &mut refused
            } += 1;
            told = charged.err().flatten().or(told);
            now = now.saturating_add(any_step(&mut random, &quota, told));
        }
    }
    assert!(
        admitted > 1_000_000 && refused > 1_000_000,
        "{admitted} {refused}"
    );
}

/// A packed cell counts whole ticks and takes the time down to one: it never refuses what the model
/// admits, and never admits what would be more than a tick too much.
#[test]
fn a_million_cases_in_packed_cells_are_within_a_tick_of_the_model() {
    let mut random = fastrand::Rng::with_seed(6);
    let secret = HashSecret::seeded(7);
    let mut cases = 0;
    while cases < 1_000_000 {
        let quota = any_quota(&mut random);
        let Ok(table) = KeyedGcra::new(&quota, &TableConfig::new(1)) else {
            continue;
        };
        let mut model = Model::new(&quota);
        // A clock of 64 bits gains up to a thirtieth of a tick over the centuries.
        let tick = model.debt_of(table.tick()) * 33 / 32;
        let key = secret.key(&cases);
        let mut now = any_magnitude(&mut random, u64::MAX);
        let mut told = None;
        for _ in 0..50 {
            cases += 1;
            let cost = any_cost(&mut random, quota.burst());
            let owed = model.debt_with(now, cost);
            let charged = table.charge(key, Moment::from_nanos(now), cost);
            let context = || format!("case {cases}: {quota} cost {cost} at {now} {charged:?}");
            match charged {
                Ok(_) if cost == 0 => {}
                Ok(_) => {
                    assert!(owed <= model.limit() + tick, "{}", context());
                    model.force(now, cost);
                }
                Err(denied) if cost > quota.burst() => {
                    assert_eq!(denied.wait, None, "{}", context());
                }
                Err(denied) => {
                    assert!(owed + tick / 33 > model.limit(), "{}", context());
                    let exact = model.time_of(owed.saturating_sub(model.limit()));
                    let wait = denied.wait.unwrap().as_nanos();
                    let tick = table.tick().as_nanos() + 1;
                    assert!(
                        wait <= exact + tick && exact <= wait + tick,
                        "{}",
                        context()
                    );
                    told = denied.wait;
                }
            }
            now = now.saturating_add(any_step(&mut random, &quota, told));
        }
    }
}
