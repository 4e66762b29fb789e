//! The queue follows the limit.

use floodwall::limit::Why;
use floodwall::{Admission, ConcurrencyLimit, Now, Outcome, QueueConfig, Reason, adaptive};

use super::script::{Move, Script, end, enter, ms, once, poll_once};

/// How many can wait: fills the limit and the queue, and lets all go again.
#[track_caller]
fn places(limit: &ConcurrencyLimit) -> usize {
    let inside = limit.handle().snapshot().limit;
    let held: Vec<_> = (0..inside).map(|_| enter(limit)).collect();
    let mut waiting = Vec::new();
    let refused = loop {
        let mut one = Box::pin(limit.admit("w", &Now::unread()));
        match poll_once(one.as_mut()) {
            std::task::Poll::Pending => waiting.push(one),
            std::task::Poll::Ready(decided) => break decided.unwrap_err(),
        }
        assert!(waiting.len() < 10_000);
    };
    assert_eq!(refused.reason(), Reason::Full);
    let places = waiting.len();
    drop(waiting);
    for permit in held {
        end(permit, Outcome::Cancelled);
    }
    places
}

#[tokio::test(start_paused = true)]
async fn its_places_are_four_times_the_limit() {
    let script = Script::default();
    let limit = adaptive()
        .with_algorithm(script.algorithm(10))
        .build()
        .unwrap();
    assert_eq!(places(&limit), 40);
    for (to, expected) in [(11, 40), (20, 80), (1, 16), (100, 400)] {
        script.then(Move::To(to, Why::Probe));
        once(&limit).await;
        assert_eq!(places(&limit), expected, "limit {to}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_queue_that_was_set_up_by_hand_stays() {
    let script = Script::default();
    let limit = adaptive()
        .with_algorithm(script.algorithm(2))
        .queue(QueueConfig::builder().capacity(7))
        .build()
        .unwrap();
    script.then(Move::Silently(50));
    once(&limit).await;
    assert_eq!(places(&limit), 7);

    let limit = adaptive()
        .with_algorithm(script.algorithm(2))
        .build()
        .unwrap();
    let queue = QueueConfig::builder().capacity(9);
    limit.handle().set_queue(queue).unwrap();
    script.then(Move::Silently(50));
    once(&limit).await;
    assert_eq!(places(&limit), 9, "set while it ran");
}

/// Who of two that waited for `wait` is served first, when a delay of that length has stood.
async fn newest_is_served_first(service: u64, wait: u64) -> bool {
    let script = Script::default();
    let limit = adaptive()
        .with_algorithm(script.algorithm(1))
        .queue(ms(400))
        .build()
        .unwrap();
    // The service takes so long.
    for _ in 0..50 {
        let permit = enter(&limit);
        tokio::time::advance(ms(service)).await;
        end(permit, Outcome::Success);
    }
    // Each waits for so long and then takes the place, for longer than the interval of 100 ms.
    let mut held = enter(&limit);
    let mut line = std::collections::VecDeque::new();
    for _ in 0..40 {
        let mut next = Box::pin(limit.admit("w", &Now::unread()));
        assert!(poll_once(next.as_mut()).is_pending());
        line.push_back(next);
        tokio::time::advance(ms(wait / 2)).await;
        if line.len() < 2 {
            continue;
        }
        end(held, Outcome::Cancelled);
        let (mut oldest, mut newest) = (line.pop_front().unwrap(), line.pop_back().unwrap());
        match (poll_once(oldest.as_mut()), poll_once(newest.as_mut())) {
            (std::task::Poll::Ready(permit), _) => {
                held = permit.unwrap();
                line.push_back(newest);
            }
            (_, std::task::Poll::Ready(_)) => return true,
            _ => panic!("a place was free"),
        }
    }
    false
}

#[tokio::test(start_paused = true)]
async fn its_target_is_the_time_of_a_service() {
    assert!(
        newest_is_served_first(1, 40).await,
        "a delay of 40 ms is too much where a service takes 1"
    );
    assert!(
        !newest_is_served_first(80, 40).await,
        "and nothing where it takes 80"
    );
}
