use std::ops::RangeInclusive;

use floodwall::{Priority, Reason};
use tokio_test::task;
use tokio_test::{assert_pending, assert_ready};

use super::*;

fn reason(poll: Poll<Result<ConcurrencyPermit, Rejection>>) -> Reason {
    match poll {
        Poll::Ready(Err(refusal)) => refusal.reason(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn settings_that_make_no_sense_are_refused_with_the_reason() {
    let on = WaitingRoom::on;
    let max = Duration::MAX;
    for (room, word) in [
        (on().target(Duration::ZERO), "target"),
        (on().target(max), "max_wait"),
        (on().max_wait(millis(29)), "max_wait"),
        (on().max_wait(max), "max_wait"),
        (on().places(0..=5), "places"),
        (on().places(RangeInclusive::new(6, 5)), "places"),
        (on().places(1..=u32::MAX), "places"),
        (on().per_turn(0), "per_turn"),
        (WaitingRoom::auto().long_turn(Duration::ZERO), "long_turn"),
        (WaitingRoom::auto().long_turn(millis(1_001)), "long_turn"),
    ] {
        let error = ConcurrencyLimit::builder(1)
            .waiting_room(room.clone())
            .build()
            .unwrap_err();
        assert_eq!(error.field(), "waiting_room");
        assert!(error.to_string().contains(word), "{error}");
        let handle = ConcurrencyLimit::new(1).handle();
        assert!(handle.set_waiting_room(room).is_err());
    }
    let without = ConcurrencyLimit::builder(1)
        .no_queue()
        .waiting_room(on())
        .build();
    assert_eq!(without.unwrap_err().field(), "waiting_room");
}

#[tokio::test(start_paused = true)]
async fn who_waits_too_long_is_refused() {
    let limit = limit(1, WaitingRoom::on());
    let _held = enter(&limit, Priority::NORMAL).await.unwrap();
    let refusal = enter(&limit, Priority::CRITICAL).await.unwrap_err();
    assert_eq!(refusal.reason(), Reason::QueueTimeout);
    assert_eq!(refusal.waited(), millis(35));
    assert_eq!(limit.handle().snapshot().waiting, 0);
}

#[tokio::test(start_paused = true)]
async fn lower_classes_are_refused_on_arrival_from_half_of_the_room() {
    let limit = limit(1, WaitingRoom::on().places(8..=8));
    let _held = enter(&limit, Priority::NORMAL).await.unwrap();
    let arrive = |priority| {
        let mut one = task::spawn(ask(&limit, priority));
        let decision = one.poll();
        (one, decision)
    };
    let (_critical, first) = arrive(Priority::CRITICAL);
    assert!(first.is_pending());
    let mut normal: Vec<_> = (0..3).map(|_| arrive(Priority::NORMAL)).collect();
    assert!(normal.iter().all(|(_, decision)| decision.is_pending()));
    assert_eq!(reason(arrive(Priority::NORMAL).1), Reason::Full);
    let peeked = limit.peek(&Priority::NORMAL, &Now::unread()).unwrap_err();
    assert_eq!(peeked.reason(), Reason::Full);

    let more: Vec<_> = (0..4).map(|_| arrive(Priority::CRITICAL)).collect();
    assert!(more.iter().all(|(_, decision)| decision.is_pending()));
    // Full: the newest of the others leaves, then those before it.
    let mut later = Vec::new();
    for left in [2, 1, 0] {
        let (one, decision) = arrive(Priority::CRITICAL);
        assert!(decision.is_pending());
        later.push(one);
        let decision = normal[left].0.poll();
        assert_eq!(reason(decision), Reason::Evicted);
    }
    assert_eq!(reason(arrive(Priority::CRITICAL).1), Reason::Full);
}

#[tokio::test(start_paused = true)]
async fn a_class_below_its_share_finds_room_beyond_the_half_and_is_not_evicted() {
    use floodwall::QueueConfig;
    let limit = limit(1, WaitingRoom::on().places(8..=8));
    let queue = QueueConfig::builder().share(Priority::BACKGROUND, 0.25);
    limit.handle().set_queue(queue).unwrap();
    let _held = enter(&limit, Priority::NORMAL).await.unwrap();
    let mut waiting = Vec::new();
    let mut arrive = |priority| {
        let mut one = task::spawn(ask(&limit, priority));
        let decision = one.poll();
        waiting.push(one);
        decision
    };
    for _ in 0..4 {
        assert_pending!(arrive(Priority::CRITICAL));
    }
    assert_pending!(arrive(Priority::BACKGROUND));
    assert_pending!(arrive(Priority::BACKGROUND));
    assert_eq!(reason(arrive(Priority::BACKGROUND)), Reason::Full);
    for _ in 0..2 {
        assert_pending!(arrive(Priority::CRITICAL));
    }
    assert_eq!(reason(arrive(Priority::CRITICAL)), Reason::Full);
}

#[tokio::test(start_paused = true)]
async fn a_class_that_is_alone_has_the_whole_room() {
    let limit = limit(1, WaitingRoom::on().places(8..=8));
    let _held = enter(&limit, Priority::LOW).await.unwrap();
    let mut waiting: Vec<_> = (0..9)
        .map(|_| task::spawn(ask(&limit, Priority::LOW)))
        .collect();
    for one in &mut waiting[..8] {
        assert_pending!(one.poll());
    }
    assert_eq!(reason(waiting[8].poll()), Reason::Full);
}

#[tokio::test(start_paused = true)]
async fn the_room_holds_what_leaves_within_the_target() {
    for (takes, expected) in [(millis(1), 30), (millis(3), 10), (millis(20), 4)] {
        let limit = limit(8, WaitingRoom::on());
        let served = tokio::spawn({
            let limit = limit.clone();
            async move {
                for _ in 0..40 {
                    let tasks = [(); 5].map(|()| {
                        let limit = limit.clone();
                        tokio::spawn(async move {
                            let permit = enter(&limit, Priority::NORMAL).await;
                            compute(takes);
                            drop(permit);
                        })
                    });
                    for task in tasks {
                        task.await.unwrap();
                    }
                }
            }
        });
        served.await.unwrap();
        let size = limit.handle().snapshot().room.unwrap();
        // The rate is counted while somebody waits: four of five here.
        let near = expected * 3 / 4..=expected * 5 / 4;
        assert!(near.contains(&size), "{takes:?}: {size} places");
    }
}

#[tokio::test(start_paused = true)]
async fn a_deadline_that_has_passed_is_refused_and_one_that_comes_ends_the_wait() {
    use floodwall::extract::deadline_fn;
    let limit = ConcurrencyLimit::builder(1)
        .waiting_room(WaitingRoom::on())
        .deadline(deadline_fn(|left: &Duration| Some(*left)))
        .build()
        .unwrap();
    let ask = |after| limit.admit(&after, &Now::unread());
    let refused = ask(Duration::ZERO).await.unwrap_err();
    assert_eq!(refused.reason(), Reason::Deadline);
    let held = ask(millis(5)).await.unwrap();
    let refused = ask(millis(5)).await.unwrap_err();
    assert_eq!(refused.reason(), Reason::Deadline);
    assert_eq!(refused.waited(), millis(5));
    drop(held);
}

#[tokio::test(start_paused = true)]
async fn an_overdue_hold_is_taken_back_in_the_room() {
    use floodwall::admission::Permit;
    let limit = limit(1, WaitingRoom::on());
    let mut held = enter(&limit, Priority::NORMAL).await.unwrap();
    held.responded(&Now::unread(), Some(millis(10)));
    let mut early = task::spawn(ask(&limit, Priority::NORMAL));
    assert_pending!(early.poll());
    tokio::time::advance(millis(11)).await;
    let mut late = task::spawn(ask(&limit, Priority::NORMAL));
    assert_pending!(late.poll());
    turns(3).await;
    assert!(early.is_woken());
    // Called by the arrival, then due.
    let first = early.poll();
    let first = if first.is_pending() {
        turns(2).await;
        early.poll()
    } else {
        first
    };
    let _first = assert_ready!(first).unwrap();
    assert_pending!(late.poll());
}
