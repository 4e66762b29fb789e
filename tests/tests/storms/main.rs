//! After any storm of cancels, panics and resizes: nobody inside, and exactly as many places as
//! before.

mod weather;

use std::task::Poll;
use std::time::Duration;

use floodwall::http::HoldUntil;
use floodwall::{Admission, ConcurrencyLimit, Mode, Now, QueueConfig, Reason};
use floodwall_tests::{all_free, ask, poll_once};
use http::Request;
use tokio::time::Instant;

use weather::{BURST, LIMIT, Weather, queue};

/// The limit changes all the time, and everything is counted all the time.
async fn rage(storm: &mut Weather, cancels: u64) {
    // No more inside than this: the limit, and who is owed since it shrank.
    let mut bound = LIMIT;
    let mut steps = 0_u64;
    while storm.cancels < cancels {
        storm.step().await;
        steps += 1;
        if steps % 64 == 0 {
            let new = 1 + storm.random.u32(..2 * LIMIT);
            bound = storm.handle.snapshot().in_flight.max(new);
            storm.handle.set_limit(new).unwrap();
        }
        if steps % 8 == 0 {
            let snapshot = storm.handle.snapshot();
            assert!(
                snapshot.in_flight <= bound,
                "{} inside, {bound} at most",
                snapshot.in_flight
            );
            assert!(storm.inside() <= snapshot.in_flight as usize);
            bound = snapshot.limit.max(snapshot.in_flight);
        }
        if steps % 1_024 == 0 {
            storm.counts_are_true();
        }
    }
    storm.counts_are_true();
    storm.handle.set_limit(LIMIT).unwrap();
}

/// Together with the next one: a million.
#[tokio::test(start_paused = true)]
async fn a_million_random_cancels_leave_every_place_free_where_the_queue_is_full() {
    let mut storm = Weather::new(7, HoldUntil::default(), 400);
    rage(&mut storm, 750_000).await;
    storm.calm();
    let counts = storm.handle.snapshot().counts;
    for reason in [
        Reason::Deadline,
        Reason::Evicted,
        Reason::Full,
        Reason::QueueTimeout,
    ] {
        assert!(
            counts.refused_for(reason) > 1_000,
            "too few {reason}: {counts:?}"
        );
    }
    assert!(storm.panics > 10_000, "too few panics: {}", storm.panics);
}

#[tokio::test(start_paused = true)]
async fn a_million_random_cancels_leave_every_place_free_where_the_quota_is_short() {
    let rate = 60;
    let start = Now::unread().instant();
    let mut storm = Weather::new(8, HoldUntil::default(), rate);
    rage(&mut storm, 250_000).await;
    storm.calm();
    let time = Now::unread().instant() - start;
    let most = BURST + u64::from(rate) * (time.as_secs() + 1);
    for ran in storm.ran() {
        assert!(ran <= most, "{ran} ran, the quota allows {most}");
        assert!(
            ran > most / 2,
            "the storm should come close to the quota: {ran} of {most}"
        );
    }
    let by_quota = storm.refused - storm.handle.snapshot().counts.refused();
    assert!(
        by_quota > 100_000,
        "too few are refused by the quota: {by_quota}"
    );
    assert!(storm.panics > 10_000, "too few panics: {}", storm.panics);
}

#[tokio::test(start_paused = true)]
async fn switching_draining_and_holding_in_the_storm_lose_no_place() {
    for seed in 0..4 {
        let at_most = Some(Duration::from_millis(30));
        let mut storm = Weather::new(seed, HoldUntil::End { at_most }, 400);
        let mut steps = 0_u64;
        while storm.cancels < 30_000 {
            storm.step().await;
            steps += 1;
            if steps % 50 == 0 {
                match storm.random.u8(..8) {
                    0 => storm.handle.set_mode(Mode::Enforce),
                    1 => storm.handle.set_mode(Mode::Shadow),
                    2 => storm.handle.set_mode(Mode::Off),
                    3 => drop(storm.handle.drain()),
                    4 => storm.handle.resume(),
                    5 => storm
                        .handle
                        .set_queue(queue(1 + storm.random.u32(..40)))
                        .unwrap(),
                    6 => storm
                        .handle
                        .set_limit(1 + storm.random.u32(..2 * LIMIT))
                        .unwrap(),
                    _ => {}
                }
            }
        }
        // A place that was taken back is in nobody's hands, so only the end can be counted.
        storm.handle.set_mode(Mode::Enforce);
        storm.handle.resume();
        storm.handle.set_limit(LIMIT).unwrap();
        storm.calm();
    }
}

#[tokio::test(start_paused = true)]
async fn a_drain_ends_when_the_storm_has_left() {
    let mut storm = Weather::new(3, HoldUntil::default(), 400);
    for _ in 0..10_000 {
        storm.step().await;
    }
    storm.look_around();
    assert!(storm.handle.snapshot().in_flight > 0);
    let mut drained = Box::pin(storm.handle.drain());
    assert!(poll_once(drained.as_mut()).is_pending());
    let refused = storm.refused;
    storm.begin();
    storm.look_around();
    assert!(storm.refused > refused, "who comes now is refused");
    storm.give_up_all();
    assert!(poll_once(drained.as_mut()).is_ready());
    storm.handle.resume();
    storm.calm();
}

#[tokio::test(start_paused = true)]
async fn a_hundred_thousand_queue_timeouts_at_one_instant_are_all_refused() {
    let queue = QueueConfig::builder()
        .capacity(100_000)
        .max_wait(Duration::from_millis(50));
    let limit = ConcurrencyLimit::builder(1).queue(queue).build().unwrap();
    let handle = limit.handle();
    let held = ask(&limit).unwrap().unwrap();
    let start: Instant = Now::unread().instant();
    let (head, ()) = Request::new(()).into_parts();
    let waiting: Vec<_> = (0..100_000)
        .map(|_| Box::pin(limit.admit(&head, &Now::unread())))
        .collect();
    let mut waiting = waiting;
    for call in &mut waiting {
        assert!(poll_once(call.as_mut()).is_pending());
    }
    assert_eq!(handle.snapshot().waiting, 100_000);
    tokio::time::advance(Duration::from_millis(50)).await;
    for call in &mut waiting {
        let Poll::Ready(Err(refusal)) = poll_once(call.as_mut()) else {
            panic!("its time is up")
        };
        assert_eq!(refusal.reason(), Reason::QueueTimeout);
        assert_eq!(refusal.waited(), Now::unread().instant() - start);
    }
    drop(held);
    all_free(&limit, &handle, 1);
}
