//! Eight threads on one key: never above burst + rate × time.
#![cfg(not(floodwall_loom))]

use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use floodwall_core::Moment;
use floodwall_core::rate::{Gcra, HashSecret, KeyedGcra, Quota, QuotaSet, TableConfig};

const THREADS: u64 = 8;
const TURNS: u64 = 100_000;

/// Runs `charge` on all threads while a clock that they share goes on by `step` nanoseconds with
/// each turn, so that each works with a slightly old reading. Returns how much got in and the time
/// it took.
fn hammer(step: u64, charge: impl Fn(Moment) -> u64 + Sync) -> (u64, u64) {
    let (clock, admitted) = (AtomicU64::new(0), AtomicU64::new(0));
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                for _ in 0..TURNS {
                    let now = clock.fetch_add(step, Ordering::SeqCst);
                    admitted.fetch_add(charge(Moment::from_nanos(now)), Ordering::SeqCst);
                }
            });
        }
    });
    (admitted.into_inner(), clock.into_inner())
}

#[test]
fn eight_threads_on_one_cell_get_the_burst_and_the_rate_and_no_more() {
    let quota: Quota = "1000000/s burst 50".parse().unwrap();
    let gcra = Gcra::new(&quota).unwrap();
    let (admitted, time) = hammer(300, |now| u64::from(gcra.charge(now, 1).is_ok()));
    let most = 50 + time / 1_000;
    assert!(admitted <= most, "{admitted} of {most}");
    assert!(admitted >= most - 60, "{admitted} of {most}");
}

#[test]
fn eight_threads_on_one_key_get_the_burst_and_the_rate_and_at_most_a_tick() {
    let quota: Quota = "1000000/s burst 50".parse().unwrap();
    let table = KeyedGcra::new(&quota, &TableConfig::new(100)).unwrap();
    let key = HashSecret::random().key("one");
    let (admitted, time) = hammer(300, |now| u64::from(table.charge(key, now, 1).is_ok()));
    let most = 50 + (time + table.tick().as_nanos() as u64) / 1_000;
    assert!(admitted <= most, "{admitted} of {most}");
    assert!(admitted >= most - 60, "{admitted} of {most}");
}

#[test]
fn first_claims_of_one_key_by_eight_threads_get_one_burst() {
    let secret = HashSecret::random();
    let quota: Quota = "1/d burst 5".parse().unwrap();
    let table = KeyedGcra::new(&quota, &TableConfig::new(200_000)).unwrap();
    let admitted: Vec<_> = (0..THREADS * TURNS / 100)
        .map(|_| AtomicU64::new(0))
        .collect();
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                for (key, admitted) in admitted.iter().enumerate() {
                    let ok = table.charge(secret.key(&key), Moment::ZERO, 1).is_ok();
                    admitted.fetch_add(u64::from(ok), Ordering::SeqCst);
                }
            });
        }
    });
    for (key, admitted) in admitted.iter().enumerate() {
        assert_eq!(admitted.load(Ordering::SeqCst), 5, "key {key}");
    }
    assert_eq!(table.stats(Moment::ZERO).live, admitted.len());
}

#[test]
fn racing_decisions_over_several_quotas_exceed_none_and_count_what_stays_spent() {
    let quotas = [
        "10000/s burst 3",
        "1000000/min burst 20000",
        "2000000/h burst 30000",
    ];
    let quotas = quotas.map(|text| text.parse::<Quota>().unwrap());
    for keyed in [false, true] {
        let set = match keyed {
            false => QuotaSet::shared(&quotas).unwrap(),
            true => QuotaSet::keyed(&quotas, &TableConfig::new(100)).unwrap(),
        };
        let key = set.key("one");
        let (admitted, time) = hammer(20_000, |now| u64::from(set.charge(key, now, 1).is_ok()));
        for quota in set.quotas() {
            let interval = quota.effective().interval().as_nanos() as u64;
            let most = u64::from(quota.burst()) + time / interval + 1;
            assert!(admitted <= most, "{admitted} of {most} by {quota}");
        }
        let unreturned = set.stats(Moment::ZERO).unreturned;
        assert!(unreturned <= THREADS * TURNS - admitted, "at most one each");
    }
}
