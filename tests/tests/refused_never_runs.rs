//! A refused request never reaches the inner service: 100,000 refusals of every kind, and the
//! service's own count stays exact.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::task::Poll;
use std::time::Duration;

use axum::body::Body;
use floodwall::http::{
    AdmitLayer, Deadline, Head, Refused, client_address, extension, header, route_costs,
};
use floodwall::{
    Admission, BoxAdmission, ConcurrencyLimit, Now, PolicyName, Priority, QueueConfig, RateLimit,
    Reason, Rejection, all,
};
use floodwall_tests::{Crowd, ask, blank, poll_once};
use http::{Request, Response};
use tower::{Layer, ServiceExt, service_fn};

/// The least of each kind; together more than 100,000.
const EACH: usize = 10_000;

type Policy = BoxAdmission<Head>;

fn boxed<A>(policy: A) -> Policy
where
    A: Admission<Head, Future: Send, Permit: Send> + Send + Sync + 'static,
    A::Future: 'static,
    A::Permit: 'static,
{
    BoxAdmission::new(policy)
}

/// Asks the layer of `policy` as HTTP does: the reason, if it was refused.
async fn call(policy: &Policy, crowd: &Crowd, request: Request<Body>) -> Option<Reason> {
    let crowd = crowd.clone();
    let work = service_fn(move |_: Request<Body>| {
        let inside = crowd.enter();
        async move {
            drop(inside);
            Ok::<_, Infallible>(Response::new(Body::empty()))
        }
    });
    let service = AdmitLayer::around(policy.clone()).layer(work);
    let answer = service.oneshot(request).await.unwrap();
    let refused = answer.extensions().get::<Refused>().map(Refused::reason);
    let wanted = match refused {
        None => 200,
        Some(Reason::MissingKey) => 500,
        Some(reason) if reason.is_clients_own() => 429,
        Some(_) => 503,
    };
    assert_eq!(answer.status(), wanted, "{refused:?}");
    refused
}

/// `EACH` requests, one after the other, of which the first `admitted` run.
async fn refuse_all(
    policy: &Policy,
    reason: Reason,
    admitted: usize,
    request: impl Fn() -> Request<Body>,
) {
    let crowd = Crowd::default();
    for i in 0..EACH + admitted {
        let refused = call(policy, &crowd, request()).await;
        assert_eq!(refused, (i >= admitted).then_some(reason), "request {i}");
    }
    assert_eq!(crowd.entered(), admitted, "{reason}");
}

fn full(queue: Option<u32>) -> (ConcurrencyLimit, floodwall::concurrency::ConcurrencyPermit) {
    let limit = match queue {
        None => ConcurrencyLimit::builder(1).no_queue(),
        Some(places) => ConcurrencyLimit::builder(1).queue(
            QueueConfig::builder()
                .capacity(places)
                .max_wait(Duration::from_millis(50)),
        ),
    };
    let limit = limit.build().unwrap();
    let held = ask(&limit).unwrap().unwrap();
    (limit, held)
}

#[tokio::test(start_paused = true)]
async fn a_quota_that_is_used_up() {
    let policy = boxed(RateLimit::new("3/h").unwrap());
    refuse_all(&policy, Reason::Quota, 3, blank).await;
    let keyed = RateLimit::builder("3/h")
        .quota("30/d")
        .key(header("x-key"))
        .build()
        .unwrap();
    refuse_all(&boxed(keyed), Reason::Quota, 3, blank).await;
}

#[tokio::test(start_paused = true)]
async fn a_cost_above_the_burst() {
    let costs = route_costs([("/x", 1)]).otherwise(6);
    let policy = RateLimit::builder("5/h").cost(costs).build().unwrap();
    refuse_all(&boxed(policy), Reason::CostAboveBurst, 0, blank).await;
}

#[tokio::test(start_paused = true)]
async fn no_place_and_no_queue() {
    let (limit, held) = full(None);
    refuse_all(&boxed(limit), Reason::Full, 0, blank).await;
    drop(held);
}

#[tokio::test(start_paused = true)]
async fn no_place_and_a_full_queue() {
    let (limit, held) = full(Some(1));
    let (head, ()) = Request::new(()).into_parts();
    let mut waiting = Box::pin(limit.admit(&head, &Now::unread()));
    assert!(poll_once(waiting.as_mut()).is_pending());
    refuse_all(&boxed(limit), Reason::Full, 0, blank).await;
    drop((held, waiting));
}

#[tokio::test(start_paused = true)]
async fn no_place_became_free_in_time() {
    let (limit, held) = full(Some(1_000));
    let policy = boxed(limit);
    let crowd = Crowd::default();
    for _ in 0..EACH / 1_000 {
        let mut all = tokio::task::JoinSet::new();
        for _ in 0..1_000 {
            let (policy, crowd) = (policy.clone(), crowd.clone());
            all.spawn(async move { call(&policy, &crowd, blank()).await });
        }
        for reason in all.join_all().await {
            assert_eq!(reason, Some(Reason::QueueTimeout));
        }
    }
    assert_eq!(crowd.entered(), 0);
    drop(held);
}

#[tokio::test(start_paused = true)]
async fn more_urgent_ones_took_the_place() {
    let limit = ConcurrencyLimit::builder(1)
        .queue(
            QueueConfig::builder()
                .capacity(1)
                .max_wait(Duration::from_secs(1)),
        )
        .priority(extension::<Priority>())
        .build()
        .unwrap();
    let held = ask(&limit).unwrap().unwrap();
    let policy = boxed(limit);
    let crowd = Crowd::default();
    for _ in 0..EACH {
        let mut low = Box::pin(call(&policy, &crowd, with(Priority::LOW)));
        assert!(poll_once(low.as_mut()).is_pending());
        let mut high = Box::pin(call(&policy, &crowd, with(Priority::HIGH)));
        assert!(poll_once(high.as_mut()).is_pending());
        assert_eq!(
            poll_once(low.as_mut()),
            Poll::Ready(Some(Reason::Evicted)),
            "the less urgent one gives way"
        );
        // And the urgent one leaves: a place in the queue that is given up never runs either.
        drop(high);
    }
    assert_eq!(crowd.entered(), 0);
    drop(held);
}

#[tokio::test(start_paused = true)]
async fn a_deadline_that_has_passed_or_would_pass_while_waiting() {
    let limit = |places| {
        let queue = QueueConfig::builder()
            .capacity(places)
            .max_wait(Duration::from_secs(1));
        ConcurrencyLimit::builder(1)
            .queue(queue)
            .deadline(extension::<Deadline>())
            .build()
            .unwrap()
    };
    // Passed: refused even where there is room.
    let passed = || with(Deadline(Now::unread().instant()));
    refuse_all(&boxed(limit(1)), Reason::Deadline, 0, passed).await;

    // Passes while they wait.
    let limit = limit(1_000);
    let held = ask(&limit).unwrap().unwrap();
    let policy = boxed(limit);
    let crowd = Crowd::default();
    for _ in 0..EACH / 1_000 {
        let mut all = tokio::task::JoinSet::new();
        for i in 0..1_000 {
            let (policy, crowd) = (policy.clone(), crowd.clone());
            let left = Duration::from_micros(1 + i * 10);
            let request = with(Deadline(Now::unread().instant() + left));
            all.spawn(async move { call(&policy, &crowd, request).await });
        }
        for reason in all.join_all().await {
            assert_eq!(reason, Some(Reason::Deadline));
        }
    }
    assert_eq!(crowd.entered(), 0);
    drop(held);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_drains() {
    let limit = ConcurrencyLimit::new(64);
    drop(limit.handle().drain());
    refuse_all(&boxed(limit), Reason::Draining, 0, blank).await;
    let quota = RateLimit::new("1000000/s").unwrap();
    quota.handle().drain();
    refuse_all(&boxed(quota), Reason::Draining, 0, blank).await;
}

#[tokio::test(start_paused = true)]
async fn a_key_that_is_missing() {
    let policy = RateLimit::builder("1000000/s")
        .key(client_address())
        .build()
        .unwrap();
    refuse_all(&boxed(policy), Reason::MissingKey, 0, blank).await;
}

#[tokio::test(start_paused = true)]
async fn a_policy_of_ones_own_that_says_no() {
    refuse_all(&boxed(No), Reason::Other, 0, blank).await;
}

#[tokio::test(start_paused = true)]
async fn composed_policies_of_which_the_last_says_no() {
    let quota = RateLimit::new("1000000/s").unwrap();
    let limit = ConcurrencyLimit::new(64);
    let policy = boxed(all((quota, limit.clone(), No)));
    refuse_all(&policy, Reason::Other, 0, blank).await;
    assert_eq!(limit.handle().snapshot().in_flight, 0);
}

/// Says no at the very last moment.
struct No;

impl Admission<Head> for No {
    type Permit = ();
    type Future = Ready<Result<(), Rejection>>;
    fn admit(&self, _: &Head, _: &Now) -> Self::Future {
        let no = Rejection::new(PolicyName::from_static("no"), Reason::Other);
        ready(Err(no))
    }
}

fn with<T: Clone + Send + Sync + 'static>(extension: T) -> Request<Body> {
    let mut request = blank();
    request.extensions_mut().insert(extension);
    request
}
