use floodwall::{Mode, Priority, Reason};
use tokio_test::task::{self, Spawn};

use super::*;

fn park(limit: &Limit, n: usize) -> Vec<Spawn<Acquire>> {
    let mut waiting: Vec<_> = (0..n)
        .map(|_| task::spawn(ask(limit, Priority::NORMAL)))
        .collect();
    for one in &mut waiting {
        assert!(one.poll().is_pending());
    }
    waiting
}

#[tokio::test]
async fn what_waits_is_let_in_at_once_when_it_no_longer_enforces() {
    for mode in [Mode::Shadow, Mode::Off] {
        let limit = limit(2, patient());
        let mut waiting = park(&limit, 5);
        limit.handle().set_mode(mode);
        let granted: Vec<_> = waiting.iter_mut().map(Spawn::poll).collect();
        assert!(granted.iter().all(is_granted));
        let mut another = task::spawn(ask(&limit, Priority::NORMAL));
        assert!(is_granted(&another.poll()), "nobody parks in {mode:?}");
        drop(granted);
        limit.handle().set_mode(Mode::Enforce);
        assert!(enter(&limit, Priority::NORMAL).await.is_ok());
        assert_eq!(limit.handle().snapshot().limit, 2);
    }
}

#[tokio::test]
async fn the_room_opens_and_closes_while_requests_wait() {
    let limit = limit(2, WaitingRoom::off());
    let handle = limit.handle();
    let held = [(); 2].map(|()| task::spawn(ask(&limit, Priority::NORMAL)).poll());
    assert!(held.iter().all(is_granted));
    let mut waiting = park(&limit, 3);
    handle.set_waiting_room(patient()).unwrap();
    assert!(handle.snapshot().room.is_some());
    drop(held);
    // They wait for a turn now, though both places are free.
    assert!(waiting[1].poll().is_pending());
    assert_eq!(handle.snapshot().in_flight, 0);

    handle.set_waiting_room(WaitingRoom::off()).unwrap();
    assert_eq!(handle.snapshot().room, None);
    assert_eq!(handle.snapshot().in_flight, 2);
    assert!(is_granted(&waiting[0].poll()));
    assert!(is_granted(&waiting[1].poll()));
    assert!(is_granted(&waiting[2].poll()));
}

#[tokio::test]
async fn a_drain_serves_those_who_wait_and_refuses_who_comes() {
    let limit = limit(1, patient());
    let held = enter(&limit, Priority::CRITICAL).await.unwrap();
    let mut tasks = Vec::new();
    for _ in 0..5 {
        let limit = limit.clone();
        tasks.push(tokio::spawn(async move {
            enter(&limit, Priority::NORMAL).await.map(drop)
        }));
    }
    while limit.handle().snapshot().waiting < 5 {
        turns(1).await;
    }
    let drained = limit.handle().drain();
    let refusal = enter(&limit, Priority::CRITICAL).await.unwrap_err();
    assert_eq!(refusal.reason(), Reason::Draining);
    drop(held);
    for task in tasks {
        task.await.unwrap().unwrap();
    }
    drained.await;
}

#[tokio::test]
async fn a_limit_that_grows_calls_a_turn_and_one_that_shrinks_is_kept() {
    let limit = limit(1, patient());
    let handle = limit.handle();
    let _held = enter(&limit, Priority::NORMAL).await.unwrap();
    let task = |limit: &Limit| {
        let limit = limit.clone();
        tokio::spawn(async move { enter(&limit, Priority::NORMAL).await.unwrap() })
    };
    let (a, b) = (task(&limit), task(&limit));
    turns(10).await;
    assert_eq!(handle.snapshot().waiting, 2);
    handle.set_limit(3).unwrap();
    let (a, b) = (a.await.unwrap(), b.await.unwrap());
    assert_eq!(handle.snapshot().in_flight, 3);

    handle.set_limit(1).unwrap();
    let c = task(&limit);
    drop(a);
    turns(10).await;
    assert!(!c.is_finished(), "two are still inside");
    drop((b, _held));
    let _c = c.await.unwrap();
    assert_eq!(handle.snapshot().in_flight, 1);
}

#[tokio::test(start_paused = true)]
async fn a_new_queue_is_for_later_while_the_room_is_open() {
    use floodwall::QueueConfig;
    let limit = limit(1, WaitingRoom::on());
    let handle = limit.handle();
    let _held = enter(&limit, Priority::NORMAL).await.unwrap();
    handle
        .set_queue(QueueConfig::builder().capacity(1))
        .unwrap();
    let waiting = park(&limit, 2);
    drop(waiting);
    handle.set_waiting_room(WaitingRoom::off()).unwrap();
    let _waiting = park(&limit, 1);
    let refusal = enter(&limit, Priority::NORMAL).await.unwrap_err();
    assert_eq!(refusal.reason(), Reason::Full);
}
