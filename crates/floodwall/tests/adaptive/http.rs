//! What HTTP makes of it.

use std::convert::Infallible;
use std::time::Duration;

use bytes::Bytes;
use floodwall::http::{AdmitLayer, HoldUntil};
use floodwall::{ConcurrencyLimit, Outcome, adaptive};
use http::{Method, Request, Response};
use http_body_util::{BodyExt, Full};
use tower::{Layer, ServiceExt, service_fn};

use super::script::{Script, ms};

type Body = Full<Bytes>;

fn limit(script: &Script) -> ConcurrencyLimit {
    adaptive()
        .with_algorithm(script.algorithm(4))
        .build()
        .unwrap()
}

/// One request to a service that takes 20 ms to answer, whose body is read 30 ms later.
async fn ask(
    layer: &AdmitLayer<ConcurrencyLimit>,
    status: u16,
    content_type: &'static str,
    method: Method,
) {
    let service = layer.layer(service_fn(move |_: Request<()>| async move {
        tokio::time::sleep(ms(20)).await;
        let answer = Response::builder()
            .status(status)
            .header("content-type", content_type)
            .body(Body::new("hello".into()));
        Ok::<_, Infallible>(answer.unwrap())
    }));
    let request = Request::builder().method(method).uri("/").body(()).unwrap();
    let answer = service.oneshot(request).await.unwrap();
    tokio::time::sleep(ms(30)).await;
    let _ = answer.into_body().collect().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn the_service_time_ends_with_the_head_and_the_place_with_the_body() {
    let script = Script::default();
    let layer = AdmitLayer::around(limit(&script));
    ask(&layer, 200, "text/plain", Method::GET).await;
    ask(&layer, 503, "text/plain", Method::GET).await;
    let samples = script.samples();
    assert_eq!(samples.len(), 2);
    for sample in &samples {
        assert_eq!(sample.service, ms(20));
    }
    assert_eq!(
        samples[1].at.since(samples[0].at),
        ms(50),
        "at the end of the body"
    );
    assert_eq!(
        (samples[0].outcome, samples[1].outcome),
        (Outcome::Success, Outcome::Overload)
    );
    let heads = layer.clone().hold_until(HoldUntil::Headers);
    ask(&heads, 200, "text/plain", Method::GET).await;
    assert_eq!(script.last().at.since(samples[1].at), ms(20), "at the head");
}

#[tokio::test(start_paused = true)]
async fn streams_and_upgrades_teach_nothing() {
    let script = Script::default();
    let layer = AdmitLayer::around(limit(&script));
    ask(&layer, 200, "text/event-stream", Method::GET).await;
    ask(
        &layer.clone().hold_streams(true),
        200,
        "text/event-stream",
        Method::GET,
    )
    .await;
    ask(&layer, 101, "text/plain", Method::GET).await;
    ask(&layer, 200, "text/plain", Method::CONNECT).await;
    assert_eq!(script.samples(), []);
    assert_eq!(layer.policy().handle().snapshot().in_flight, 0);
    ask(&layer, 200, "text/plain", Method::GET).await;
    assert_eq!(script.samples().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn what_a_floodwall_further_in_refused_is_told_as_refused() {
    let script = Script::default();
    let outer = AdmitLayer::around(limit(&script));
    let inner = ConcurrencyLimit::builder(1).no_queue().layer().unwrap();
    let service = outer.layer(inner.layer(service_fn(|_: Request<()>| async {
        tokio::time::sleep(Duration::from_millis(10)).await;
        Ok::<_, Infallible>(Response::new(Body::default()))
    })));
    let (a, b) = tokio::join!(
        service.clone().oneshot(Request::new(())),
        service.clone().oneshot(Request::new(())),
    );
    drop((a.unwrap(), b.unwrap()));
    let outcomes: Vec<Outcome> = script
        .samples()
        .iter()
        .map(|sample| sample.outcome)
        .collect();
    assert_eq!(outcomes.len(), 2);
    assert!(outcomes.contains(&Outcome::Refused), "{outcomes:?}");
}
