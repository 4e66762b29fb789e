//! How long one may wait in front of a limit that moves, when nothing was said of that.

use std::task::Poll;
use std::time::Duration;

use floodwall::{Admission, ConcurrencyLimit, Now, Outcome, QueueConfig, Reason, adaptive};

use super::script::{Script, end, enter, ms, poll_once};

const LIMIT: u32 = 4;
const SERVICE: Duration = ms(10);

fn limit() -> ConcurrencyLimit {
    let built = adaptive().with_algorithm(Script::default().algorithm(LIMIT));
    built.build().unwrap()
}

/// So many come and are served, as many at once as may be inside.
async fn serve(limit: &ConcurrencyLimit, count: u32) {
    for _ in 0..count / LIMIT {
        let inside: Vec<_> = (0..LIMIT).map(|_| enter(limit)).collect();
        tokio::time::advance(SERVICE).await;
        for permit in inside {
            end(permit, Outcome::Success);
        }
    }
}

/// So many come and find neither a place inside nor one to wait.
fn refuse(limit: &ConcurrencyLimit, count: u32) {
    let inside: Vec<_> = (0..LIMIT).map(|_| enter(limit)).collect();
    let mut waiting = Vec::new();
    let mut refused = 0;
    while refused < count {
        let mut one = Box::pin(limit.admit("r", &Now::unread()));
        match poll_once(one.as_mut()) {
            Poll::Pending => waiting.push(one),
            Poll::Ready(decided) => {
                assert_eq!(decided.unwrap_err().reason(), Reason::Full);
                refused += 1;
            }
        }
    }
    drop(waiting);
    for permit in inside {
        end(permit, Outcome::Cancelled);
    }
}

/// How long somebody waits in vain.
async fn longest_wait(limit: &ConcurrencyLimit) -> Duration {
    let inside: Vec<_> = (0..LIMIT).map(|_| enter(limit)).collect();
    let came = Now::unread().instant();
    let waited = limit.admit("w", &Now::unread()).await.unwrap_err();
    assert_eq!(waited.reason(), Reason::QueueTimeout);
    for permit in inside {
        end(permit, Outcome::Cancelled);
    }
    Now::unread().instant() - came
}

#[track_caller]
fn is_about(found: Duration, expected: Duration) {
    assert!(
        found.abs_diff(expected) <= ms(1),
        "{found:?} and not {expected:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn it_is_as_long_as_a_gap_between_bursts() {
    let limit = limit();
    serve(&limit, 40).await;
    // 20 leave in that time: one every 2.5 ms.
    is_about(longest_wait(&limit).await, ms(50));
}

#[tokio::test(start_paused = true)]
async fn it_is_short_in_a_flood_and_long_again_after_it() {
    let limit = limit();
    serve(&limit, 40).await;
    for _ in 0..10 {
        refuse(&limit, 160);
        serve(&limit, 40).await;
    }
    // A little more than a service.
    is_about(longest_wait(&limit).await, ms(11));
    serve(&limit, 1_000).await;
    is_about(longest_wait(&limit).await, ms(50));
}

#[tokio::test(start_paused = true)]
async fn while_a_third_are_refused_one_may_wait_for_the_next_place() {
    let limit = limit();
    for _ in 0..10 {
        refuse(&limit, 40);
        serve(&limit, 80).await;
    }
    is_about(longest_wait(&limit).await, ms(50));
}

#[tokio::test(start_paused = true)]
async fn while_half_are_refused_it_is_as_short_as_in_a_flood() {
    let limit = limit();
    for _ in 0..10 {
        refuse(&limit, 40);
        serve(&limit, 40).await;
    }
    is_about(longest_wait(&limit).await, ms(11));
}

#[tokio::test(start_paused = true)]
async fn a_few_refusals_are_no_pressure() {
    let limit = limit();
    for _ in 0..10 {
        refuse(&limit, 5);
        serve(&limit, 60).await;
    }
    is_about(longest_wait(&limit).await, ms(50));
}

#[tokio::test(start_paused = true)]
async fn what_was_said_stays() {
    let said = |queue: floodwall::concurrency::QueueChoice| {
        let built = adaptive().with_algorithm(Script::default().algorithm(LIMIT));
        built.queue(queue).build().unwrap()
    };
    for queue in [
        ms(300).into(),
        QueueConfig::builder().max_wait(ms(300)).into(),
    ] {
        let limit = said(queue);
        for _ in 0..10 {
            serve(&limit, 40).await;
            is_about(longest_wait(&limit).await, ms(300));
            refuse(&limit, 1_100);
        }
    }
}

/// Whether the newest is served first, once somebody has waited for longer than an interval.
async fn is_newest_first(limit: &ConcurrencyLimit) -> bool {
    let mut inside: Vec<_> = (0..LIMIT).map(|_| enter(limit)).collect();
    let mut line = Vec::new();
    for _ in 0..10 {
        let mut one = Box::pin(limit.admit("n", &Now::unread()));
        assert!(poll_once(one.as_mut()).is_pending());
        line.push(one);
        tokio::time::advance(ms(20)).await;
        line.retain_mut(|one| poll_once(one.as_mut()).is_pending());
    }
    end(inside.pop().unwrap(), Outcome::Cancelled);
    let served = line
        .iter_mut()
        .position(|one| poll_once(one.as_mut()).is_ready())
        .expect("a place was free");
    for permit in inside {
        end(permit, Outcome::Cancelled);
    }
    assert!(line.len() > 1, "one alone is the oldest, too");
    served == line.len() - 1
}

#[tokio::test(start_paused = true)]
async fn the_newest_come_first_only_under_pressure() {
    let limit = limit();
    serve(&limit, 400).await;
    assert!(!is_newest_first(&limit).await);
    for _ in 0..10 {
        refuse(&limit, 40);
        serve(&limit, 80).await;
    }
    assert!(is_newest_first(&limit).await);
}
