//! What a quota for each key costs, for few keys and for many.

use std::hash::Hash;
use std::sync::Arc;

use floodwall::extract::key_fn;
use floodwall::{Admission, End, Now, Outcome, Permit, RateLimit};
use floodwall_core::Moment;
use floodwall_core::rate::{HashSecret, KeyedGcra, TableConfig};
use governor::RateLimiter;

use super::keys::{Keys, strings, walk, wide};
use super::quota::{Given, Read, governors_quota, quota};
use crate::case::{Case, Contender};

/// More than one key gets while it is measured, among a thousand.
const BURST: u32 = 1_000_000;

/// At most so much of what governor takes: given the time, and with a clock of its own.
#[derive(Clone, Copy)]
struct Bars {
    given: f64,
    own: Option<f64>,
}

/// The bars are for one thread; with two, 0.05 more.
pub(crate) fn all() -> Vec<Case> {
    let bars = |given, own| Bars { given, own };
    let u128s = |name, about, keys, threads, bars| case(name, about, keys, threads, bars, wide);
    let texts = |name, about, keys, threads, bars| case(name, about, keys, threads, bars, strings);
    vec![
        u128s(
            "quota_u128_1k",
            "one decision, 1,000 keys (u128), one thread",
            1_000,
            1,
            bars(0.4, Some(0.75)),
        ),
        u128s(
            "quota_u128_100k",
            "one decision, 100,000 keys (u128), one thread",
            100_000,
            1,
            bars(0.4, Some(0.6)),
        ),
        u128s(
            "quota_u128_1m",
            "one decision, 1,000,000 keys (u128), one thread",
            1_000_000,
            1,
            bars(0.4, Some(0.7)),
        ),
        u128s(
            "quota_u128_1k_2",
            "one decision, 1,000 keys (u128), two threads at once",
            1_000,
            2,
            bars(0.45, Some(0.8)),
        ),
        u128s(
            "quota_u128_100k_2",
            "one decision, 100,000 keys (u128), two threads at once",
            100_000,
            2,
            bars(0.45, Some(0.65)),
        ),
        u128s(
            "quota_u128_1m_2",
            "one decision, 1,000,000 keys (u128), two threads at once",
            1_000_000,
            2,
            bars(0.45, Some(0.75)),
        ),
        texts(
            "quota_string_1k",
            "one decision, 1,000 keys (39 letters), one thread",
            1_000,
            1,
            bars(0.45, None),
        ),
        texts(
            "quota_string_100k",
            "one decision, 100,000 keys (39 letters), one thread",
            100_000,
            1,
            bars(0.45, None),
        ),
        texts(
            "quota_string_1m",
            "one decision, 1,000,000 keys (39 letters), one thread",
            1_000_000,
            1,
            bars(0.45, None),
        ),
        texts(
            "quota_string_1m_2",
            "one decision, 1,000,000 keys (39 letters), two threads at once",
            1_000_000,
            2,
            bars(0.5, None),
        ),
    ]
}

fn case<K>(
    name: &'static str,
    about: &'static str,
    keys: usize,
    threads: usize,
    bars: Bars,
    make: fn(usize) -> Keys<K>,
) -> Case
where
    K: Hash + Eq + Clone + Send + Sync + 'static,
{
    Case::new(name, about, "governor", move |effort| {
        let keys = make(effort.many(keys));
        let own = ours(threads, "floodwall, reading a clock", &keys, |_| {
            let clock = Read::begin();
            move || clock.now()
        });
        let own = own.allocations(0.0);
        vec![
            governors(threads, &keys),
            ours(threads, "floodwall, given the time", &keys, |_| {
                let mut given = Given::default();
                move || given.now()
            })
            .share(bars.given, "governor")
            .allocations(0.0),
            match bars.own {
                Some(bar) => own.share(bar, "governor"),
                None => own,
            },
            policy(threads, &keys),
        ]
    })
}

fn governors<K>(threads: usize, keys: &Keys<K>) -> Contender
where
    K: Hash + Eq + Clone + Send + Sync + 'static,
{
    let keyed = Arc::new(RateLimiter::keyed(governors_quota(BURST)));
    for key in keys.iter() {
        assert!(keyed.check_key(key).is_ok(), "it is the first time");
    }
    Contender::on(threads, "governor", |thread| {
        let (keyed, mut next) = (Arc::clone(&keyed), walk(keys, thread));
        move || assert!(keyed.check_key(next.key()).is_ok(), "the burst is large")
    })
    .peer()
}

fn ours<K, F>(threads: usize, name: &str, keys: &Keys<K>, clock: impl Fn(usize) -> F) -> Contender
where
    K: Hash + Send + Sync + 'static,
    F: FnMut() -> Moment + Send + 'static,
{
    let table = KeyedGcra::new(&quota(BURST), &TableConfig::new(keys.len()));
    let table = Arc::new(table.expect("it can be held"));
    let secret = HashSecret::random();
    for key in keys.iter() {
        let first = table.charge(secret.key(key), Moment::ZERO, 1);
        assert!(first.is_ok(), "it is the first time");
    }
    Contender::on(threads, name, |thread| {
        let (table, mut next) = (Arc::clone(&table), walk(keys, thread));
        let mut now = clock(thread);
        move || {
            let charged = table.charge(secret.key(next.key()), now(), 1);
            assert!(charged.is_ok(), "the burst is large");
        }
    })
}

/// As a part of a stack: with its mode, its counters, its permit, and a clock of its own.
fn policy<K>(threads: usize, keys: &Keys<K>) -> Contender
where
    K: Hash + Send + Sync + 'static,
{
    let policy = RateLimit::builder(quota(BURST))
        .capacity(keys.len())
        .key(key_fn(|key: &K, to| key.hash(to)))
        .build()
        .expect("it can be held");
    let policy = Arc::new(policy);
    let ask = |policy: &RateLimit<_, _>, key: &K| {
        let decided = super::work::now_or_never(policy.admit(key, &Now::unread()));
        let permit = decided.expect("the burst is large");
        permit.complete(&End::new(Outcome::Success));
    };
    for key in keys.iter() {
        ask(&policy, key);
    }
    Contender::on(threads, "floodwall, the whole policy", |thread| {
        let (policy, mut next) = (Arc::clone(&policy), walk(keys, thread));
        move || ask(&policy, next.key())
    })
    .allocations(0.0)
}
