//! What the endpoint shows, as those who read it do.
#![cfg(feature = "http")]

use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use floodwall::http::AdmitLayer;
use floodwall::signals::Signals;
use floodwall::{Admission, ConcurrencyLimit, Now, Priority};
use http_body_util::BodyExt;
use serde_json::Value;
use tower::ServiceExt;

async fn ask(app: &Router, method: &str, path: &str) -> (StatusCode, String) {
    let request = Request::builder().method(method).uri(path);
    let request = request.body(Body::empty()).unwrap();
    let answer = app.clone().oneshot(request).await.unwrap();
    assert_eq!(answer.headers()[header::CACHE_CONTROL], "no-store");
    let status = answer.status();
    if status == StatusCode::OK {
        assert_eq!(answer.headers()[header::CONTENT_TYPE], "application/json");
    }
    if status == StatusCode::METHOD_NOT_ALLOWED {
        assert_eq!(answer.headers()[header::ALLOW], "GET, HEAD");
    }
    let body = answer.into_body().collect().await.unwrap().to_bytes();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

fn shown(signals: &Signals) -> Router {
    Router::new()
        .route_service("/signals", signals.endpoint())
        .route_service("/autoscale", signals.endpoint())
        .nest_service("/admin", signals.endpoint())
}

#[tokio::test(start_paused = true)]
async fn the_whole_document_has_every_signal_and_says_which_are_silent() {
    let signals = Signals::builder()
        .without_machine()
        .monitor("disk", || 0.25)
        .monitor("broken", || panic!("it breaks"))
        .build()
        .unwrap();
    let limit = ConcurrencyLimit::new(2);
    signals.watch_limit(&limit.handle()).unwrap();
    let policy = signals.observe(limit);
    signals.spawn().unwrap();
    tokio::time::sleep(Duration::from_secs(20)).await;
    let _held = policy.admit("a", &Now::unread()).await.unwrap();
    let waited = Duration::from_millis(1_500);
    signals.record_queue_latency(Priority::CRITICAL, waited, &Now::unread());

    let (status, text) = ask(&shown(&signals), "GET", "/signals").await;
    assert_eq!(status, StatusCode::OK);
    let shown: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(shown["health"]["state"], "busy");
    assert_eq!(
        shown["health"]["reasons"][0],
        "requests wait for 1500 ms (bound 1000 ms)"
    );
    assert_eq!(
        shown["health"]["notes"][0],
        "the monitor broken panicked and is out"
    );
    assert_eq!(shown["monitored"], true);
    assert_eq!(shown["signals"]["utilisation_ratio"]["value"], 0.5);
    assert_eq!(shown["signals"]["utilisation_ratio"]["trend"], "steady");
    assert_eq!(shown["signals"]["utilisation_ratio"]["age_seconds"], 0.0);
    assert_eq!(shown["signals"]["memory_pressure_ratio"], Value::Null);
    assert_eq!(shown["classes"][0]["wait_max_seconds"], 1.5);
    assert_eq!(shown["classes"][3]["arrivals_per_second"], 0.1);
    assert_eq!(shown["rates"]["completed_per_second"], 0.0);
    assert_eq!(shown["limits"]["in_flight"], 1);
    assert_eq!(shown["monitors"][0]["reading"]["value"], 0.25);
    assert_eq!(shown["monitors"][1]["panicked"], true);
    let silent = shown["silent"].as_array().unwrap();
    assert!(
        silent.contains(&"memory_pressure_ratio".into()),
        "{silent:?}"
    );
    assert!(silent.contains(&"broken".into()), "{silent:?}");
}

#[tokio::test(start_paused = true)]
async fn the_autoscaler_gets_plain_numbers_under_the_same_keys_whatever_is_silent() {
    let bare = Signals::new();
    let full = Signals::builder()
        .monitor("x", || f64::NAN)
        .build()
        .unwrap();
    let limit = ConcurrencyLimit::builder(1).no_queue().build().unwrap();
    full.watch_limit(&limit.handle()).unwrap();
    let policy = full.observe(limit);
    full.spawn().unwrap();
    tokio::time::sleep(Duration::from_secs(20)).await;
    let _held = policy.admit("a", &Now::unread()).await.unwrap();
    for _ in 0..9 {
        assert!(policy.admit("a", &Now::unread()).await.is_err());
    }
    let read = async |signals| {
        let (status, text) = ask(&shown(signals), "GET", "/autoscale").await;
        assert_eq!(status, StatusCode::OK);
        let Value::Object(all) = serde_json::from_str(&text).unwrap() else {
            panic!("not an object: {text}")
        };
        assert!(all.values().all(Value::is_number), "{text}");
        all
    };
    let (of_bare, of_full) = (read(&bare).await, read(&full).await);
    let keys = |all: &serde_json::Map<_, _>| all.keys().cloned().collect::<Vec<_>>();
    assert_eq!(keys(&of_bare), keys(&of_full));
    // Shedding hides nothing: ten came, one was let in.
    assert_eq!(of_full["demand_per_second"], 1.0);
    assert_eq!(of_full["demand_class_3_per_second"], 1.0);
    assert_eq!(of_full["admitted_per_second"], 0.1);
    assert_eq!(of_full["refused_per_second"], 0.9);
    assert_eq!(
        (&of_full["in_flight"], &of_full["limit"]),
        (&1.into(), &1.into())
    );
    assert_eq!(
        (&of_full["monitored"], &of_bare["monitored"]),
        (&1.into(), &0.into())
    );
}

#[tokio::test]
async fn other_paths_and_methods_are_refused() {
    let app = shown(&Signals::new());
    for (method, path, expected) in [
        ("GET", "/admin/signals", StatusCode::OK),
        ("GET", "/admin/autoscale?of=this", StatusCode::OK),
        ("HEAD", "/signals", StatusCode::OK),
        ("GET", "/admin/other", StatusCode::NOT_FOUND),
        ("GET", "/admin/signals/", StatusCode::NOT_FOUND),
        ("GET", "/admin/", StatusCode::NOT_FOUND),
        ("POST", "/signals", StatusCode::METHOD_NOT_ALLOWED),
        ("DELETE", "/admin/autoscale", StatusCode::METHOD_NOT_ALLOWED),
    ] {
        let (status, body) = ask(&app, method, path).await;
        assert_eq!(status, expected, "{method} {path}");
        assert_eq!(body.is_empty(), (method, status) != ("GET", StatusCode::OK));
    }
}

#[tokio::test(start_paused = true)]
async fn a_layer_that_is_observed_counts_to_the_end_of_the_body() {
    let signals = Signals::new();
    tokio::time::sleep(Duration::from_secs(20)).await;
    let limit = ConcurrencyLimit::new(8);
    signals.watch_limit(&limit.handle()).unwrap();
    let app: Router = Router::new()
        .route("/", axum::routing::get(|| async { "hello" }))
        .layer(AdmitLayer::around(signals.observe(limit)));
    let request = Request::builder().uri("/").body(Body::empty()).unwrap();
    let answer = app.oneshot(request).await.unwrap();
    assert_eq!(signals.snapshot().rates.completed, 0.0);
    assert_eq!(signals.snapshot().rates.arrivals, 0.1);
    let body = answer.into_body().collect().await.unwrap().to_bytes();
    assert_eq!(body, "hello");
    assert_eq!(signals.snapshot().rates.completed, 0.1);
}
