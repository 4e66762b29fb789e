//! A limit for each key, in a fixed number of slots.

use std::hash::Hash;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::Poll;

use floodwall::concurrency::{ConcurrencyPermit, KeyedConcurrencyLimit};
use floodwall::extract::{FromFn, key_fn};
use floodwall::{
    Admission, ConcurrencyLimit, Mode, Now, Outcome, Permit, Reason, adaptive, conformance,
};
use floodwall_core::rate::KeyHasher;

use super::script::{Move, Script, end, ms, poll_once};

type ByNumber = FromFn<fn(&u32, &mut KeyHasher)>;
type Keyed = KeyedConcurrencyLimit<ByNumber>;

fn by_number() -> ByNumber {
    key_fn(hashed as fn(&u32, &mut KeyHasher))
}

fn hashed(key: &u32, to: &mut KeyHasher) {
    key.hash(to);
}

fn two_each(capacity: usize) -> Keyed {
    KeyedConcurrencyLimit::builder(|| ConcurrencyLimit::builder(2).no_queue())
        .key(by_number())
        .capacity(capacity)
        .build()
        .unwrap()
}

fn enter(limit: &Keyed, key: u32) -> Result<ConcurrencyPermit, Reason> {
    let mut decision = Box::pin(limit.admit(&key, &Now::unread()));
    match poll_once(decision.as_mut()) {
        Poll::Ready(decided) => decided.map_err(|refusal| refusal.reason()),
        Poll::Pending => panic!("there is no queue"),
    }
}

#[tokio::test]
async fn each_key_has_its_own() {
    let limit = two_each(8);
    let held: Vec<_> = (0..5)
        .flat_map(|key| [enter(&limit, key).unwrap(), enter(&limit, key).unwrap()])
        .collect();
    for key in 0..5 {
        assert_eq!(enter(&limit, key).unwrap_err(), Reason::Full, "{key}");
        assert!(limit.peek(&key, &Now::unread()).is_err());
    }
    assert!(limit.peek(&5, &Now::unread()).is_ok());
    let snapshot = limit.handle().snapshot();
    assert_eq!(
        (snapshot.keys, snapshot.busy, snapshot.in_flight),
        (5, 5, 10)
    );
    assert_eq!(snapshot.limits, Some((2, 2)));
    assert_eq!(
        (snapshot.counts.admitted, snapshot.counts.refused()),
        (10, 5)
    );
    drop(held);
    let snapshot = limit.handle().snapshot();
    assert_eq!(
        (snapshot.keys, snapshot.busy, snapshot.in_flight),
        (5, 0, 0)
    );
}

#[tokio::test]
async fn the_key_that_was_unused_for_longest_loses_its_slot_and_none_that_is_in_use() {
    let script = Script::default();
    let make = {
        let script = script.clone();
        move || adaptive().no_queue().with_algorithm(script.algorithm(2))
    };
    let limit = KeyedConcurrencyLimit::builder(make)
        .key(by_number())
        .capacity(3)
        .build()
        .unwrap();
    // Each key's limit is known by how high it is.
    for key in 0..3 {
        script.then(Move::Silently(10 + key));
        end(enter(&limit, key).unwrap(), Outcome::Success);
    }
    assert_eq!(limit.handle().snapshot().limits, Some((10, 12)));
    // 0 is used again; 1 is the oldest then, but somebody is inside.
    end(enter(&limit, 0).unwrap(), Outcome::Success);
    let inside = enter(&limit, 1).unwrap();
    end(enter(&limit, 0).unwrap(), Outcome::Success);
    end(enter(&limit, 7).unwrap(), Outcome::Success);
    let snapshot = limit.handle().snapshot();
    assert_eq!((snapshot.keys, snapshot.taken_over), (3, 1));
    assert_eq!(
        snapshot.limits,
        Some((2, 11)),
        "2 has lost the 12 it had learned"
    );
    end(enter(&limit, 8).unwrap(), Outcome::Success);
    assert_eq!(
        limit.handle().snapshot().limits,
        Some((2, 11)),
        "now 0 was the longest unused; 1 is in use"
    );
    drop(inside);
    end(enter(&limit, 9).unwrap(), Outcome::Success);
    end(enter(&limit, 10).unwrap(), Outcome::Success);
    let snapshot = limit.handle().snapshot();
    assert_eq!((snapshot.overflowed, snapshot.taken_over), (0, 4));
}

#[tokio::test]
async fn who_finds_no_slot_shares_one_with_all_others_like_it() {
    let limit = two_each(2);
    let inside = [enter(&limit, 0).unwrap(), enter(&limit, 1).unwrap()];
    let beyond = [enter(&limit, 2).unwrap(), enter(&limit, 3).unwrap()];
    assert_eq!(
        enter(&limit, 4).unwrap_err(),
        Reason::Full,
        "both share two places"
    );
    assert!(
        limit.peek(&4, &Now::unread()).is_err(),
        "and peeking tells so"
    );
    let snapshot = limit.handle().snapshot();
    assert_eq!(
        (snapshot.overflowed, snapshot.keys, snapshot.in_flight),
        (3, 2, 4)
    );
    // Those who have a slot have all of it.
    let second = enter(&limit, 0).unwrap();
    drop((inside, beyond, second));
    end(enter(&limit, 4).unwrap(), Outcome::Success);
    let snapshot = limit.handle().snapshot();
    assert_eq!(
        (snapshot.overflowed, snapshot.taken_over, snapshot.in_flight),
        (3, 1, 0)
    );
}

#[tokio::test(start_paused = true)]
async fn a_key_that_somebody_waits_for_is_in_use() {
    let limit = KeyedConcurrencyLimit::builder(|| ConcurrencyLimit::builder(1).queue(ms(50)))
        .key(by_number())
        .capacity(1)
        .build()
        .unwrap();
    let first = enter(&limit, 0).unwrap();
    let mut waits = Box::pin(limit.admit(&0, &Now::unread()));
    assert!(poll_once(waits.as_mut()).is_pending());
    assert_eq!(limit.handle().snapshot().waiting, 1);
    drop(first);
    // Its place was granted, and nobody has looked yet.
    drop(enter(&limit, 1).unwrap());
    assert_eq!(limit.handle().snapshot().overflowed, 1);
    assert!(waits.await.is_ok());
}

#[tokio::test]
async fn nothing_is_taken_from_anybody_before_it_is_polled() {
    let limit = two_each(1);
    drop(enter(&limit, 0).unwrap());
    drop(limit.admit(&1, &Now::unread()));
    assert!(limit.peek(&1, &Now::unread()).is_ok());
    let snapshot = limit.handle().snapshot();
    assert_eq!((snapshot.keys, snapshot.taken_over), (1, 0));
}

#[tokio::test]
async fn whatever_keys_come_there_are_no_more_slots() {
    let made = Arc::new(AtomicU32::new(0));
    let make = {
        let made = Arc::clone(&made);
        move || {
            made.fetch_add(1, Ordering::Relaxed);
            ConcurrencyLimit::builder(2).no_queue()
        }
    };
    let limit = KeyedConcurrencyLimit::builder(make)
        .key(by_number())
        .capacity(100)
        .build()
        .unwrap();
    for key in 0..10_000 {
        end(enter(&limit, key).unwrap(), Outcome::Success);
    }
    let snapshot = limit.handle().snapshot();
    assert_eq!(snapshot.keys, 100);
    assert_eq!(snapshot.taken_over, 9_900);
    assert_eq!(
        made.load(Ordering::Relaxed),
        10_001,
        "one is for the overflow"
    );
    // The last ones are known still.
    end(enter(&limit, 9_999).unwrap(), Outcome::Success);
    assert_eq!(made.load(Ordering::Relaxed), 10_001);
}

#[tokio::test]
async fn the_mode_is_that_of_all_and_of_those_to_come() {
    let limit = two_each(4);
    let held: Vec<_> = (0..2).map(|_| enter(&limit, 0).unwrap()).collect();
    assert!(enter(&limit, 0).is_err());
    limit.handle().set_mode(Mode::Shadow);
    for key in [0, 0, 0, 1, 1, 1] {
        assert!(enter(&limit, key).is_ok());
    }
    limit.handle().set_mode(Mode::Enforce);
    assert!(enter(&limit, 0).is_err());
    drop(held);
    assert!(enter(&limit, 0).is_ok());
}

#[tokio::test]
async fn what_cannot_be_is_told() {
    let of = |capacity: usize| {
        KeyedConcurrencyLimit::builder(adaptive)
            .capacity(capacity)
            .build()
            .map(drop)
    };
    assert_eq!(of(0).unwrap_err().field(), "capacity");
    assert_eq!(of(1 << 21).unwrap_err().field(), "capacity");
    let wrong = KeyedConcurrencyLimit::builder(|| adaptive().floor(0));
    assert_eq!(wrong.build().unwrap_err().field(), "floor");
}

#[tokio::test]
async fn a_closure_that_panics_costs_its_own_request() {
    let calls = AtomicU32::new(0);
    let limit = KeyedConcurrencyLimit::builder(move || {
        assert!(
            calls.fetch_add(1, Ordering::Relaxed) != 1,
            "the second time"
        );
        ConcurrencyLimit::builder(2).no_queue()
    })
    .key(by_number())
    .build()
    .unwrap();
    let attempt = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| enter(&limit, 0)));
    assert!(attempt.is_err());
    end(enter(&limit, 0).unwrap(), Outcome::Success);
    assert_eq!(limit.handle().snapshot().keys, 1);
}

#[test]
fn threads_that_fight_for_slots_never_share_a_limit_that_is_not_theirs() {
    const KEYS: u32 = 6;
    let limit = KeyedConcurrencyLimit::builder(|| ConcurrencyLimit::builder(1).no_queue())
        .key(by_number())
        .capacity(4)
        .build()
        .unwrap();
    let inside: Vec<AtomicU32> = (0..KEYS).map(|_| AtomicU32::new(0)).collect();
    std::thread::scope(|scope| {
        for thread in 0..4_u64 {
            let (limit, inside) = (&limit, &inside);
            scope.spawn(move || {
                let mut random = fastrand::Rng::with_seed(thread);
                for _ in 0..5_000 {
                    let key = random.u32(..KEYS);
                    let Ok(permit) = enter(limit, key) else {
                        continue;
                    };
                    let others = inside[key as usize].fetch_add(1, Ordering::SeqCst);
                    // Two at most: its own limit of 1, and one in the overflow.
                    assert!(others < 2, "{others} others of key {key}");
                    inside[key as usize].fetch_sub(1, Ordering::SeqCst);
                    permit.complete(&floodwall::End::new(Outcome::Success));
                }
            });
        }
    });
    let snapshot = limit.handle().snapshot();
    assert_eq!(
        (snapshot.in_flight, snapshot.waiting, snapshot.busy),
        (0, 0, 0)
    );
}

#[tokio::test]
async fn it_keeps_the_rules_of_composition() {
    conformance::check(|| two_each(4), || 7_u32);
}
