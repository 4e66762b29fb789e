//! A layer is one limit: on every route, on every connection, however it is cloned, boxed, nested.
//!
//! tokio-rs/axum#2582: a limit per route limited nothing. #2634: state per connection. #3682: with
//! 5 per second allowed, 1,500 requests at once all got 200.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::response::IntoResponse;
use axum::routing::{MethodRouter, Route, get as on_get};
use floodwall::http::{AdmitLayer, path, preflight};
use floodwall::{
    ConcurrencyLimit, ConcurrencyLimitLayer, QueueConfig, RateLimit, RateLimitLayer, all, exempt,
};
use floodwall_tests::{Crowd, Http1, all_free, get};
use http::{Request, Response};
use hyper::body::Incoming;
use tokio::sync::{Barrier, Semaphore};
use tower::util::BoxCloneSyncService;
use tower::{Layer, Service, service_fn};

const CONNECTIONS: usize = 1_500;
const LIMIT: usize = 8;
/// Longer than anything here takes; virtual, so it costs nothing where the clock is paused.
const FOR_EVER: Duration = Duration::from_secs(3_600);

type Boxed = BoxCloneSyncService<Request<Incoming>, Response<Body>, Infallible>;

/// The same limit on two routes and in a nested router, as axum's users add layers.
fn on_all_routes<L>(layer: &L, handler: MethodRouter) -> Router
where
    L: Layer<Route> + Clone + Send + Sync + 'static,
    L::Service: Service<Request<Body>, Error = Infallible> + Clone + Send + Sync + 'static,
    <L::Service as Service<Request<Body>>>::Response: IntoResponse + 'static,
    <L::Service as Service<Request<Body>>>::Future: Send + 'static,
{
    let nested = Router::new()
        .route("/c", handler.clone())
        .layer(layer.clone());
    Router::new()
        .route("/a", handler.clone())
        .route("/b", handler)
        .layer(layer.clone())
        .nest("/nested", nested)
}

const PATHS: [&str; 3] = ["/a", "/b", "/nested/c"];

/// Answers after a moment.
fn quick(crowd: &Crowd) -> MethodRouter {
    let crowd = crowd.clone();
    on_get(move || {
        let inside = crowd.enter();
        async move {
            tokio::task::yield_now().await;
            drop(inside);
            "done"
        }
    })
}

/// Answers only when eight are inside at once. So the limit is always reached, or else nothing
/// moves any more, a paused clock runs on, and those who wait are refused.
fn in_eights(crowd: &Crowd) -> MethodRouter {
    let eight = Arc::new(Barrier::new(LIMIT));
    let crowd = crowd.clone();
    on_get(move || {
        let inside = crowd.enter();
        let eight = Arc::clone(&eight);
        async move {
            eight.wait().await;
            drop(inside);
            "done"
        }
    })
}

/// How many of `requests` answers are 200; the others must be `refusal`.
async fn admitted(
    requests: impl IntoIterator<Item = impl Future<Output = u16> + Send + 'static>,
    refusal: u16,
) -> usize {
    let mut all = tokio::task::JoinSet::new();
    for request in requests {
        all.spawn(request);
    }
    let mut admitted = 0;
    // If they block each other, a paused clock runs on to this.
    let all = tokio::time::timeout(2 * FOR_EVER, all.join_all());
    for status in all.await.expect("nothing moves any more") {
        assert!(status == 200 || status == refusal, "{status}");
        admitted += usize::from(status == 200);
    }
    admitted
}

async fn status(mut connection: Http1, path: &str) -> u16 {
    let answer = connection.client.send_request(get(path)).await.unwrap();
    answer.status().as_u16()
}

#[tokio::test(start_paused = true)]
async fn axum_3682_of_1500_requests_at_one_instant_a_quota_of_5_admits_5() {
    let layer = RateLimitLayer::new("5/s").unwrap();
    let crowd = Crowd::default();
    let app = on_all_routes(&layer, quick(&crowd));
    let mut requests = Vec::new();
    for i in 0..CONNECTIONS {
        let connection = Http1::over_a_pipe(app.clone(), 4_096).await;
        requests.push(status(connection, PATHS[i % PATHS.len()]));
    }
    assert_eq!(admitted(requests, 429).await, 5);
    assert_eq!(crowd.entered(), 5, "what was refused never ran");
    let counts = layer.handle().snapshot().counts;
    assert_eq!(
        (counts.admitted, counts.refused()),
        (5, CONNECTIONS as u64 - 5)
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn axum_3682_of_100_requests_over_sockets_a_quota_of_5_admits_5() {
    let layer = RateLimitLayer::new("5/h").unwrap();
    let crowd = Crowd::default();
    let app = on_all_routes(&layer, quick(&crowd));
    let mut requests = Vec::new();
    for i in 0..100 {
        let connection = Http1::over_a_socket(app.clone()).await;
        requests.push(status(connection, PATHS[i % PATHS.len()]));
    }
    assert_eq!(admitted(requests, 429).await, 5);
    assert_eq!(crowd.entered(), 5);
}

#[tokio::test(start_paused = true)]
async fn axum_2634_a_layer_cloned_for_each_connection_is_one_quota() {
    let layer = RateLimitLayer::new("5/s").unwrap();
    let crowd = Crowd::default();
    let mut requests = Vec::new();
    for i in 0..CONNECTIONS {
        // A router of its own for each connection, around a clone of the layer: the worst case.
        let app = on_all_routes(&layer.clone(), quick(&crowd));
        let connection = Http1::over_a_pipe(app, 4_096).await;
        requests.push(status(connection, PATHS[i % PATHS.len()]));
    }
    assert_eq!(admitted(requests, 429).await, 5);
    assert_eq!(crowd.entered(), 5);
}

#[tokio::test(start_paused = true)]
async fn axum_2634_a_boxed_service_cloned_for_each_connection_is_one_quota() {
    let layer = RateLimitLayer::new("5/s").unwrap();
    let crowd = Crowd::default();
    let counted = crowd.clone();
    let inner = service_fn(move |_: Request<Incoming>| {
        let inside = counted.enter();
        async move {
            drop(inside);
            Ok::<_, Infallible>(Response::new(Body::empty()))
        }
    });
    let boxed: Boxed = BoxCloneSyncService::new(tower::util::MapResponse::new(
        layer.layer(inner),
        |answer: Response<_>| answer.map(Body::new),
    ));
    let mut requests = Vec::new();
    for _ in 0..CONNECTIONS {
        let connection = Http1::over_a_pipe(boxed.clone(), 4_096).await;
        requests.push(status(connection, "/"));
    }
    assert_eq!(admitted(requests, 429).await, 5);
    assert_eq!(crowd.entered(), 5);
}

#[tokio::test]
async fn two_layers_made_separately_share_nothing() {
    let crowd = Crowd::default();
    let mut requests = Vec::new();
    for _ in 0..3 {
        let app = on_all_routes(&RateLimitLayer::new("5/h").unwrap(), quick(&crowd));
        for i in 0..20 {
            let connection = Http1::over_a_pipe(app.clone(), 4_096).await;
            requests.push(status(connection, PATHS[i % PATHS.len()]));
        }
    }
    assert_eq!(admitted(requests, 429).await, 15);
}

/// A limit of 8 that lets all of these requests wait for as long as it takes.
fn patient() -> ConcurrencyLimitLayer {
    let queue = QueueConfig::builder().capacity(2_000).max_wait(FOR_EVER);
    ConcurrencyLimit::builder(LIMIT as u32)
        .queue(queue)
        .layer()
        .unwrap()
}

#[tokio::test(start_paused = true)]
async fn axum_2582_one_limit_on_all_routes_is_never_exceeded_and_always_reachable() {
    let layer = patient();
    let crowd = Crowd::default();
    let app = on_all_routes(&layer, in_eights(&crowd));
    let many = CONNECTIONS / LIMIT * LIMIT;
    let mut requests = Vec::new();
    for i in 0..many {
        let connection = Http1::over_a_pipe(app.clone(), 4_096).await;
        requests.push(status(connection, PATHS[i % PATHS.len()]));
    }
    assert_eq!(admitted(requests, 503).await, many);
    assert_eq!(
        (crowd.peak(), crowd.entered(), crowd.inside()),
        (LIMIT, many, 0)
    );
    all_free(layer.policy(), &layer.handle(), LIMIT);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn axum_2582_one_limit_on_all_sockets_is_never_exceeded_and_always_reachable() {
    let layer = patient();
    let crowd = Crowd::default();
    let app = on_all_routes(&layer, in_eights(&crowd));
    let many = 104;
    let mut requests = Vec::new();
    for i in 0..many {
        let connection = Http1::over_a_socket(app.clone()).await;
        requests.push(status(connection, PATHS[i % PATHS.len()]));
    }
    // Sockets need the real clock: this is only so that a failure does not hang.
    let all = tokio::time::timeout(Duration::from_secs(60), admitted(requests, 503));
    assert_eq!(all.await.expect("nothing moves any more"), many);
    assert_eq!(
        (crowd.peak(), crowd.entered(), crowd.inside()),
        (LIMIT, many, 0)
    );
}

#[tokio::test(start_paused = true)]
async fn what_finds_no_place_is_refused_and_all_places_can_be_taken() {
    // Without a queue, and with handlers that stay until all have asked: exactly 8 of 1,500.
    let layer = ConcurrencyLimit::builder(LIMIT as u32)
        .no_queue()
        .layer()
        .unwrap();
    let crowd = Crowd::default();
    let counted = crowd.clone();
    let go = Arc::new(Semaphore::new(0));
    let wait = Arc::clone(&go);
    let app = Router::new()
        .route(
            "/",
            on_get(move || {
                let inside = counted.enter();
                let wait = Arc::clone(&wait);
                async move {
                    let _ = wait.acquire().await.unwrap();
                    drop(inside);
                    "done"
                }
            }),
        )
        .layer(layer.clone());
    let mut all = tokio::task::JoinSet::new();
    for _ in 0..CONNECTIONS {
        let connection = Http1::over_a_pipe(app.clone(), 4_096).await;
        all.spawn(status(connection, "/"));
    }
    for _ in 0..CONNECTIONS - LIMIT {
        let next = tokio::time::timeout(FOR_EVER, all.join_next()).await;
        let refused = next.expect("too many are inside").unwrap();
        assert_eq!(refused.unwrap(), 503);
    }
    assert_eq!((crowd.inside(), crowd.peak()), (LIMIT, LIMIT));
    assert_eq!(layer.handle().snapshot().in_flight, LIMIT as u32);
    go.add_permits(CONNECTIONS);
    assert_eq!(all.join_all().await, vec![200; LIMIT]);
    all_free(layer.policy(), &layer.handle(), LIMIT);
}

#[tokio::test(start_paused = true)]
async fn a_quota_and_a_limit_as_one_layer_are_one_of_each() {
    let layer = AdmitLayer::around(all((
        RateLimit::new("40/s").unwrap(),
        patient().policy().clone(),
    )));
    let crowd = Crowd::default();
    let app = on_all_routes(&layer, in_eights(&crowd));
    let mut requests = Vec::new();
    for i in 0..CONNECTIONS {
        let connection = Http1::over_a_pipe(app.clone(), 4_096).await;
        requests.push(status(connection, PATHS[i % PATHS.len()]));
    }
    assert_eq!(admitted(requests, 429).await, 40);
    assert_eq!((crowd.peak(), crowd.entered()), (LIMIT, 40));
}

#[tokio::test(start_paused = true)]
async fn what_is_exempt_takes_no_place_and_is_no_door_for_a_flood() {
    let limit = ConcurrencyLimit::builder(1).no_queue().build().unwrap();
    let wall = exempt((path("/healthz"), preflight()), limit.clone());
    let own = wall.own().handle();
    let crowd = Crowd::default();
    let counted = crowd.clone();
    let go = Arc::new(Semaphore::new(0));
    let wait = Arc::clone(&go);
    let handler = on_get(move || {
        let inside = counted.enter();
        let wait = Arc::clone(&wait);
        async move {
            let _ = wait.acquire().await.unwrap();
            drop(inside);
        }
    });
    let app = Router::new()
        .route("/healthz", handler.clone())
        .route("/", handler)
        .layer(AdmitLayer::around(wall));
    let busy = Http1::over_a_pipe(app.clone(), 4_096).await;
    let mut all = tokio::task::JoinSet::new();
    all.spawn(status(busy, "/"));
    floodwall_tests::until("the only place is taken", || crowd.inside() == 1).await;
    for _ in 0..CONNECTIONS {
        let connection = Http1::over_a_pipe(app.clone(), 4_096).await;
        all.spawn(status(connection, "/healthz"));
    }
    for _ in 0..CONNECTIONS - 16 {
        let next = tokio::time::timeout(FOR_EVER, all.join_next()).await;
        let refused = next.expect("too many are inside").unwrap();
        assert_eq!(refused.unwrap(), 503);
    }
    assert_eq!((crowd.inside(), crowd.peak()), (17, 17));
    assert_eq!(
        (
            own.snapshot().in_flight,
            limit.handle().snapshot().in_flight
        ),
        (16, 1)
    );
    go.add_permits(CONNECTIONS);
    assert_eq!(all.join_all().await, vec![200; 17]);
    assert_eq!(own.snapshot().in_flight, 0);
    all_free(&limit, &limit.handle(), 1);
}
