//! Shedding where it meets the rest: its series, gRPC, and a connection with many streams.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::time::Duration;

use axum::body::Body;
use floodwall::extract::priority_fn;
use floodwall::http::{Head, ShedLayer, header};
use floodwall::{Mode, Priority, Shed, describe_metrics};
use floodwall_tests::{Http2, get};
use http::{Request, Response, StatusCode};
use metrics_util::debugging::{DebugValue, DebuggingRecorder};
use tower::{Layer, Service, ServiceExt, service_fn};

async fn ok<B>(_: Request<B>) -> Result<Response<Body>, Infallible> {
    Ok(Response::new(Body::empty()))
}

fn shut() -> ShedLayer {
    Shed::builder()
        .name("gate")
        .pressure("always", (0.0, 1.0), || Some(1.0))
        .at_most(1.0)
        .layer()
        .unwrap()
}

#[test]
fn a_shedder_tells_what_it_decided_and_where_it_cuts() {
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    let mut counts = (0, 0, 0);
    metrics::with_local_recorder(&recorder, || {
        describe_metrics();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap();
        runtime.block_on(async {
            let layer = shut();
            for n in 0..40 {
                if n == 35 {
                    layer.handle().set_mode(Mode::Shadow);
                }
                let service = layer.layer(service_fn(ok::<Body>));
                drop(service.oneshot(floodwall_tests::blank()).await.unwrap());
                tokio::time::advance(Duration::from_millis(100)).await;
            }
            let decided = layer.handle().snapshot().counts;
            counts = (decided.admitted, decided.refused(), decided.would_refuse());
        });
    });
    let (let_in, refused, would) = counts;
    assert!(let_in > 0 && refused > 10 && would == 5, "{counts:?}");
    let mut seen = BTreeMap::new();
    for (key, unit, about, value) in snapshotter.snapshot().into_vec() {
        let name = key.key().name();
        assert!(unit.is_some() && about.is_some(), "{name} is not described");
        let mut labels: Vec<_> = key
            .key()
            .labels()
            .map(|label| format!("{}={}", label.key(), label.value()))
            .collect();
        labels.sort();
        #[expect(clippy::cast_precision_loss, reason = "a few requests")]
        let value = match value {
            DebugValue::Counter(n) => n as f64,
            DebugValue::Gauge(x) => x.into_inner(),
            DebugValue::Histogram(all) => all.len() as f64,
        };
        seen.insert(format!("{name}{{{}}}", labels.join(",")), value);
    }
    let decided = |decision: &str, reason: &str| {
        format!(
            "floodwall_requests_total{{class=3,decision={decision},layer=shed,policy=gate,reason={reason}}}"
        )
    };
    let of_it = |name: &str| format!("floodwall_{name}{{layer=shed,policy=gate}}");
    #[expect(clippy::cast_precision_loss, reason = "a few requests")]
    let wanted = BTreeMap::from([
        (decided("admit", "none"), let_in as f64),
        (decided("refuse", "shed"), refused as f64),
        (decided("would_refuse", "shed"), would as f64),
        (of_it("retry_after_seconds"), refused as f64),
        (of_it("shed_share_ratio"), 1.0),
        (of_it("cut_off_level"), 0.0),
        (of_it("pressure_ratio"), 1.0),
    ]);
    assert_eq!(seen, wanted);
}

#[tokio::test(start_paused = true)]
async fn a_grpc_call_that_is_shed_is_told_in_grpcs_words() {
    let layer = shut();
    let call = || {
        Request::post("/pkg.Service/Method")
            .header("content-type", "application/grpc")
            .body(Body::empty())
            .unwrap()
    };
    for _ in 0..50 {
        drop(layer.layer(service_fn(ok::<Body>)).oneshot(call()).await);
        tokio::time::advance(Duration::from_millis(100)).await;
    }
    let answer = layer.layer(service_fn(ok::<Body>)).oneshot(call()).await;
    let answer = answer.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(answer.headers()["grpc-status"], "14");
    let pushback = answer.headers()["grpc-retry-pushback-ms"].to_str().unwrap();
    assert!(pushback.parse::<u64>().unwrap() >= 30_000, "{pushback}");
}

#[tokio::test(start_paused = true)]
async fn over_one_http2_connection_the_urgent_streams_go_on_while_the_others_are_shed() {
    let layer = Shed::builder()
        .priority(header("x-priority").trusting_everyone())
        .pressure("always", (0.0, 1.0), || Some(1.0))
        .at_most(0.5)
        .layer()
        .unwrap();
    let handle = layer.handle();
    let service = layer.layer(service_fn(ok::<hyper::body::Incoming>));
    let mut connection = Http2::over_a_pipe(service, 65_536).await;
    let mut seen = [[0; 2]; 2];
    for n in 0..2_000 {
        for (class, seen) in ["1", "5"].into_iter().zip(&mut seen) {
            let mut request = get("/");
            let value = class.parse().unwrap();
            request.headers_mut().insert("x-priority", value);
            let answer = connection.client.send_request(request).await.unwrap();
            if n >= 1_000 {
                seen[usize::from(answer.status() != StatusCode::OK)] += 1;
            }
        }
        tokio::time::advance(Duration::from_millis(2)).await;
    }
    let [[urgent, shed_urgent], [other, shed_other]] = seen;
    assert!(urgent >= 990 && shed_other >= 990, "{seen:?}");
    assert!(shed_urgent <= 10 && other <= 10, "{seen:?}");
    assert_eq!(handle.snapshot().arrivals, 4_000);
}

#[tokio::test(start_paused = true)]
async fn a_closure_that_panics_costs_its_own_request_only() {
    let layer = Shed::builder()
        .priority(priority_fn(|head: &Head| {
            assert!(head.uri.path() != "/bad", "the closure panics");
            Priority::NORMAL
        }))
        .layer()
        .unwrap();
    let handle = layer.handle();
    let mut service = layer.layer(service_fn(ok::<Body>));
    let request = |path: &str| Request::get(path).body(Body::empty()).unwrap();
    let bad = service.call(request("/bad"));
    let caught = std::panic::AssertUnwindSafe(async move { bad.await.is_ok() });
    #[expect(clippy::disallowed_methods, reason = "to see it panic elsewhere")]
    let joined = tokio::spawn(async move { { caught }.0.await }).await;
    assert!(joined.unwrap_err().is_panic());
    assert!(service.call(request("/good")).await.unwrap().status() == StatusCode::OK);
    assert_eq!(handle.snapshot().arrivals, 1);
}
