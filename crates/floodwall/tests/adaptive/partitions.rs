//! Places that are shared out, with guarantees and borrowing.

use std::pin::Pin;
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

    // Nor before one with a share of nothing, as long as that has less.
    let limit = Partitioned::builder(ConcurrencyLimit::builder(2))
        .partition("free", 0.0)
        .partition("live", 0.5)
        .by(name as fn(&&'static str) -> &'static str)
        .build()
        .unwrap();
    let mut held = enter(&limit, "live", 2);
    let mut free = wait(&limit, "free", 2);
    let mut live = wait(&limit, "live", 1);
    let mut rest = wait(&limit, "somebody", 1);
    drop(held.pop());
    assert_eq!((got(&mut free).len(), got(&mut rest).len()), (0, 0));
    held.append(&mut got(&mut live));
    drop(held.pop());
    held.append(&mut got(&mut free));
    assert_eq!(free.len(), 1);
    drop(held.remove(0));
    assert_eq!((got(&mut free).len(), got(&mut rest).len()), (0, 1));
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
