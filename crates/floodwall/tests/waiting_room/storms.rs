use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Wake;

use floodwall::Priority;
use tokio_test::task;

use super::*;

#[track_caller]
fn assert_all_free(limit: &Limit) {
    let snapshot = limit.handle().snapshot();
    assert_eq!((snapshot.in_flight, snapshot.waiting), (0, 0));
}

async fn storm(limit: Limit, places: usize, seed: u64) {
    let inside = Arc::new(AtomicUsize::new(0));
    let mut chance = fastrand::Rng::with_seed(seed);
    for round in 0..40 {
        let mut stay = Vec::new();
        for _ in 0..30 {
            let (limit, inside) = (limit.clone(), Arc::clone(&inside));
            let priority = Priority::new(chance.u8(..8)).unwrap();
            let (work, panics) = (chance.usize(..4), chance.u8(..10) == 0);
            let task = tokio::spawn(async move {
                let permit = enter(&limit, priority).await.unwrap();
                let count = inside.fetch_add(1, Ordering::SeqCst) + 1;
                let left = Left(inside);
                assert!(count <= places, "{count} inside");
                turns(work).await;
                drop(left);
                if panics {
                    std::panic::resume_unwind(Box::new("the handler panics"));
                }
                drop(permit);
            });
            if chance.bool() {
                stay.push(task);
            } else {
                turns(chance.usize(..2)).await;
                task.abort();
            }
        }
        for task in stay {
            // Whoever stays is served: nobody's time is up here, so one forgotten waits for ever.
            let _ = task.await;
        }
        let permit = enter(&limit, Priority::BACKGROUND).await.unwrap();
        drop(permit);
        let handle = limit.handle();
        let mut spins = 0;
        while handle.snapshot().in_flight + handle.snapshot().waiting > 0 {
            turns(1).await;
            spins += 1;
            assert!(
                spins < 1_000_000,
                "round {round}, seed {seed}: something is lost"
            );
        }
    }
    assert_all_free(&limit);
}

struct Left(Arc<AtomicUsize>);

impl Drop for Left {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

#[tokio::test]
async fn a_storm_of_cancels_and_panics_on_one_thread_loses_nothing() {
    for (seed, places) in [(1, 1), (2, 3), (3, 8)] {
        storm(limit(places, patient()), places as usize, seed).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_storm_of_cancels_and_panics_on_four_threads_loses_nothing() {
    for (seed, places) in [(4, 1), (5, 3), (6, 8)] {
        let limit = limit(places, patient());
        tokio::spawn(storm(limit, places as usize, seed))
            .await
            .unwrap();
    }
}

/// Outside of a scheduler the turn is due at once, so it is plain who has it.
#[test]
fn whoever_was_to_take_the_turn_hands_it_on_when_it_goes() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    let _context = runtime.enter();
    let limit = limit(1, patient());
    let mut waiting: Vec<_> = (0..4)
        .map(|_| task::spawn(ask(&limit, Priority::NORMAL)))
        .collect();
    for one in &mut waiting {
        assert!(one.poll().is_pending());
    }
    let woken = |waiting: &[task::Spawn<Acquire>]| {
        waiting
            .iter()
            .map(task::Spawn::is_woken)
            .collect::<Vec<_>>()
    };
    assert_eq!(woken(&waiting), [true, false, false, false]);
    // It is due, and leaves.
    drop(waiting.remove(0));
    assert_eq!(woken(&waiting), [true, false, false]);
    let first = waiting.remove(0).poll();
    assert!(is_granted(&first));
    assert_eq!(woken(&waiting), [false, false]);
    // The place is free again: one is called, and leaves.
    drop(first);
    assert_eq!(woken(&waiting), [true, false]);
    drop(waiting.remove(0));
    assert_eq!(woken(&waiting), [true]);
    let _asked_for_its_turn = waiting[0].poll();
    assert!(is_granted(&waiting[0].poll()));
}

/// A runtime can end while its scheduler has the turn of those who wait on another.
#[test]
fn the_turn_of_a_runtime_that_ends_is_not_lost() {
    let runtime = || {
        let mut builder = tokio::runtime::Builder::new_current_thread();
        builder.enable_time().build().unwrap()
    };
    let (ends, stays) = (runtime(), runtime());
    let limit = limit(1, WaitingRoom::on());
    let mut calls = Box::pin(ask(&limit, Priority::NORMAL));
    ends.block_on(std::future::poll_fn(|cx| {
        assert!(calls.as_mut().poll(cx).is_pending());
        let waits = limit.clone();
        drop(ends.spawn(async move { enter(&waits, Priority::LOW).await }));
        Poll::Ready(())
    }));
    drop(calls);
    drop(ends);
    let entered = stays.block_on(enter(&limit, Priority::NORMAL));
    drop(entered.unwrap());
    assert_all_free(&limit);
}

struct Panics;

impl Wake for Panics {
    fn wake(self: Arc<Self>) {
        panic!("the waker panics");
    }
}

#[test]
fn a_waker_that_panics_does_not_lose_the_turn() {
    // Paused: a slow backtrace must not let the turn's timer fire first.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    let _context = runtime.enter();
    let limit = limit(1, patient());
    let mut held = task::spawn(ask(&limit, Priority::NORMAL));
    assert!(held.poll().is_pending());
    let held = held.poll();
    assert!(is_granted(&held));

    let panics = Waker::from(Arc::new(Panics));
    let mut bad = Box::pin(ask(&limit, Priority::CRITICAL));
    assert!(
        bad.as_mut()
            .poll(&mut Context::from_waker(&panics))
            .is_pending()
    );
    let mut good = task::spawn(ask(&limit, Priority::NORMAL));
    assert!(good.poll().is_pending());
    assert!(catch_unwind(AssertUnwindSafe(|| drop(held))).is_err());
    assert!(!good.is_woken());
    drop(bad);
    assert!(good.is_woken());
    let _asked_for_its_turn = good.poll();
    assert!(is_granted(&good.poll()));
}
