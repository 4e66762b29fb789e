//! A composed policy asks each of its parts once, and hands references on without keeping alive what
//! nobody owns.

use std::hash::Hash;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Weak};

use floodwall::concurrency::KeyedConcurrencyLimit;
use floodwall::extract::{key_fn, priority_fn};
use floodwall::limit::{Change, LimitAlgorithm, Sample};
use floodwall::{
    Admission, ConcurrencyLimit, End, Now, Outcome, Permit, Priority, RateLimit, Reason, Shed,
    adaptive, all, exempt, match_fn,
};

static READ: [AtomicU32; 5] = [const { AtomicU32::new(0) }; 5];

fn reads(which: usize) -> u32 {
    READ[which].fetch_add(1, Ordering::Relaxed)
}

#[tokio::test]
async fn every_part_of_a_wall_reads_a_request_once() {
    let quota = |which| {
        let key = key_fn(move |request: &u64, to| {
            reads(which);
            request.hash(to);
        });
        RateLimit::builder("100/s").key(key).build().unwrap()
    };
    let shed = Shed::builder()
        .tenant(key_fn(|request: &u64, to| {
            reads(2);
            request.hash(to);
        }))
        .build()
        .unwrap();
    let per_key = KeyedConcurrencyLimit::builder(|| ConcurrencyLimit::builder(4))
        .key(key_fn(|request: &u64, to| {
            reads(3);
            request.hash(to);
        }))
        .build()
        .unwrap();
    let limit = ConcurrencyLimit::builder(4)
        .priority(priority_fn(|_: &u64| {
            reads(4);
            Priority::HIGH
        }))
        .build()
        .unwrap();
    let nobody = match_fn(|_: &u64| false);
    let wall = exempt(nobody, all((quota(0), quota(1), shed, per_key, limit)));
    for times in 1..=3 {
        let permit = wall.admit(&7, &Now::unread()).await.unwrap();
        permit.complete(&End::new(Outcome::Success));
        let read = READ.each_ref().map(|read| read.load(Ordering::Relaxed));
        assert_eq!(read, [times; 5]);
    }
}

#[tokio::test]
async fn a_later_part_that_refuses_in_the_same_go_charges_none_before_it() {
    let quota = RateLimit::new("1/h burst 5").unwrap();
    let limit = ConcurrencyLimit::builder(1).no_queue().build().unwrap();
    let inside = limit.admit(&7, &Now::unread()).await.unwrap();
    let wall = all((quota.clone(), limit));
    for _ in 0..20 {
        let refusal = wall.admit(&7, &Now::unread()).await.unwrap_err();
        assert_eq!(refusal.reason(), Reason::Full);
    }
    drop(inside);
    for _ in 0..5 {
        assert!(wall.admit(&7, &Now::unread()).await.is_ok());
    }
    let refusal = wall.admit(&7, &Now::unread()).await.unwrap_err();
    assert_eq!(refusal.reason(), Reason::Quota);
}

/// Tells by its reference whether it is still there.
#[derive(Debug)]
struct Four(#[expect(dead_code, reason = "it is only counted")] Arc<()>);

impl LimitAlgorithm for Four {
    fn limit(&self) -> u32 {
        4
    }
    fn sample(&mut self, _: &Sample) -> Option<Change> {
        None
    }
    fn name(&self) -> &'static str {
        "four"
    }
}

fn four() -> (ConcurrencyLimit, Weak<()>) {
    let alive = Arc::new(());
    let weak = Arc::downgrade(&alive);
    let limit = adaptive().with_algorithm(Four(alive)).build().unwrap();
    (limit, weak)
}

fn comes_and_goes(limit: &ConcurrencyLimit) {
    tokio_test::block_on(async {
        let permit = limit.admit(&7, &Now::unread()).await.unwrap();
        permit.complete(&End::new(Outcome::Success));
    });
}

#[test]
fn what_a_limit_holds_dies_with_it() {
    let (limit, alive) = four();
    comes_and_goes(&limit);
    assert!(alive.upgrade().is_some());
    drop(limit);
    assert!(alive.upgrade().is_none());
}

#[test]
fn what_a_limit_holds_dies_at_the_latest_with_the_threads_that_used_it() {
    let (limit, alive) = four();
    std::thread::scope(|scope| {
        // To join it is to wait for what it keeps to itself, too; the scope alone does not.
        scope.spawn(|| comes_and_goes(&limit)).join().unwrap();
    });
    drop(limit);
    assert!(alive.upgrade().is_none());
}

#[test]
fn who_is_inside_keeps_what_a_limit_holds() {
    let (limit, alive) = four();
    let permit = tokio_test::block_on(limit.admit(&7, &Now::unread())).unwrap();
    drop(limit);
    assert!(alive.upgrade().is_some());
    drop(permit);
    assert!(alive.upgrade().is_none());
}
