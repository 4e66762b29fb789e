//! Places that are shared out, with guarantees and borrowing.

use std::pin::Pin;
use std::sync::Barrier;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::Poll;

use floodwall::concurrency::{Partitioned, PartitionedAcquire, PartitionedPermit};
use floodwall::extract::{FromFn, deadline_fn, priority_fn};
use floodwall::limit::Why;
use floodwall::{
    Admission, ConcurrencyLimit, Mode, Now, Outcome, Permit, Priority, QueueConfig, Reason,
    adaptive, conformance,
};

use super::script::{Move, Script, ms, poll_once};

type Named = Partitioned<FromFn<fn(&&'static str) -> &'static str>>;
type Waiting = Pin<Box<PartitionedAcquire>>;

fn name(request: &&'static str) -> &'static str {
    request
}

/// Ten places, seven of them for the living.
fn ten() -> Named {
    Partitioned::builder(ConcurrencyLimit::builder(10))
        .partition("batch", 0.3)
        .partition("live", 0.7)
        .by(name as fn(&&'static str) -> &'static str)
        .build()
        .unwrap()
}

fn come(limit: &Named, which: &'static str) -> Result<PartitionedPermit, Waiting> {
    let mut decision = Box::pin(limit.admit(&which, &Now::unread()));
    match poll_once(decision.as_mut()) {
        Poll::Ready(permit) => Ok(permit.unwrap()),
        Poll::Pending => Err(decision),
    }
}

fn enter(limit: &Named, which: &'static str, times: usize) -> Vec<PartitionedPermit> {
    (0..times).map(|_| come(limit, which).unwrap()).collect()
}

fn wait(limit: &Named, which: &'static str, times: usize) -> Vec<Waiting> {
    (0..times)
        .map(|_| come(limit, which).unwrap_err())
        .collect()
}

/// Takes out those of `waiting` who have got a place.
fn got(waiting: &mut Vec<Waiting>) -> Vec<PartitionedPermit> {
    let mut got = Vec::new();
    waiting.retain_mut(|one| match poll_once(one.as_mut()) {
        Poll::Ready(permit) => {
            got.push(permit.unwrap());
            false
        }
        Poll::Pending => true,
    });
    got
}

fn inside(limit: &Named) -> (u32, u32, u32) {
    let snapshot = limit.handle().snapshot();
    let of = |at: usize| snapshot.partitions[at].in_flight;
    (of(0), of(1), snapshot.total.in_flight)
}

#[tokio::test(start_paused = true)]
async fn ten_of_an_unused_share_and_then_seven_are_ten_and_not_seventeen() {
    // As Netflix's `exceedTotalLimitForUnusedBin`, in which seven live ones enter beyond the ten.
    let limit = ten();
    let mut batch = enter(&limit, "batch", 10);
    let mut batch_waits = wait(&limit, "batch", 3);
    let mut live_waits = wait(&limit, "live", 8);
    assert_eq!(inside(&limit), (10, 0, 10));

    // Seven places come back, and all of them are for the living: their guarantee.
    let mut live = Vec::new();
    for n in 1..=7 {
        drop(batch.pop());
        assert_eq!(got(&mut batch_waits).len(), 0, "borrowers wait");
        live.append(&mut got(&mut live_waits));
        assert_eq!(inside(&limit), (10 - n, n, 10));
    }
    let snapshot = limit.handle().snapshot();
    let told: Vec<_> = snapshot
        .partitions
        .iter()
        .map(|one| (one.name, one.guaranteed, one.waiting))
        .collect();
    assert_eq!(told, [("batch", 3, 3), ("live", 7, 1), ("rest", 0, 0)]);

    // From now on each gets back what its own give back.
    for _ in 0..3 {
        drop(batch.pop());
        assert_eq!(got(&mut live_waits).len(), 0);
        batch.append(&mut got(&mut batch_waits));
        assert_eq!(inside(&limit), (3, 7, 10));
    }
    // Nobody else wants it.
    drop(batch.pop());
    live.append(&mut got(&mut live_waits));
    assert_eq!(inside(&limit), (2, 8, 10));
    drop((batch, live));
    assert_eq!(inside(&limit), (0, 0, 0));
}

#[tokio::test(start_paused = true)]
async fn who_has_no_share_borrows_after_all_others() {
    let limit = ten();
    let mut held = enter(&limit, "live", 9);
    held.append(&mut enter(&limit, "nobody knows it", 1));
    let mut rest = wait(&limit, "nobody knows it", 1);
    let mut live = wait(&limit, "live", 2);
    for _ in 0..2 {
        drop(held.remove(0));
        assert_eq!(got(&mut rest).len(), 0);
        held.append(&mut got(&mut live));
    }
    drop(held.remove(0));
    assert_eq!(got(&mut rest).len(), 1, "there is nobody else");
}

#[tokio::test(start_paused = true)]
async fn what_is_left_over_is_shared_out_like_the_shares() {
    let limit = ten();
    let mut held = enter(&limit, "live", 10);
    let mut live = wait(&limit, "live", 40);
    let mut batch = wait(&limit, "batch", 40);
    for _ in 0..20 {
        drop(held.remove(0));
        held.append(&mut got(&mut live));
        held.append(&mut got(&mut batch));
        assert_eq!(held.len(), 10);
    }
    assert_eq!(inside(&limit), (3, 7, 10));
}

#[tokio::test(start_paused = true)]
async fn who_waits_is_bounded_in_time_and_number_and_ordered() {
    let limit = Partitioned::builder(
        ConcurrencyLimit::builder(1).queue(QueueConfig::builder().capacity(2).max_wait(ms(50))),
    )
    .partition("a", 0.5)
    .by(|_: &(u8, Option<u64>)| "a")
    .priority(priority_fn(|&(urgency, _): &(u8, Option<u64>)| {
        Priority::new(urgency).unwrap()
    }))
    .deadline(deadline_fn(|&(_, left): &(u8, Option<u64>)| left.map(ms)))
    .build()
    .unwrap();
    let ask =
        |urgency: u8, left: Option<u64>| Box::pin(limit.admit(&(urgency, left), &Now::unread()));
    let held = ask(3, None).await.unwrap();
    let mut low = ask(7, None);
    assert!(poll_once(low.as_mut()).is_pending());
    let mut high = ask(1, None);
    assert!(poll_once(high.as_mut()).is_pending());
    assert_eq!(ask(7, None).await.unwrap_err().reason(), Reason::Full);
    assert!(limit.peek(&(7, None), &Now::unread()).is_err());
    assert!(
        limit.peek(&(3, None), &Now::unread()).is_ok(),
        "it would push somebody out"
    );
    let mut normal = ask(3, Some(20));
    assert!(poll_once(normal.as_mut()).is_pending());
    assert_eq!(low.await.unwrap_err().reason(), Reason::Evicted);
    assert_eq!(normal.await.unwrap_err().reason(), Reason::Deadline);
    assert_eq!(
        ask(3, Some(0)).await.unwrap_err().reason(),
        Reason::Deadline
    );
    let refusal = high.await.unwrap_err();
    assert_eq!(refusal.reason(), Reason::QueueTimeout);
    assert_eq!(refusal.waited(), ms(50));
    let counts = limit.handle().snapshot().total.counts;
    assert_eq!((counts.admitted, counts.refused()), (1, 5));
    drop(held);
    assert!(ask(3, None).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn who_gives_up_gives_back_what_it_was_granted() {
    let limit = ten();
    let mut held = enter(&limit, "live", 10);
    let mut waits = wait(&limit, "batch", 3);
    drop(waits.remove(0));
    drop(held.pop());
    // The first of the two was granted the place and has not looked.
    drop(waits.remove(0));
    held.append(&mut got(&mut waits));
    assert_eq!(inside(&limit), (1, 9, 10));
    drop(held);
    assert_eq!(inside(&limit), (0, 0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_limit_that_moves_by_hand_or_by_itself_lets_in_who_waits() {
    let limit = ten();
    let held = enter(&limit, "batch", 10);
    let mut waits = wait(&limit, "live", 3);
    limit.handle().set_limit(12).unwrap();
    let entered = got(&mut waits);
    assert_eq!((entered.len(), waits.len()), (2, 1));
    assert_eq!(limit.handle().snapshot().partitions[1].guaranteed, 8);
    drop((held, entered, waits));

    let script = Script::default();
    let limit = Partitioned::builder(adaptive().with_algorithm(script.algorithm(2)))
        .partition("live", 1.0)
        .by(name as fn(&&'static str) -> &'static str)
        .build()
        .unwrap();
    let mut held = enter(&limit, "live", 2);
    let mut waits = wait(&limit, "live", 4);
    tokio::time::advance(ms(10)).await;
    script.then(Move::To(4, Why::Probe));
    held.pop()
        .unwrap()
        .complete(&floodwall::End::new(Outcome::Success));
    assert_eq!(
        got(&mut waits).len(),
        3,
        "the place that came back, and two new ones"
    );
    let sample = script.samples()[0];
    assert!(sample.binding, "somebody waited");
    assert_eq!((sample.service, sample.queued), (ms(10), ms(0)));
    let history = limit.handle().history();
    assert_eq!(history[0].to_string(), "limit 2 -> 4: trial, latency x1.8");
}

#[tokio::test(start_paused = true)]
async fn in_other_modes_all_are_let_in_and_counted() {
    for mode in [Mode::Shadow, Mode::Off] {
        let limit = ten();
        let held = enter(&limit, "batch", 10);
        let mut waits = wait(&limit, "live", 2);
        limit.handle().set_mode(mode);
        let entered = got(&mut waits);
        assert_eq!(entered.len(), 2, "{mode}");
        let more = enter(&limit, "live", 5);
        assert_eq!(inside(&limit), (10, 7, 17), "{mode}");
        limit.handle().set_mode(Mode::Enforce);
        let waits = wait(&limit, "live", 1);
        drop((held, entered, more));
        assert_eq!(inside(&limit).2, 1, "one got a place and has not looked");
        drop(waits);
        assert_eq!(inside(&limit), (0, 0, 0), "{mode}");
    }
}

#[tokio::test]
async fn what_cannot_be_is_told() {
    let of = |shares: &[(&'static str, f64)]| {
        let mut builder = Partitioned::builder(ConcurrencyLimit::builder(8));
        for &(name, share) in shares {
            builder = builder.partition(name, share);
        }
        builder.build().map(drop).map_err(|error| error.to_string())
    };
    assert_eq!(of(&[("a", 0.7), ("b", 0.3)]), Ok(()));
    assert_eq!(of(&[("a", 1.0), ("b", 0.0)]), Ok(()));
    for (shares, says) in [
        (vec![("a", 0.7), ("b", 0.31)], "at most 1"),
        (vec![("a", -0.1)], "set 0 to 1"),
        (vec![("a", f64::NAN)], "set 0 to 1"),
        (vec![("a", 0.1), ("a", 0.1)], "name them differently"),
        (vec![("rest", 0.1)], "name it otherwise"),
    ] {
        let error = of(&shares).unwrap_err();
        assert!(error.contains(says), "{error}");
    }
    let no_queue = Partitioned::builder(ConcurrencyLimit::builder(8).no_queue());
    assert_eq!(no_queue.build().unwrap_err().field(), "queue");
    let nothing = Partitioned::builder(ConcurrencyLimit::builder(0));
    assert_eq!(nothing.build().unwrap_err().field(), "limit");
}

#[tokio::test]
async fn it_keeps_the_rules_of_composition() {
    conformance::check(ten, || "live");
}

#[test]
fn under_threads_the_total_never_exceeds_the_limit_and_nobody_sleeps_on_a_free_place() {
    const LIMIT: u32 = 3;
    let limit = Partitioned::builder(
        ConcurrencyLimit::builder(LIMIT).queue(std::time::Duration::from_secs(3600)),
    )
    .partition("a", 0.6)
    .partition("b", 0.3)
    .by(name as fn(&&'static str) -> &'static str)
    .build()
    .unwrap();
    let inside = AtomicU32::new(0);
    let barrier = Barrier::new(8);
    std::thread::scope(|scope| {
        for thread in 0..8_u64 {
            let (limit, inside, barrier) = (&limit, &inside, &barrier);
            scope.spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread()
                    .enable_time()
                    .build()
                    .unwrap();
                let mut random = fastrand::Rng::with_seed(thread);
                barrier.wait();
                runtime.block_on(async {
                    for _ in 0..500 {
                        let which = ["a", "b", "c"][random.usize(..3)];
                        let mut decision = Box::pin(limit.admit(&which, &Now::unread()));
                        // Some give up at once, others wait until it is their turn.
                        let first = poll_once(decision.as_mut());
                        let permit = match first {
                            Poll::Ready(permit) => permit.unwrap(),
                            Poll::Pending if random.u8(..4) == 0 => continue,
                            Poll::Pending => decision.await.unwrap(),
                        };
                        assert!(inside.fetch_add(1, Ordering::SeqCst) < LIMIT);
                        if random.bool() {
                            tokio::task::yield_now().await;
                        }
                        inside.fetch_sub(1, Ordering::SeqCst);
                        drop(permit);
                    }
                });
            });
        }
    });
    let snapshot = limit.handle().snapshot();
    assert_eq!(snapshot.total.in_flight, 0);
    for one in snapshot.partitions {
        assert_eq!((one.in_flight, one.waiting), (0, 0), "{}", one.name);
    }
}
