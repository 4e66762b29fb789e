//! What requests leave behind in the signals: each decision once, and nothing that it should not.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use floodwall::extract::priority_fn;
use floodwall::signals::{Rates, Signal, Signals};
use floodwall::{
    Admission, ConcurrencyLimit, End, Mode, Now, Outcome, Permit, PolicyName, Priority,
    QueueConfig, RateLimit, Reason, Rejection, all, conformance,
};
use tokio::time::{advance, sleep};

fn poll_once<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

/// A request is its class.
const CLASS: fn(&u8) -> Priority = |class| Priority::new(*class).unwrap();

/// In ten seconds, as whole numbers: arrivals, admitted, refused, completed.
#[track_caller]
fn counted(rates: &Rates) -> (u64, u64, u64, u64) {
    let whole = |rate: f64| {
        let count = rate * 10.0;
        assert!((count - count.round()).abs() < 1e-6, "{rates:?}");
        count.round() as u64
    };
    (
        whole(rates.arrivals),
        whole(rates.admitted),
        whole(rates.refused),
        whole(rates.completed),
    )
}

#[tokio::test(start_paused = true)]
async fn every_end_of_a_request_is_counted_once_and_for_its_class() {
    let signals = Signals::new();
    sleep(Duration::from_secs(20)).await;
    let limit = ConcurrencyLimit::builder(1)
        .queue(
            QueueConfig::builder()
                .capacity(1)
                .max_wait(Duration::from_millis(50)),
        )
        .priority(priority_fn(CLASS))
        .build()
        .unwrap();
    let policy = signals.observe(limit).priority(priority_fn(CLASS));
    let admit = |class: u8| policy.admit(&class, &Now::unread());

    // 1 is let in and ends well.
    let first = admit(1).await.unwrap();
    // 2 waits and is let in when 1 ends; its work is dropped.
    let mut second = Box::pin(admit(2));
    assert!(poll_once(second.as_mut()).is_pending());
    // 3 finds the queue full.
    assert!(admit(3).await.is_err());
    advance(Duration::from_millis(20)).await;
    first.complete(&End::new(Outcome::Success));
    let second = second.await.unwrap();
    // 4 waits and leaves, 5 waits until its time is up.
    let mut fourth = Box::pin(admit(4));
    assert!(poll_once(fourth.as_mut()).is_pending());
    advance(Duration::from_millis(30)).await;
    drop(fourth);
    assert!(admit(5).await.is_err());
    drop(second);
    // 6 is admitted, and a later layer refuses it; 7 is never asked.
    admit(6)
        .await
        .unwrap()
        .complete(&End::new(Outcome::Refused));
    drop(admit(7));

    let snapshot = signals.snapshot();
    let expected = [
        (0, 0, 0, 0),
        (1, 1, 0, 1),
        (1, 1, 0, 1),
        (1, 0, 1, 0),
        (1, 0, 0, 0),
        (1, 0, 1, 0),
        (1, 1, 0, 0),
        (0, 0, 0, 0),
    ];
    for (class, expected) in expected.into_iter().enumerate() {
        assert_eq!(
            counted(&snapshot.rates_by_class[class]),
            expected,
            "class {class}"
        );
    }
    assert_eq!(counted(&snapshot.rates), (6, 3, 2, 2));
    let waited = |class: usize| snapshot.queue_latency_by_class[class].max.as_millis();
    assert_eq!([1, 2, 3, 4, 5, 6].map(waited), [0, 20, 0, 30, 50, 0]);
    // And all of it is forgotten after the window.
    sleep(Duration::from_secs(12)).await;
    assert_eq!(counted(&signals.snapshot().rates), (0, 0, 0, 0));
}

#[tokio::test(start_paused = true)]
async fn what_a_quota_refuses_is_no_demand() {
    let signals = Signals::new();
    sleep(Duration::from_secs(20)).await;
    let policy = signals.observe(all((
        RateLimit::new("3/h").unwrap(),
        ConcurrencyLimit::builder(1).no_queue().build().unwrap(),
    )));
    let admit = || policy.admit("a", &Now::unread());
    let held = admit().await.unwrap();
    assert!(admit().await.is_err(), "no place is free");
    drop(held);
    for _ in 0..2 {
        drop(admit().await.unwrap());
    }
    for _ in 0..5 {
        assert!(admit().await.is_err(), "the quota is used up");
    }
    let snapshot = signals.snapshot();
    assert_eq!(counted(&snapshot.rates), (4, 3, 1, 3));
    assert!((snapshot.over_quota * 10.0 - 5.0).abs() < 1e-6);
}

/// A quota of one's own that takes a while to say no.
#[derive(Clone)]
struct SlowQuota;

impl Admission<str> for SlowQuota {
    type Permit = ();
    type Future = Pin<Box<dyn Future<Output = Result<(), Rejection>>>>;
    fn admit(&self, _request: &str, _now: &Now) -> Self::Future {
        Box::pin(async {
            sleep(Duration::from_millis(300)).await;
            Err(Rejection::new(
                PolicyName::from_static("slow"),
                Reason::Quota,
            ))
        })
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_quota_refuses_after_a_wait_is_demand_until_then_only() {
    let signals = Signals::new();
    sleep(Duration::from_secs(20)).await;
    let mut decision = Box::pin(signals.observe(SlowQuota).admit("a", &Now::unread()));
    assert!(poll_once(decision.as_mut()).is_pending());
    assert_eq!(counted(&signals.snapshot().rates), (1, 0, 0, 0));
    assert!(decision.await.is_err());
    assert_eq!(counted(&signals.snapshot().rates), (0, 0, 0, 0));
    assert_eq!(signals.snapshot().queue_latency.count, 0);
}

#[tokio::test(start_paused = true)]
async fn a_part_of_a_composition_counts_what_it_refuses_itself_and_only_that() {
    let signals = Signals::new();
    sleep(Duration::from_secs(20)).await;
    let limit = ConcurrencyLimit::builder(1).no_queue().build().unwrap();
    let other = ConcurrencyLimit::builder(2).no_queue().build().unwrap();
    let policy = all((signals.observe(limit), other.clone()));
    let admit = || policy.admit("a", &Now::unread());
    let held = admit().await.unwrap();
    assert!(admit().await.is_err());
    drop(held);
    let full = [
        other.admit("x", &Now::unread()).await,
        other.admit("x", &Now::unread()).await,
    ];
    assert!(admit().await.is_err(), "the other one refuses");
    drop(full);
    assert_eq!(counted(&signals.snapshot().rates), (2, 1, 1, 1));
}

#[tokio::test]
async fn it_keeps_the_rules_of_admission() {
    let signals = Signals::new();
    conformance::check(
        || signals.observe(ConcurrencyLimit::new(3)),
        || "a".to_owned(),
    );
    conformance::check(
        || signals.observe(RateLimit::new("3/h").unwrap()),
        || "a".to_owned(),
    );
}

#[tokio::test(start_paused = true)]
async fn limits_are_read_when_somebody_asks() {
    let signals = Signals::new();
    assert_eq!(signals.get(Signal::QueueDepth), None);
    let build = |limit, mode| {
        ConcurrencyLimit::builder(limit)
            .queue(
                QueueConfig::builder()
                    .capacity(8)
                    .max_wait(Duration::from_secs(60)),
            )
            .priority(priority_fn(CLASS))
            .mode(mode)
            .build()
            .unwrap()
    };
    let (small, big) = (build(1, Mode::Enforce), build(4, Mode::Enforce));
    let shadow = build(1, Mode::Shadow);
    for limit in [&small, &big, &shadow, &small] {
        signals.watch_limit(&limit.handle()).unwrap();
    }
    let admit = |limit: &ConcurrencyLimit<_, _>, class: u8| limit.admit(&class, &Now::unread());
    let inside = (admit(&small, 3).await, admit(&big, 3).await);
    let shadowed = (admit(&shadow, 3).await, admit(&shadow, 3).await);
    let mut waiting: Vec<_> = [2, 5, 5].map(|class| Box::pin(admit(&small, class))).into();
    for one in &mut waiting {
        assert!(poll_once(one.as_mut()).is_pending());
    }
    advance(Duration::from_millis(700)).await;
    let value = |signal| signals.get(signal).unwrap().value;
    assert_eq!(value(Signal::QueueDepth), 3.0);
    assert_eq!(value(Signal::Backlog), 3.0);
    assert_eq!(value(Signal::Utilisation), 1.0);
    // Nobody was served, and yet the waiting shows.
    assert_eq!(value(Signal::QueueLatency), 0.7);
    let limits = signals.snapshot().limits;
    assert_eq!((limits.watched, limits.limit, limits.in_flight), (2, 5, 2));
    assert_eq!(limits.waiting_by_class, [0, 0, 1, 0, 0, 2, 0, 0]);
    // A limit that is gone is gone, though it was watched.
    drop((waiting, inside, shadowed, small));
    assert_eq!(value(Signal::QueueDepth), 0.0);
    assert_eq!(signals.snapshot().limits.watched, 1);
}

#[tokio::test]
async fn one_limit_for_each_request_is_refused_before_it_fills_the_memory() {
    let signals = Signals::new();
    let limits: Vec<_> = (0..257).map(|_| ConcurrencyLimit::new(1)).collect();
    let watched = limits
        .iter()
        .map(|limit| signals.watch_limit(&limit.handle()));
    let refused: Vec<_> = watched.filter_map(Result::err).collect();
    assert_eq!(refused.len(), 1);
    assert_eq!(refused[0].field(), "watch_limit");
    drop(limits);
    // Those that are gone make room.
    for _ in 0..1_000 {
        signals
            .watch_limit(&ConcurrencyLimit::new(1).handle())
            .unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn waiting_that_a_layer_measures_is_queue_latency() {
    let signals = Signals::new();
    for millis in 1..=100 {
        let now = Now::unread();
        signals.record_queue_latency(Priority::HIGH, Duration::from_millis(millis), &now);
    }
    let reading = signals.get(Signal::QueueLatency).unwrap();
    assert!((0.09..=0.135).contains(&reading.value), "{reading:?}");
    assert_eq!(signals.snapshot().queue_latency_by_class[1].count, 100);
    advance(Duration::from_millis(400)).await;
    assert_eq!(
        signals.get(Signal::QueueLatency).unwrap().age,
        Duration::from_millis(400)
    );
    // Who came long ago says nothing about now.
    advance(Duration::from_secs(2)).await;
    assert_eq!(signals.get(Signal::QueueLatency), None);
}
