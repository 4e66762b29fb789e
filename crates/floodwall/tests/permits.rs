//! Every permit comes back, however a request ends.
#![cfg(feature = "http")]

mod support;

use std::convert::Infallible;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;
use std::time::Duration;

use floodwall::http::{AdmitLayer, HoldUntil};
use floodwall::{Admission, ConcurrencyLimit, End, Mode, Now, Outcome, Permit, Rejection};
use http::{Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Empty, Full};
use support::{Scripted, Step, nothing_is_lost, poll_once};
use tower::{Layer, Service, ServiceExt, service_fn};

type Layer8 = AdmitLayer<ConcurrencyLimit>;

fn layer(limit: u32) -> Layer8 {
    ConcurrencyLimit::builder(limit).no_queue().layer().unwrap()
}

fn get() -> Request<Empty<bytes::Bytes>> {
    Request::new(Empty::new())
}

/// Answers with `response` made anew for each request.
async fn answer_of<B, F>(
    layer: &Layer8,
    request: Request<Empty<bytes::Bytes>>,
    make: F,
) -> Response<floodwall::http::ResponseBody<B, floodwall::concurrency::ConcurrencyPermit>>
where
    B: http_body::Body<Data = bytes::Bytes>,
    F: Fn() -> Response<B> + Clone,
{
    let service = service_fn(move |_: Request<Empty<bytes::Bytes>>| {
        std::future::ready(Ok::<_, Infallible>(make()))
    });
    layer.layer(service).oneshot(request).await.unwrap()
}

fn streaming(steps: fn() -> Vec<Step>) -> impl Fn() -> Response<Scripted> + Clone {
    move || Response::new(Scripted::new(steps()))
}

#[tokio::test]
async fn a_body_holds_the_place_until_it_ends() {
    let layer = layer(1);
    let handle = layer.handle();
    let mut response = answer_of(
        &layer,
        get(),
        streaming(|| vec![Step::Data("a"), Step::Data("b")]),
    )
    .await;
    assert_eq!(handle.snapshot().in_flight, 1);
    response.body_mut().frame().await.unwrap().unwrap();
    assert_eq!(
        handle.snapshot().in_flight,
        1,
        "half of the body is still to come"
    );
    response.body_mut().frame().await.unwrap().unwrap();
    assert!(response.body_mut().frame().await.is_none());
    nothing_is_lost(&handle, 1);
}

#[tokio::test]
async fn a_body_that_fails_gives_back() {
    let layer = layer(1);
    let mut response = answer_of(&layer, get(), streaming(|| vec![Step::Fail])).await;
    assert!(response.body_mut().frame().await.unwrap().is_err());
    nothing_is_lost(&layer.handle(), 1);
}

#[tokio::test]
async fn a_body_that_is_dropped_gives_back() {
    let layer = layer(1);
    let response = answer_of(
        &layer,
        get(),
        streaming(|| vec![Step::Data("a"), Step::Stall]),
    )
    .await;
    assert_eq!(layer.handle().snapshot().in_flight, 1);
    drop(response);
    nothing_is_lost(&layer.handle(), 1);
}

#[tokio::test]
async fn a_body_that_panics_gives_back() {
    let layer = layer(1);
    let mut response = answer_of(&layer, get(), streaming(|| vec![Step::Panic])).await;
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        let _ = poll_once(&mut response.body_mut().frame());
    }));
    assert!(panicked.is_err());
    drop(response);
    nothing_is_lost(&layer.handle(), 1);
}

#[tokio::test]
async fn head_204_304_and_empty_bodies_give_back_at_the_head() {
    let layer = layer(1);
    let stalled = streaming(|| vec![Step::Stall]);
    let mut head = get();
    *head.method_mut() = Method::HEAD;
    let kept = answer_of(&layer, head, stalled).await;
    nothing_is_lost(&layer.handle(), 1);
    drop(kept);

    for status in [StatusCode::NO_CONTENT, StatusCode::NOT_MODIFIED] {
        let kept = answer_of(&layer, get(), move || {
            let mut response = Response::new(Scripted::new([Step::Stall]));
            *response.status_mut() = status;
            response
        })
        .await;
        nothing_is_lost(&layer.handle(), 1);
        drop(kept);
    }

    let kept = answer_of(&layer, get(), || {
        Response::new(Full::<bytes::Bytes>::default())
    })
    .await;
    nothing_is_lost(&layer.handle(), 1);
    drop(kept);
}

#[tokio::test]
async fn upgrades_and_event_streams_give_back_at_the_head() {
    let layer = layer(1);
    let kept = answer_of(&layer, get(), || {
        let mut response = Response::new(Scripted::new([Step::Stall]));
        *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
        response
    })
    .await;
    nothing_is_lost(&layer.handle(), 1);
    drop(kept);

    let mut connect = get();
    *connect.method_mut() = Method::CONNECT;
    let kept = answer_of(&layer, connect, streaming(|| vec![Step::Stall])).await;
    nothing_is_lost(&layer.handle(), 1);
    drop(kept);

    let events = || {
        let mut response = Response::new(Scripted::new([Step::Stall]));
        let kind = "text/event-stream; charset=utf-8".parse().unwrap();
        response.headers_mut().insert(header::CONTENT_TYPE, kind);
        response
    };
    let kept = answer_of(&layer, get(), events).await;
    nothing_is_lost(&layer.handle(), 1);
    drop(kept);

    let holding = self::layer(1).hold_streams(true);
    let kept = answer_of(&holding, get(), events).await;
    assert_eq!(
        holding.handle().snapshot().in_flight,
        1,
        "asked to hold event streams"
    );
    drop(kept);
    nothing_is_lost(&holding.handle(), 1);
}

#[tokio::test]
async fn hold_until_headers_gives_back_at_the_head() {
    let layer = layer(1).hold_until(HoldUntil::Headers);
    let kept = answer_of(&layer, get(), streaming(|| vec![Step::Stall])).await;
    nothing_is_lost(&layer.handle(), 1);
    drop(kept);
    nothing_is_lost(&layer.handle(), 1);
}

#[tokio::test(start_paused = true)]
async fn hold_at_most_bounds_clients_that_stop_reading() {
    let at_most = Some(Duration::from_secs(5));
    let layer = layer(1).hold_until(HoldUntil::End { at_most });
    let handle = layer.handle();
    let stalled = answer_of(&layer, get(), streaming(|| vec![Step::Stall])).await;

    let refused = answer_of(&layer, get(), streaming(Vec::new)).await;
    assert_eq!(refused.status(), 503, "its time is not up yet");

    tokio::time::advance(Duration::from_secs(6)).await;
    let admitted = answer_of(&layer, get(), streaming(|| vec![Step::Stall])).await;
    assert_eq!(
        admitted.status(),
        200,
        "the arrival takes the overdue place back"
    );
    assert_eq!(handle.snapshot().in_flight, 1);

    drop(stalled);
    assert_eq!(
        handle.snapshot().in_flight,
        1,
        "what was taken back is not given back again"
    );
    drop(admitted);
    nothing_is_lost(&handle, 1);
}

#[tokio::test]
async fn a_panic_in_the_handler_costs_its_request_only() {
    let layer = layer(1);
    let in_future = service_fn(|request: Request<Empty<bytes::Bytes>>| async move {
        assert!(request.uri().path() != "/", "the handler panics");
        Ok::<_, Infallible>(Response::new(Full::<bytes::Bytes>::default()))
    });
    let mut call = Box::pin(layer.layer(in_future).oneshot(get()));
    assert!(catch_unwind(AssertUnwindSafe(|| poll_once(&mut call).is_ready())).is_err());
    drop(call);
    nothing_is_lost(&layer.handle(), 1);

    let in_call = service_fn(
        |_: Request<Empty<bytes::Bytes>>| -> std::future::Ready<Result<Response<Full<bytes::Bytes>>, Infallible>> {
            panic!("the service panics in call")
        },
    );
    let mut call = Box::pin(layer.layer(in_call).oneshot(get()));
    assert!(catch_unwind(AssertUnwindSafe(|| poll_once(&mut call).is_ready())).is_err());
    drop(call);
    nothing_is_lost(&layer.handle(), 1);
}

#[tokio::test]
async fn a_panic_in_a_users_extractor_surfaces_when_polled_and_not_in_call() {
    let layer = ConcurrencyLimit::builder(1)
        .priority(floodwall::extract::priority_fn(
            |head: &floodwall::http::Head| {
                assert!(head.uri.path() != "/bad", "the extractor panics");
                floodwall::Priority::NORMAL
            },
        ))
        .layer()
        .unwrap();
    let ok = service_fn(|_: Request<Empty<bytes::Bytes>>| async {
        Ok::<_, Infallible>(Response::new(Full::<bytes::Bytes>::default()))
    });
    let mut service = layer.layer(ok);
    let mut bad = get();
    *bad.uri_mut() = "/bad".parse().unwrap();
    // In `call` it would take a whole HTTP/2 connection with it.
    let mut call = Box::pin(service.call(bad));
    assert!(catch_unwind(AssertUnwindSafe(|| poll_once(&mut call).is_ready())).is_err());
    drop(call);
    let fine = service.call(get()).await.unwrap();
    assert_eq!(fine.status(), 200);
    drop(fine);
    nothing_is_lost(&layer.handle(), 1);
}

#[tokio::test]
async fn a_service_that_fails_to_get_ready_gives_back() {
    #[derive(Clone)]
    struct NeverReady;
    impl Service<Request<Empty<bytes::Bytes>>> for NeverReady {
        type Response = Response<Full<bytes::Bytes>>;
        type Error = &'static str;
        type Future = std::future::Ready<Result<Self::Response, Self::Error>>;
        fn poll_ready(&mut self, _: &mut std::task::Context<'_>) -> Poll<Result<(), Self::Error>> {
            Poll::Ready(Err("broken"))
        }
        fn call(&mut self, _: Request<Empty<bytes::Bytes>>) -> Self::Future {
            unreachable!("it was not ready")
        }
    }
    let layer = layer(1);
    assert_eq!(
        layer.layer(NeverReady).oneshot(get()).await.unwrap_err(),
        "broken"
    );
    nothing_is_lost(&layer.handle(), 1);
}

#[tokio::test]
async fn the_very_clone_that_got_ready_is_called() {
    /// A clone is not ready, as a `tower::limit::ConcurrencyLimit` or `Buffer` is not.
    struct Strict {
        ready: bool,
        called: Arc<AtomicBool>,
    }
    impl Clone for Strict {
        fn clone(&self) -> Self {
            Self {
                ready: false,
                called: Arc::clone(&self.called),
            }
        }
    }
    impl Service<Request<Empty<bytes::Bytes>>> for Strict {
        type Response = Response<Full<bytes::Bytes>>;
        type Error = Infallible;
        type Future = std::future::Ready<Result<Self::Response, Infallible>>;
        fn poll_ready(&mut self, _: &mut std::task::Context<'_>) -> Poll<Result<(), Infallible>> {
            self.ready = true;
            Poll::Ready(Ok(()))
        }
        fn call(&mut self, _: Request<Empty<bytes::Bytes>>) -> Self::Future {
            assert!(self.ready, "called without having been ready");
            self.ready = false;
            self.called.store(true, Ordering::Relaxed);
            std::future::ready(Ok(Response::default()))
        }
    }
    let called = Arc::new(AtomicBool::new(false));
    let strict = Strict {
        ready: false,
        called: Arc::clone(&called),
    };
    let layer = layer(1);
    drop(layer.layer(strict).oneshot(get()).await.unwrap());
    assert!(called.load(Ordering::Relaxed));
    nothing_is_lost(&layer.handle(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_leaves_while_it_waits_gives_up_its_place_in_the_queue() {
    let layer = ConcurrencyLimit::builder(1).layer().unwrap();
    let handle = layer.handle();
    let stalled = answer_of(&layer, get(), streaming(|| vec![Step::Stall])).await;

    let make = streaming(Vec::new);
    let mut second = Box::pin(answer_of(&layer, get(), make.clone()));
    let mut third = Box::pin(answer_of(&layer, get(), make));
    assert!(poll_once(&mut second).is_pending());
    assert!(poll_once(&mut third).is_pending());
    assert_eq!(handle.snapshot().waiting, 2);
    assert_eq!(handle.snapshot().waiting_by_class[3], 2);

    drop(second);
    assert_eq!(handle.snapshot().waiting, 1);
    drop(stalled);
    let Poll::Ready(response) = poll_once(&mut third) else {
        panic!("the place was free")
    };
    assert_eq!(response.status(), 200);
    drop(response);
    drop(third);
    nothing_is_lost(&handle, 1);
}

#[tokio::test(start_paused = true)]
async fn a_waiter_that_was_granted_a_place_and_leaves_hands_it_on() {
    let layer = ConcurrencyLimit::builder(1).layer().unwrap();
    let handle = layer.handle();
    let stalled = answer_of(&layer, get(), streaming(|| vec![Step::Stall])).await;
    let make = streaming(Vec::new);
    let mut second = Box::pin(answer_of(&layer, get(), make.clone()));
    let mut third = Box::pin(answer_of(&layer, get(), make));
    assert!(poll_once(&mut second).is_pending());
    assert!(poll_once(&mut third).is_pending());
    drop(stalled);
    // The place is the second's by now, though nobody has polled it.
    drop(second);
    assert!(poll_once(&mut third).is_ready());
    drop(third);
    nothing_is_lost(&handle, 1);
}

#[tokio::test]
async fn what_is_inside_is_counted_in_every_mode() {
    let layer = layer(1);
    let handle = layer.handle();
    let make = streaming(|| vec![Step::Stall]);
    for mode in [Mode::Off, Mode::Shadow] {
        handle.set_mode(mode);
        let kept: Vec<_> = [
            answer_of(&layer, get(), make.clone()).await,
            answer_of(&layer, get(), make.clone()).await,
        ]
        .into();
        assert!(kept.iter().all(|response| response.status() == 200));
        assert_eq!(handle.snapshot().in_flight, 2, "{mode}");
        handle.set_mode(Mode::Enforce);
        assert_eq!(
            answer_of(&layer, get(), make.clone()).await.status(),
            503,
            "the switch is exact"
        );
    }
    assert_eq!(handle.snapshot().counts.would_refuse(), 1);
    nothing_is_lost(&handle, 1);
}

/// Tells the last outcome that a permit was told.
#[derive(Clone, Default)]
struct Recorder(Arc<std::sync::Mutex<Option<Outcome>>>);
struct Recording(Recorder, bool);

impl Recorder {
    fn told(&self) -> Option<Outcome> {
        self.0.lock().unwrap().take()
    }
}
impl Permit for Recording {
    fn complete(mut self, end: &End) {
        self.1 = true;
        *self.0.0.lock().unwrap() = Some(end.outcome());
    }
}
impl Drop for Recording {
    fn drop(&mut self) {
        if !self.1 {
            *self.0.0.lock().unwrap() = Some(Outcome::Cancelled);
        }
    }
}
impl<Req: ?Sized> Admission<Req> for Recorder {
    type Permit = Recording;
    type Future = std::future::Ready<Result<Recording, Rejection>>;
    fn admit(&self, _: &Req, _: &Now) -> Self::Future {
        std::future::ready(Ok(Recording(self.clone(), false)))
    }
}

#[tokio::test]
async fn trailers_end_the_body_and_tell_how_a_grpc_call_went() {
    let call = |status: &'static str, grpc: bool| async move {
        let recorder = Recorder::default();
        let service = service_fn(move |_: Request<Empty<bytes::Bytes>>| {
            let mut trailers = http::HeaderMap::new();
            trailers.insert("grpc-status", status.parse().unwrap());
            let body = Scripted::new([Step::Data("x"), Step::Trailers(trailers)]);
            let mut response = Response::new(body);
            if grpc {
                let kind = "application/grpc".parse().unwrap();
                response.headers_mut().insert(header::CONTENT_TYPE, kind);
            }
            std::future::ready(Ok::<_, Infallible>(response))
        });
        let layer = AdmitLayer::around(recorder.clone());
        let mut response = layer.layer(service).oneshot(get()).await.unwrap();
        response.body_mut().frame().await.unwrap().unwrap();
        assert_eq!(recorder.told(), None, "the trailers are still to come");
        response.body_mut().frame().await.unwrap().unwrap();
        // hyper drops the body here and does not ask whether more is to come.
        drop(response);
        recorder.told()
    };
    assert_eq!(call("0", true).await, Some(Outcome::Success));
    assert_eq!(call("8", true).await, Some(Outcome::Overload));
    assert_eq!(call("13", true).await, Some(Outcome::Failure));
    assert_eq!(call("13", false).await, Some(Outcome::Success));
}

/// hyper drops a body once its Content-Length is out, and does not ask whether more is to come.
#[tokio::test]
async fn a_body_of_unknown_length_is_over_when_its_content_length_is_out() {
    let call = |length: &'static str| async move {
        let recorder = Recorder::default();
        let service = service_fn(move |_: Request<Empty<bytes::Bytes>>| {
            let mut response = Response::new(Scripted::new([Step::Data("hello"), Step::Stall]));
            let length = length.parse().unwrap();
            response
                .headers_mut()
                .insert(header::CONTENT_LENGTH, length);
            std::future::ready(Ok::<_, Infallible>(response))
        });
        let layer = AdmitLayer::around(recorder.clone());
        let mut response = layer.layer(service).oneshot(get()).await.unwrap();
        response.body_mut().frame().await.unwrap().unwrap();
        drop(response);
        recorder.told()
    };
    assert_eq!(call("5").await, Some(Outcome::Success));
    assert_eq!(call("6").await, Some(Outcome::Cancelled));
}

#[tokio::test]
async fn what_an_inner_floodwall_refused_is_given_back_at_the_head() {
    let recorder = Recorder::default();
    let inner = layer(1);
    inner.handle().drain().await;
    let service = service_fn(|_: Request<Empty<bytes::Bytes>>| {
        std::future::ready(Ok::<_, Infallible>(Response::new(
            Full::<bytes::Bytes>::default(),
        )))
    });
    let stacked = AdmitLayer::around(recorder.clone()).layer(inner.layer(service));
    let kept = stacked.oneshot(get()).await.unwrap();
    assert_eq!(kept.status(), 503);
    assert_eq!(
        recorder.told(),
        Some(Outcome::Refused),
        "before its body is read"
    );
}

#[test]
#[should_panic(expected = "use `HoldUntil::Headers`")]
fn holding_for_no_time_at_all_is_refused() {
    let at_most = Some(Duration::ZERO);
    let _ = layer(1).hold_until(HoldUntil::End { at_most });
}
