//! What a handle changes while requests run: modes, drain, the limit.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use floodwall::extract::deadline_fn;
use floodwall::{Admission, ConcurrencyLimit, Mode, Now, QueueConfig, RateLimit, Reason};

fn poll_once<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

#[tokio::test]
async fn shadow_lets_everything_through_and_counts() {
    let rate = RateLimit::builder("2/h")
        .mode(Mode::Shadow)
        .build()
        .unwrap();
    for _ in 0..5 {
        assert!(rate.admit("a", &Now::unread()).await.is_ok());
    }
    let counts = rate.handle().snapshot().counts;
    assert_eq!(
        (counts.admitted, counts.would_refuse_for(Reason::Quota)),
        (2, 3)
    );
    // Its own refusals do not occupy its state.
    rate.handle().set_mode(Mode::Enforce);
    assert!(rate.admit("a", &Now::unread()).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn draining_refuses_what_is_new_and_ends_when_the_last_one_left() {
    let limit = ConcurrencyLimit::new(1);
    let held = limit.admit("a", &Now::unread()).await.unwrap();
    let mut queued = Box::pin(limit.admit("b", &Now::unread()));
    assert!(poll_once(queued.as_mut()).is_pending());
    let mut drained = Box::pin(limit.handle().drain());
    assert!(poll_once(drained.as_mut()).is_pending());
    let refusal = limit.admit("c", &Now::unread()).await.unwrap_err();
    assert_eq!(refusal.reason(), Reason::Draining);
    drop(held);
    let Poll::Ready(Ok(second)) = poll_once(queued.as_mut()) else {
        panic!("queued ones finish")
    };
    assert!(poll_once(drained.as_mut()).is_pending());
    drop(second);
    drained.await;
}

#[tokio::test]
async fn a_limit_that_shrinks_owes_and_one_that_grows_lets_in() {
    let limit = ConcurrencyLimit::builder(3).no_queue().build().unwrap();
    let handle = limit.handle();
    let mut held = Vec::new();
    for _ in 0..3 {
        held.push(limit.admit("a", &Now::unread()).await.unwrap());
    }
    handle.set_limit(1).unwrap();
    assert_eq!(handle.snapshot().in_flight, 3);
    held.truncate(1);
    assert!(limit.admit("a", &Now::unread()).await.is_err());
    handle.set_limit(2).unwrap();
    assert!(limit.admit("a", &Now::unread()).await.is_ok());
}

#[tokio::test]
async fn what_shadow_mode_would_refuse_does_not_occupy_its_state() {
    let policy = ConcurrencyLimit::builder(2)
        .mode(Mode::Shadow)
        .queue(QueueConfig::builder().capacity(1))
        .build()
        .unwrap();
    let handle = policy.handle();
    let admit = || policy.admit("a", &Now::unread());
    let mut held = Vec::new();
    for _ in 0..6 {
        held.push(admit().await.unwrap());
    }
    // Two would be inside, one would wait, three would be refused.
    let counts = handle.snapshot().counts;
    assert_eq!(
        (counts.admitted, counts.would_wait, counts.would_refuse()),
        (2, 1, 3)
    );
    assert_eq!(handle.snapshot().in_flight, 6, "what is inside in truth");

    // One who would be inside leaves: room for one, though five are still there.
    drop(held.remove(0));
    held.push(admit().await.unwrap());
    held.push(admit().await.unwrap());
    let counts = handle.snapshot().counts;
    assert_eq!((counts.would_wait, counts.would_refuse()), (2, 4));
    drop(held);
    assert_eq!(handle.snapshot().in_flight, 0);
}

#[tokio::test]
async fn shadow_mode_sees_a_deadline_that_has_passed() {
    let policy = ConcurrencyLimit::builder(2)
        .mode(Mode::Shadow)
        .deadline(deadline_fn(|_: &str| Some(Duration::ZERO)))
        .build()
        .unwrap();
    assert!(policy.admit("a", &Now::unread()).await.is_ok());
    let counts = policy.handle().snapshot().counts;
    assert_eq!(counts.would_refuse_for(Reason::Deadline), 1);
    assert_eq!(counts.admitted, 0);
}

#[tokio::test(start_paused = true)]
async fn who_waits_when_the_limit_is_switched_off_is_let_in() {
    for mode in [Mode::Off, Mode::Shadow] {
        let limit = ConcurrencyLimit::new(1);
        let held = limit.admit("a", &Now::unread()).await.unwrap();
        let mut second = Box::pin(limit.admit("b", &Now::unread()));
        let mut third = Box::pin(limit.admit("c", &Now::unread()));
        assert!(poll_once(second.as_mut()).is_pending());
        assert!(poll_once(third.as_mut()).is_pending());
        limit.handle().set_mode(mode);
        assert!(matches!(poll_once(second.as_mut()), Poll::Ready(Ok(_))));
        assert!(matches!(poll_once(third.as_mut()), Poll::Ready(Ok(_))));
        assert_eq!(limit.handle().snapshot().limit, 1);
        drop(held);
    }
}

#[tokio::test]
async fn draining_refuses_in_every_mode() {
    for mode in [Mode::Enforce, Mode::Shadow, Mode::Off] {
        let limit = ConcurrencyLimit::builder(4).mode(mode).build().unwrap();
        drop(limit.handle().drain());
        let refusal = limit.admit("a", &Now::unread()).await.unwrap_err();
        assert_eq!(refusal.reason(), Reason::Draining, "{mode}");
        assert!(limit.peek("a", &Now::unread()).is_err());
        limit.handle().resume();
        assert!(limit.admit("a", &Now::unread()).await.is_ok());

        let quota = RateLimit::builder("9/h").mode(mode).build().unwrap();
        quota.handle().drain();
        let refusal = quota.admit("a", &Now::unread()).await.unwrap_err();
        assert_eq!(refusal.reason(), Reason::Draining, "{mode}");
    }
}
