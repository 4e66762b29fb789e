//! The slowest decision while a million keys expire.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use floodwall_core::Moment;
use floodwall_core::rate::{HashSecret, KeyedGcra, Quota, TableConfig};
use governor::RateLimiter;

use super::keys::{Keys, walk, wide};
use crate::case::{Case, Contender};
use crate::stopwatch::time;

const KEYS: usize = 1_000_000;

pub(crate) fn case() -> Case {
    let about = "the slowest decision, and that which 999 of 1,000 are not slower than, while a million keys expire; whoever is interrupted by the system looks slow";
    Case::new("quota_expiry", about, "governor, slowest", |effort| {
        let keys = wide(effort.many(KEYS));
        let figure = |of: fn(&Keys<u128>) -> Vec<Duration>, share: f64| {
            let keys = std::sync::Arc::clone(&keys);
            move || {
                let mut took = of(&keys);
                took.sort_unstable();
                let at = (took.len().saturating_sub(1)) as f64 * share;
                took.get(at as usize)
                    .map_or(f64::NAN, |took| took.as_secs_f64() * 1e6)
            }
        };
        vec![
            Contender::once("governor, slowest", figure(governors, 1.0)).peer(),
            Contender::once("governor, 99.9 %", figure(governors, 0.999)).bare(),
            Contender::once("floodwall, slowest", figure(ours, 1.0)),
            Contender::once("floodwall, 99.9 %", figure(ours, 0.999)),
        ]
    })
    .unit("µs")
}

/// governor's table keeps a key until it is told to look for those that have expired; here that is
/// done once, by another thread, while this one decides.
fn governors(keys: &Keys<u128>) -> Vec<Duration> {
    let quota = governor::Quota::with_period(Duration::from_millis(1)).expect("it is not 0");
    let keyed = RateLimiter::keyed(quota);
    for key in keys.iter() {
        let _ = keyed.check_key(key);
    }
    std::thread::sleep(Duration::from_millis(5));
    let (begin, done) = (AtomicBool::new(false), AtomicBool::new(false));
    let mut took = Vec::with_capacity(keys.len());
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !begin.load(Ordering::Acquire) {
                std::thread::yield_now();
            }
            keyed.retain_recent();
            done.store(true, Ordering::Release);
        });
        let mut next = walk(keys, 0);
        begin.store(true, Ordering::Release);
        while !done.load(Ordering::Acquire) {
            took.push(time(|| keyed.check_key(next.key()).is_ok()).0);
        }
    });
    took
}

/// All keys are charged in the first second, for a second. Then twice as many decisions pass while
/// three seconds do, so that all of them expire and the table gets round to all of them.
fn ours(keys: &Keys<u128>) -> Vec<Duration> {
    let quota = Quota::requests(1).per_second().burst(1).build();
    let quota = quota.expect("it can be held");
    let table = KeyedGcra::new(&quota, &TableConfig::new(keys.len())).expect("it can be held");
    let secret = HashSecret::random();
    let second = 1_000_000_000 / keys.len() as u64;
    let mut at = 0;
    for key in keys.iter() {
        at += second;
        let _ = table.charge(secret.key(key), Moment::from_nanos(at), 1);
    }
    let mut next = walk(keys, 0);
    (0..2 * keys.len())
        .map(|_| {
            at += second * 3 / 2;
            let key = next.key();
            time(|| {
                table
                    .charge(secret.key(key), Moment::from_nanos(at), 1)
                    .is_ok()
            })
            .0
        })
        .collect()
}
