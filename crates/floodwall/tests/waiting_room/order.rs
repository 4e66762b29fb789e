use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use floodwall::Priority;
use floodwall::admission::Permit;
use tokio_test::task;

use super::*;

const MIXED: [u8; 10] = [5, 3, 7, 0, 3, 1, 0, 5, 3, 0];

#[tokio::test]
async fn a_request_parks_in_its_first_poll_though_a_place_is_free() {
    let limit = limit(8, patient());
    let mut asked = pin!(ask(&limit, Priority::NORMAL));
    let first = asked.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    assert!(first.is_pending());
    let snapshot = limit.handle().snapshot();
    assert_eq!((snapshot.waiting, snapshot.in_flight), (1, 0));
    let permit = asked.await.unwrap();
    let snapshot = limit.handle().snapshot();
    assert_eq!((snapshot.waiting, snapshot.in_flight), (0, 1));
    drop(permit);
}

#[tokio::test]
async fn the_most_urgent_is_granted_first_and_one_per_turn() {
    for places in [1, 8] {
        let limit = limit(places, patient());
        let turn = Arc::new(AtomicUsize::new(0));
        let granted = Arc::new(Mutex::new(Vec::new()));
        let tasks = MIXED.map(|urgency| {
            let (limit, turn, granted) = (limit.clone(), Arc::clone(&turn), Arc::clone(&granted));
            tokio::spawn(async move {
                let permit = enter(&limit, Priority::new(urgency).unwrap()).await;
                let turn = turn.load(Ordering::Relaxed);
                granted.lock().unwrap().push((urgency, turn));
                drop(permit.unwrap());
            })
        });
        // Woken once after each look at the reactor.
        while granted.lock().unwrap().len() < MIXED.len() {
            turns(1).await;
            turn.fetch_add(1, Ordering::Relaxed);
        }
        for task in tasks {
            task.await.unwrap();
        }
        let granted = granted.lock().unwrap().clone();
        let order: Vec<_> = granted.iter().map(|&(urgency, _)| urgency).collect();
        let mut sorted = MIXED.to_vec();
        sorted.sort_unstable();
        assert_eq!(order, sorted, "limit {places}");
        let apart = granted.windows(2).all(|pair| pair[0].1 < pair[1].1);
        assert!(apart, "limit {places}: {granted:?}");
    }
}

#[tokio::test]
async fn so_many_are_let_in_between_two_looks_as_was_set() {
    let limit = limit(8, patient().per_turn(3));
    let mut asked: Vec<_> = (0..7)
        .map(|_| task::spawn(ask(&limit, Priority::NORMAL)))
        .collect();
    for one in &mut asked {
        assert!(one.poll().is_pending());
    }
    let mut inside = Vec::new();
    for expected in [3, 6, 7] {
        turns(1).await;
        let mut permits = Vec::new();
        for _ in 0..2 {
            asked.retain_mut(|one| {
                let ready = one.is_woken().then(|| one.poll());
                match ready {
                    Some(Poll::Ready(permit)) => permits.push(permit.unwrap()),
                    _ => return true,
                }
                false
            });
        }
        inside.extend(permits);
        assert_eq!(inside.len(), expected);
    }
}

#[tokio::test(start_paused = true)]
async fn the_time_in_the_room_is_time_in_the_queue() {
    let limit = limit(8, WaitingRoom::on());
    let tasks: Vec<_> = (0..5)
        .map(|_| {
            let limit = limit.clone();
            tokio::spawn(async move {
                let permit = enter(&limit, Priority::NORMAL).await.unwrap();
                let mut report = floodwall::Report::default();
                permit.report(&mut report);
                compute(millis(2));
                report.waited
            })
        })
        .collect();
    let mut waited = Vec::new();
    for task in tasks {
        waited.push(task.await.unwrap());
    }
    assert_eq!(waited, [0, 2, 4, 6, 8].map(millis));
}

/// The queue without the room would serve the newest first by now, and refuse the oldest late.
#[tokio::test(start_paused = true)]
async fn within_a_class_the_oldest_is_served_first_however_long_the_flood_lasts() {
    let limit = limit(1, WaitingRoom::on().places(4..=4));
    let served = Arc::new(Mutex::new(Vec::new()));
    for number in 0..300 {
        let (limit, served) = (limit.clone(), Arc::clone(&served));
        tokio::spawn(async move {
            if let Ok(permit) = enter(&limit, Priority::NORMAL).await {
                served.lock().unwrap().push(number);
                compute(millis(8));
                drop(permit);
            }
        });
        if number % 3 == 0 {
            turns(1).await;
        }
    }
    turns(100).await;
    let served = served.lock().unwrap();
    assert!(served.len() > 20, "{served:?}");
    assert!(served.is_sorted(), "{served:?}");
}
