//! Any `Service`, without HTTP.

use std::convert::Infallible;
use std::future::{Future, pending, ready};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use floodwall::admit::{AdmitLayer, Error};
use floodwall::extract::{cost_fn, deadline_fn, key_fn, priority_fn};
use floodwall::{
    Admission, ConcurrencyLimit, Now, Priority, QueueConfig, RateLimit, Reason, all, exempt,
    match_fn,
};
use std::hash::Hash;
use tower::{Layer, ServiceExt, service_fn};

fn poll_once<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

async fn echo(request: String) -> Result<String, Infallible> {
    Ok(request)
}

#[tokio::test]
async fn a_quota_of_five_admits_five() {
    let layer = AdmitLayer::new(RateLimit::new("5/h").unwrap());
    let mut admitted = 0;
    for _ in 0..20 {
        match layer.layer(service_fn(echo)).oneshot("x".to_owned()).await {
            Ok(_) => admitted += 1,
            Err(Error::Rejected(refusal)) => {
                assert_eq!(refusal.reason(), Reason::Quota);
                assert!(refusal.retry_after().is_some());
            }
            Err(Error::Inner(never)) => match never {},
        }
    }
    assert_eq!(admitted, 5);
}

/// apollographql/router#9034: LoadShed over Buffer took a scheduler's yield for overload.
#[tokio::test]
async fn router_9034_a_thousand_submissions_from_one_task_into_empty_capacity_are_all_admitted() {
    let layer = AdmitLayer::new(ConcurrencyLimit::new(100_000));
    let calls = (0..1_000).map(|i: u32| layer.layer(service_fn(echo)).oneshot(i.to_string()));
    let mut calls: Vec<_> = calls.map(Box::pin).collect();
    for call in &mut calls {
        assert!(matches!(poll_once(call.as_mut()), Poll::Ready(Ok(_))));
    }
    assert_eq!(layer.policy().handle().snapshot().counts.refused(), 0);
}

#[test]
fn admission_and_refusal_work_without_a_runtime() {
    let policy = ConcurrencyLimit::builder(1).no_queue().build().unwrap();
    let layer = AdmitLayer::new(policy);
    let mut held = Box::pin(
        layer
            .layer(service_fn(|_: u8| pending::<Result<(), Infallible>>()))
            .oneshot(0),
    );
    assert!(poll_once(held.as_mut()).is_pending());
    let mut refused = Box::pin(
        layer
            .layer(service_fn(|_: u8| ready(Ok::<_, Infallible>(()))))
            .oneshot(0),
    );
    let Poll::Ready(Err(Error::Rejected(refusal))) = poll_once(refused.as_mut()) else {
        panic!("the limit is full")
    };
    assert_eq!(refusal.reason(), Reason::Full);
}

#[test]
fn waiting_without_a_time_driver_panics_with_the_fix_in_its_text() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let limit = ConcurrencyLimit::new(1);
    let held = runtime.block_on(async { limit.admit("a", &Now::unread()).await.unwrap() });
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        drop(runtime.block_on(limit.admit("b", &Now::unread())));
    }));
    let payload = panicked.unwrap_err();
    let text = payload.downcast_ref::<String>().map(String::as_str);
    let text = text
        .or_else(|| payload.downcast_ref::<&str>().copied())
        .unwrap();
    assert!(text.contains("enable_time"), "{text}");
    assert_eq!(
        limit.handle().snapshot().waiting,
        0,
        "the panic gave up the place in the queue"
    );
    drop(held);
    assert_eq!(limit.handle().snapshot().in_flight, 0);
}

#[tokio::test(start_paused = true)]
async fn a_refusal_by_the_queue_leaves_the_quota_uncharged() {
    let quota = RateLimit::new("10/h").unwrap();
    let limit = ConcurrencyLimit::builder(1)
        .queue(
            QueueConfig::builder()
                .capacity(1)
                .max_wait(Duration::from_millis(50)),
        )
        .build()
        .unwrap();
    let policy = all((quota.clone(), limit.clone()));
    let held = policy.admit("a", &Now::unread()).await.unwrap();

    // Times out in the queue.
    let refusal = policy.admit("b", &Now::unread()).await.unwrap_err();
    assert_eq!(refusal.reason(), Reason::QueueTimeout);
    assert_eq!(refusal.waited(), Duration::from_millis(50));

    // Leaves while it waits.
    let mut waiting = Box::pin(policy.admit("c", &Now::unread()));
    assert!(poll_once(waiting.as_mut()).is_pending());
    // Meanwhile the queue is full: refused at the peek.
    let refusal = policy.admit("d", &Now::unread()).await.unwrap_err();
    assert_eq!(refusal.reason(), Reason::Full);
    drop(waiting);
    drop(held);

    let mut left = 0;
    while quota.admit("e", &Now::unread()).await.is_ok() {
        left += 1;
    }
    assert_eq!(left, 9, "only the one that ran was charged");
    assert_eq!(quota.handle().snapshot().table.unreturned, 0);
}

#[tokio::test]
async fn a_refusal_by_a_later_quota_leaves_the_earlier_uncharged() {
    let wide = RateLimit::new("10/h").unwrap();
    let narrow = RateLimit::new("2/h").unwrap();
    let policy = all((wide.clone(), narrow));
    let mut admitted = 0;
    for _ in 0..8 {
        admitted += u32::from(policy.admit("a", &Now::unread()).await.is_ok());
    }
    assert_eq!(admitted, 2);
    let mut left = 0;
    while wide.admit("a", &Now::unread()).await.is_ok() {
        left += 1;
    }
    assert_eq!(left, 8);
}

#[tokio::test]
async fn quotas_on_one_key_are_all_or_none_and_keys_are_apart() {
    let policy = RateLimit::builder("3/h")
        .quota("100/h burst 5")
        .key(key_fn(|who: &&str, to| who.hash(to)))
        .build()
        .unwrap();
    for who in ["alice", "bob"] {
        let mut admitted = 0;
        for _ in 0..10 {
            admitted += u32::from(policy.admit(&who, &Now::unread()).await.is_ok());
        }
        assert_eq!(admitted, 3, "{who}");
    }
}

#[tokio::test]
async fn a_cost_above_the_burst_is_a_reason_of_its_own() {
    let policy = RateLimit::builder("5/h")
        .cost(cost_fn(|cost: &u32| *cost))
        .build()
        .unwrap();
    let refusal = policy.admit(&6, &Now::unread()).await.unwrap_err();
    assert_eq!(refusal.reason(), Reason::CostAboveBurst);
    assert_eq!(refusal.retry_after(), None);
    assert!(policy.admit(&5, &Now::unread()).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_more_urgent_arrival_takes_the_place_of_the_least_urgent() {
    let policy = ConcurrencyLimit::builder(1)
        .queue(
            QueueConfig::builder()
                .capacity(1)
                .max_wait(Duration::from_secs(1)),
        )
        .priority(priority_fn(|urgency: &u8| Priority::new(*urgency).unwrap()))
        .build()
        .unwrap();
    let held = policy.admit(&3, &Now::unread()).await.unwrap();
    let mut low = Box::pin(policy.admit(&7, &Now::unread()));
    assert!(poll_once(low.as_mut()).is_pending());
    let mut high = Box::pin(policy.admit(&0, &Now::unread()));
    assert!(poll_once(high.as_mut()).is_pending());
    let Poll::Ready(Err(refusal)) = poll_once(low.as_mut()) else {
        panic!("it was evicted")
    };
    assert_eq!(refusal.reason(), Reason::Evicted);
    drop(held);
    assert!(matches!(poll_once(high.as_mut()), Poll::Ready(Ok(_))));
}

#[tokio::test(start_paused = true)]
async fn a_deadline_that_cannot_be_met_refuses_and_does_not_wait() {
    let policy = ConcurrencyLimit::builder(1)
        .deadline(deadline_fn(|left: &Duration| Some(*left)))
        .build()
        .unwrap();
    let expired = policy
        .admit(&Duration::ZERO, &Now::unread())
        .await
        .unwrap_err();
    assert_eq!(expired.reason(), Reason::Deadline);
    let held = policy
        .admit(&Duration::from_millis(1), &Now::unread())
        .await
        .unwrap();
    let began = Now::unread().instant();
    let refusal = policy
        .admit(&Duration::from_millis(20), &Now::unread())
        .await
        .unwrap_err();
    assert_eq!(refusal.reason(), Reason::Deadline);
    assert!(
        began.elapsed() <= Duration::from_millis(21),
        "not the 100 ms of the queue"
    );
    drop(held);
}

#[tokio::test(start_paused = true)]
async fn pacing_lets_requests_wait_for_their_turn_in_order_and_within_bounds() {
    let policy = RateLimit::builder("10/s burst 1")
        .pace(Duration::from_millis(350), 2)
        .build()
        .unwrap();
    let began = Now::unread().instant();
    assert!(policy.admit("a", &Now::unread()).await.is_ok());
    let mut second = Box::pin(policy.admit("b", &Now::unread()));
    let mut third = Box::pin(policy.admit("c", &Now::unread()));
    assert!(poll_once(second.as_mut()).is_pending());
    assert!(poll_once(third.as_mut()).is_pending());
    assert_eq!(policy.handle().snapshot().waiting, 2);
    let refusal = policy.admit("d", &Now::unread()).await.unwrap_err();
    assert_eq!(refusal.reason(), Reason::Quota, "two may wait, not three");
    assert!(second.await.is_ok());
    assert_eq!(began.elapsed(), Duration::from_millis(100));
    assert!(third.await.is_ok());
    assert_eq!(began.elapsed(), Duration::from_millis(200));
    assert_eq!(policy.handle().snapshot().waiting, 0);

    // Who leaves while it waits frees its place in the line; the turn stays spent.
    let mut fourth = Box::pin(policy.admit("e", &Now::unread()));
    assert!(poll_once(fourth.as_mut()).is_pending());
    drop(fourth);
    assert_eq!(policy.handle().snapshot().waiting, 0);
    assert!(policy.admit("f", &Now::unread()).await.is_ok());
    assert_eq!(began.elapsed(), Duration::from_millis(400));
}

#[tokio::test]
async fn exempt_requests_take_no_place_and_are_bounded_themselves() {
    let limit = ConcurrencyLimit::builder(1).no_queue().build().unwrap();
    let policy = exempt(match_fn(|r: &str| r == "ping"), limit.clone())
        .limit(2)
        .unwrap();
    let held = policy.admit("work", &Now::unread()).await.unwrap();
    let first = policy.admit("ping", &Now::unread()).await.unwrap();
    let second = policy.admit("ping", &Now::unread()).await.unwrap();
    let refusal = policy.admit("ping", &Now::unread()).await.err().unwrap();
    assert_eq!(refusal.policy().as_str(), "exempt");
    assert_eq!(limit.handle().snapshot().in_flight, 1);
    drop((held, first, second));
}

#[test]
fn nonsense_is_refused_by_name() {
    let errors = [
        ConcurrencyLimit::builder(0).build().unwrap_err(),
        ConcurrencyLimit::builder(1)
            .name("two words")
            .build()
            .unwrap_err(),
        ConcurrencyLimit::builder(1)
            .queue(QueueConfig::builder().capacity(0))
            .build()
            .unwrap_err(),
        RateLimit::new("100 per second").unwrap_err(),
        RateLimit::new("0/s").unwrap_err(),
        RateLimit::builder("1/s").quota("1/s").build().unwrap_err(),
        RateLimit::builder("1/s")
            .pace(Duration::ZERO, 1)
            .build()
            .unwrap_err(),
        RateLimit::builder("1/s")
            .pace(Duration::from_secs(1), 0)
            .build()
            .unwrap_err(),
        RateLimit::builder("1/s").capacity(9).build().unwrap_err(),
        ConcurrencyLimit::builder(1)
            .queue(QueueConfig::builder().max_wait(Duration::MAX))
            .build()
            .unwrap_err(),
        RateLimit::builder("1/s")
            .key(key_fn(|_: &str, _| ()))
            .capacity(0)
            .build()
            .unwrap_err(),
    ];
    let fields: Vec<_> = errors.iter().map(floodwall::BuildError::field).collect();
    assert_eq!(
        fields,
        [
            "limit", "name", "queue", "quota", "quota", "quota", "pace", "pace", "capacity",
            "queue", "quota"
        ]
    );
    for (error, field) in errors.iter().zip(fields) {
        let text = error.to_string();
        assert!(
            text.starts_with(field) && text.len() > field.len() + 10,
            "{text}"
        );
    }
}

#[tokio::test]
async fn the_name_of_a_policy_with_one_quota_is_in_its_answers() {
    let policy = RateLimit::builder("1/h").name("search").build().unwrap();
    assert!(policy.admit("a", &Now::unread()).await.is_ok());
    let refusal = policy.admit("a", &Now::unread()).await.unwrap_err();
    assert_eq!(refusal.policy().as_str(), "search");
    policy.handle().drain();
    let refusal = policy.admit("a", &Now::unread()).await.unwrap_err();
    assert_eq!(refusal.reason(), Reason::Draining);
    policy.handle().resume();
    let refusal = policy.admit("a", &Now::unread()).await.unwrap_err();
    assert_eq!(refusal.reason(), Reason::Quota);
}

/// The reading of the clock that the first policy made is old when it has waited.
#[tokio::test(start_paused = true)]
async fn after_pacing_the_queue_counts_from_then_and_deadlines_are_looked_at_anew() {
    let quota = RateLimit::builder("2/s burst 1")
        .pace(Duration::from_secs(2), 9)
        .build()
        .unwrap();
    let limit = ConcurrencyLimit::builder(1)
        .deadline(deadline_fn(|left: &Duration| Some(*left)))
        .queue(QueueConfig::builder().max_wait(Duration::from_millis(100)))
        .build()
        .unwrap();
    let policy = all((quota, limit.clone()));
    let patient = Duration::from_secs(60);
    let began = Now::unread().instant();
    let held = policy.admit(&patient, &Now::unread()).await.unwrap();

    let refusal = policy.admit(&patient, &Now::unread()).await.unwrap_err();
    assert_eq!(refusal.reason(), Reason::QueueTimeout);
    assert_eq!(refusal.waited(), Duration::from_millis(100), "in the queue");
    assert_eq!(
        Now::unread().instant() - began,
        Duration::from_millis(600),
        "500 ms for its turn, and then the whole wait of the queue"
    );

    drop(held);
    let impatient = Duration::from_millis(300);
    let refusal = policy.admit(&impatient, &Now::unread()).await.unwrap_err();
    assert_eq!(
        refusal.reason(),
        Reason::Deadline,
        "it passed while it was paced"
    );
    assert_eq!(limit.handle().snapshot().in_flight, 0);
}

#[tokio::test(start_paused = true)]
async fn peeking_does_not_raise_what_the_refused_are_told() {
    let limit = ConcurrencyLimit::builder(1)
        .queue(QueueConfig::builder().capacity(1))
        .build()
        .unwrap();
    let held = limit.admit("a", &Now::unread()).await.unwrap();
    let mut waiting = Box::pin(limit.admit("b", &Now::unread()));
    assert!(poll_once(waiting.as_mut()).is_pending());
    let told = || limit.peek("c", &Now::unread()).unwrap_err().retry_after();
    let first = told();
    for _ in 0..1_000 {
        let _ = told();
    }
    assert_eq!(told(), first);
    drop(held);
}
