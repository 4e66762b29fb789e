//! Shedding over HTTP: what a refusal looks like, and what the inner service is told.
#![cfg(feature = "http")]

use std::convert::Infallible;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::routing::get;
use floodwall::http::{AdmitLayer, PeerAddr, hand_on, header, path, priority_rules};
use floodwall::{ConcurrencyLimit, ConcurrencyLimitLayer, Priority, Shed, ShedLayer, all, exempt};
use http::{HeaderValue, Method, Request, Response, StatusCode};
use tower::{Layer, ServiceExt, service_fn};

mod shed_support;
use shed_support::{Dial, pressed};

fn rules() -> floodwall::http::PriorityRules {
    priority_rules().rule(path("/reports"), Priority::LOW)
}

async fn told(request: Request<Body>) -> Result<Response<Body>, Infallible> {
    let extension = request.extensions().get::<Priority>();
    let lines: Vec<_> = request.headers().get_all("x-priority").iter().collect();
    let line = |value: &HeaderValue| value.to_str().unwrap_or("?").to_owned();
    let lines = lines.into_iter().map(line).collect::<Vec<_>>().join("|");
    let kept = request.uri().path() == "/reports" && request.method() == Method::PUT;
    assert!(
        kept && request.headers()["x-other"] == "kept",
        "the rest stays"
    );
    assert!(request.extensions().get::<PeerAddr>().is_some());
    Ok(Response::new(Body::from(format!("{extension:?} {lines}"))))
}

#[tokio::test]
async fn the_inner_service_is_told_the_priority_that_counted_and_no_client_can_write_it() {
    let layer = |hand: Option<floodwall::http::HandOn>| {
        let layer = AdmitLayer::around(ConcurrencyLimit::new(4));
        match hand {
            Some(hand) => layer.hand_on_priority(hand),
            None => layer,
        }
    };
    let by_extension = hand_on(rules());
    for (hand, wanted) in [
        (None, "None 0|1"),
        (Some(by_extension.clone()), "Some(Priority(5)) 0|1"),
        (
            Some(by_extension.header("x-priority")),
            "Some(Priority(5)) 5",
        ),
    ] {
        let mut request = Request::put("/reports")
            .header("x-priority", "0")
            .header("x-priority", "1")
            .header("x-other", "kept")
            .body(Body::from("a body"))
            .unwrap();
        request
            .extensions_mut()
            .insert(PeerAddr(([203, 0, 113, 5], 4711).into()));
        let service = layer(hand).layer(service_fn(told));
        let answer = service.oneshot(request).await.unwrap();
        let body = axum::body::to_bytes(Body::new(answer.into_body()), 100)
            .await
            .unwrap();
        assert_eq!(body, wanted);
    }
}

fn request(path: &str, priority: &str) -> Request<Body> {
    Request::get(path)
        .header("x-priority", priority)
        .body(Body::empty())
        .unwrap()
}

async fn statuses(app: &Router, rounds: u32, request: impl Fn() -> Request<Body>) -> [u32; 2] {
    let mut seen = [0; 2];
    for _ in 0..rounds {
        match app.clone().oneshot(request()).await.unwrap().status() {
            StatusCode::OK => seen[0] += 1,
            StatusCode::SERVICE_UNAVAILABLE => seen[1] += 1,
            other => panic!("{other}"),
        }
        tokio::time::advance(Duration::from_millis(1)).await;
    }
    seen
}

#[tokio::test(start_paused = true)]
async fn two_lines_protect_an_axum_app() {
    let dial = Dial::at(0.0);
    let shed = pressed(Shed::builder().priority(header("x-priority")), &dial)
        .layer()
        .unwrap();
    let handle = ShedLayer::handle(&shed);
    let app: Router = Router::new()
        .route("/", get(|| async { "hello" }))
        .layer(shed);
    assert_eq!(
        statuses(&app, 1_000, || request("/", "5")).await,
        [1_000, 0]
    );
    dial.turn(1.0);
    statuses(&app, 3_000, || request("/", "5")).await;
    let [let_in, refused] = statuses(&app, 1_000, || request("/", "5")).await;
    assert!(
        (50..150).contains(&let_in),
        "{let_in}, and {refused} were shed"
    );
    assert_eq!(handle.snapshot().arrivals, 5_000);

    let refusal = loop {
        let answer = app.clone().oneshot(request("/", "5")).await.unwrap();
        if answer.status() != StatusCode::OK {
            break answer;
        }
    };
    assert!(refusal.headers().contains_key("retry-after"));
    assert_eq!(refusal.headers()["cache-control"], "no-store");

    dial.turn(0.0);
    tokio::time::advance(Duration::from_secs(1)).await;
    assert_eq!(
        statuses(&app, 1_000, || request("/", "5")).await,
        [1_000, 0]
    );
}

#[tokio::test(start_paused = true)]
async fn a_probe_is_exempt_and_stacked_layers_count_a_refusal_where_it_was_made() {
    let shed = pressed(Shed::builder().at_most(1.0), &Dial::at(1.0))
        .build()
        .unwrap();
    let handle = shed.handle();
    let limit = ConcurrencyLimit::new(4);
    let outer = ConcurrencyLimitLayer::new(4);
    let outermost = Shed::builder().layer().unwrap();
    let (outer_handle, outermost_handle) = (outer.handle(), outermost.handle());
    let inner = AdmitLayer::around(exempt(path("/healthz"), all((shed, limit.clone()))));
    let app: Router = Router::new()
        .route("/", get(|| async { "hello" }))
        .route("/healthz", get(|| async { "well" }))
        .layer(inner)
        .layer(outer)
        .layer(outermost);
    let [let_in, refused] = statuses(&app, 3_000, || request("/", "3")).await;
    assert!(refused > 1_500, "{refused}");
    assert_eq!(
        statuses(&app, 100, || request("/healthz", "7")).await,
        [100, 0]
    );
    let of = |counts: floodwall::Counts| (counts.admitted, counts.refused());
    assert_eq!(
        of(handle.snapshot().counts),
        (let_in.into(), refused.into())
    );
    assert_eq!(of(limit.handle().snapshot().counts), (let_in.into(), 0));
    assert_eq!(of(outer_handle.snapshot().counts), (3_100, 0));
    assert_eq!(of(outermost_handle.snapshot().counts), (3_100, 0));
    assert_eq!(outer_handle.snapshot().in_flight, 0);
}

/// What refusals tell, at a depth of the overload: the mean, and how many different ones.
async fn retry_after(at_most: f64) -> (f64, usize) {
    let builder = Shed::builder().at_most(at_most);
    let shed = pressed(builder, &Dial::at(1.0)).layer().unwrap();
    let app: Router = Router::new()
        .route("/", get(|| async { "hello" }))
        .layer(shed);
    statuses(&app, 5_000, || request("/", "3")).await;
    let mut told = Vec::new();
    for _ in 0..3_000 {
        let answer = app.clone().oneshot(request("/", "3")).await.unwrap();
        if let Some(value) = answer.headers().get("retry-after") {
            told.push(value.to_str().unwrap().parse::<u32>().unwrap());
        }
        tokio::time::advance(Duration::from_millis(1)).await;
    }
    let mean = f64::from(told.iter().sum::<u32>()) / told.len() as f64;
    told.sort_unstable();
    told.dedup();
    assert!(told[0] >= 1 && *told.last().unwrap() <= 40, "{told:?}");
    (mean, told.len())
}

#[tokio::test(start_paused = true)]
async fn retry_after_grows_with_the_depth_of_the_overload_and_is_not_the_same_for_all() {
    let mut last = 0.0;
    for (at_most, least) in [(0.3, 1.0), (0.8, 4.0), (0.95, 19.0), (1.0, 30.0)] {
        let (mean, different) = retry_after(at_most).await;
        assert!(mean >= least && mean > last, "{at_most}: {mean}");
        assert!(different > 1, "{at_most}: all were told the same");
        last = mean;
    }
}
