//! HTTP services under test: what statuses mean, and where a streaming answer begins and ends.

mod support;

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::response::IntoResponse;
use axum::routing::get;
use floodwall::http::AdmitLayer;
use floodwall::{ConcurrencyLimit, ConcurrencyLimitLayer, RateLimitLayer};
use floodwall_sim::http::Http;
use floodwall_sim::{Attempt, Client, Report, Retry, Scenario, Simulation, World};
use http::{HeaderMap, Request, Response};
use http_body::Frame;
use support::{evenly, moments, ms, once, secs, single};
use tower::{Service, service_fn};

fn empty(_: &Attempt) -> Request<Body> {
    Request::new(Body::empty())
}

/// Plays it against a service that gives each attempt this response.
fn responding<B: http_body::Body>(
    scenario: &Scenario,
    respond: impl Fn(World) -> Response<B> + Clone,
) -> Report {
    Simulation::new(scenario)
        .run(|stage| {
            let world = stage.world().clone();
            let service = service_fn(move |_: Request<Body>| {
                let response = respond(world.clone());
                async { Ok::<_, Infallible>(response) }
            });
            Http::new(service, empty)
        })
        .unwrap()
}

fn response(status: u16, headers: &[(&'static str, &str)]) -> Response<Body> {
    let mut response = Response::builder().status(status);
    for (name, value) in headers {
        response = response.header(*name, *value);
    }
    response.body(Body::empty()).unwrap()
}

fn refusals(report: &Report) -> Vec<(&'static str, u64)> {
    report.total.all.refusals.clone().into_iter().collect()
}

#[test]
fn statuses_are_good_refused_or_failed() {
    for (status, wanted) in [
        (200, [1, 0, 0]),
        (204, [1, 0, 0]),
        (302, [1, 0, 0]),
        (404, [0, 0, 1]),
        (429, [0, 1, 0]),
        (503, [0, 1, 0]),
        (500, [0, 0, 1]),
        (502, [0, 0, 1]),
        (504, [0, 0, 1]),
    ] {
        let report = responding(&single(Client::new("all")), |_| response(status, &[]));
        let all = &report.total.all;
        assert_eq!([all.succeeded, all.refused, all.failed], wanted, "{status}");
    }
    let of = |status| {
        refusals(&responding(&single(Client::new("all")), |_| {
            response(status, &[])
        }))
    };
    assert_eq!(of(429), [("quota", 1)]);
    assert_eq!(of(503), [("other", 1)]);
}

/// After how long a client that honours it comes back.
fn comes_back(headers: &'static [(&'static str, &'static str)], status: u16) -> Duration {
    let mut retry = Retry::new(1, ms(10));
    retry.honours_retry_after = true;
    let seen = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&seen);
    responding(&single(Client::new("all").retry(retry)), move |world| {
        log.lock().unwrap().push(world.elapsed());
        response(status, headers)
    });
    let seen = seen.lock().unwrap();
    assert_eq!(seen.len(), 2);
    seen[1] - seen[0]
}

#[test]
fn retry_after_is_read_in_seconds() {
    assert_eq!(comes_back(&[], 503), ms(10));
    assert_eq!(comes_back(&[("retry-after", "1")], 503), secs(1));
    assert_eq!(comes_back(&[("retry-after", " 7 ")], 429), secs(7));
    // A date is not understood, and neither is nonsense.
    let date = &[("retry-after", "Wed, 21 Oct 2015 07:28:00 GMT")];
    assert_eq!(comes_back(date, 503), ms(10));
    assert_eq!(comes_back(&[("retry-after", "soon")], 503), ms(10));
    // A failure does not say it.
    assert_eq!(comes_back(&[("retry-after", "1")], 500), ms(10));
}

#[test]
fn grpc_says_in_its_headers_how_it_went() {
    let play = |headers: &'static [(&'static str, &'static str)]| {
        let report = responding(&single(Client::new("all")), move |_| response(200, headers));
        let all = &report.total.all;
        ([all.succeeded, all.refused, all.failed], refusals(&report))
    };
    assert_eq!(play(&[("grpc-status", "0")]), ([1, 0, 0], vec![]));
    assert_eq!(
        play(&[("grpc-status", "8")]),
        ([0, 1, 0], vec![("quota", 1)])
    );
    assert_eq!(
        play(&[("grpc-status", "14")]),
        ([0, 1, 0], vec![("other", 1)])
    );
    assert_eq!(play(&[("grpc-status", "13")]), ([0, 0, 1], vec![]));
    assert_eq!(comes_back(&[("grpc-status", "14")], 200), ms(10));
    // Clients of this simulation know whole seconds.
    let pushback = &[("grpc-status", "14"), ("grpc-retry-pushback-ms", "1700")];
    assert_eq!(comes_back(pushback, 200), secs(2));
}

/// A body of which each frame comes after a while, and then its end.
struct Frames {
    sleep: Option<Pin<Box<floodwall_sim::Sleep>>>,
    last: Option<Result<HeaderMap, &'static str>>,
}

impl Frames {
    fn after(world: &World, n: u64, last: Option<Result<HeaderMap, &'static str>>) -> Self {
        Self {
            sleep: Some(Box::pin(world.sleep(ms(n)))),
            last,
        }
    }
}

impl http_body::Body for Frames {
    type Data = bytes::Bytes;
    type Error = &'static str;
    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<bytes::Bytes>, &'static str>>> {
        if let Some(sleep) = &mut self.sleep {
            std::task::ready!(sleep.as_mut().poll(cx));
            self.sleep = None;
            return Poll::Ready(Some(Ok(Frame::data(bytes::Bytes::from_static(b"data")))));
        }
        Poll::Ready(self.last.take().map(|last| last.map(Frame::trailers)))
    }
}

#[test]
fn latency_is_told_at_the_head_and_a_body_that_breaks_is_a_failure() {
    let scenario = single(Client::new("all").deadline(ms(10)));
    let report = responding(&scenario, |world| {
        Response::new(Frames::after(&world, 50, None))
    });
    assert_eq!(report.total.all.succeeded, 1);
    assert_eq!(report.total.all.latency.max, Some(0.0));
    let broken = |world: World| Response::new(Frames::after(&world, 50, Some(Err("gone"))));
    assert_eq!(responding(&scenario, broken).total.all.failed, 1);
}

#[test]
fn grpc_says_in_its_trailers_how_it_went() {
    for (status, wanted) in [
        ("0", [1, 0, 0]),
        ("8", [0, 1, 0]),
        ("14", [0, 1, 0]),
        ("4", [0, 0, 1]),
    ] {
        let report = responding(&single(Client::new("all")), move |world| {
            let mut trailers = HeaderMap::new();
            trailers.insert("grpc-status", status.parse().unwrap());
            Response::new(Frames::after(&world, 5, Some(Ok(trailers))))
        });
        let all = &report.total.all;
        assert_eq!([all.succeeded, all.refused, all.failed], wanted, "{status}");
    }
}

#[test]
fn an_error_instead_of_a_response_is_a_failure() {
    let report = Simulation::new(&single(Client::new("all")))
        .run(|_| {
            let service = service_fn(|_: Request<Body>| async {
                Err::<Response<Body>, _>("the connection is closed")
            });
            Http::new(service, empty)
        })
        .unwrap();
    assert_eq!(report.total.all.failed, 1);
}

/// One at a time, and nobody waits.
fn one() -> AdmitLayer<ConcurrencyLimit> {
    AdmitLayer::around(ConcurrencyLimit::builder(1).no_queue().build().unwrap())
}

#[test]
fn floodwalls_refusals_bear_their_reason() {
    let clients = || [1_000, 1_010].map(|at| once(&format!("at {at}"), ms(at)));
    let limited = Simulation::new(&moments(clients()))
        .run(|stage| {
            let world = stage.world().clone();
            let handler = move || async move { world.sleep(ms(500)).await };
            Http::new(Router::new().route("/", get(handler)).layer(one()), empty)
        })
        .unwrap();
    assert_eq!(refusals(&limited), [("full", 1)]);
    let waiting = Simulation::new(&moments(clients()))
        .run(|stage| {
            let world = stage.world().clone();
            let handler = move || async move { world.sleep(secs(50)).await };
            let app: Router = Router::new()
                .route("/", get(handler))
                .layer(ConcurrencyLimitLayer::new(1));
            Http::new(app, empty)
        })
        .unwrap();
    assert_eq!(waiting.total.all.all_refusals(), 1);
    assert_eq!(
        waiting.total.all.refusals.get("other"),
        None,
        "{:?}",
        waiting.total.all
    );
    let quota = Simulation::new(&moments(clients()))
        .run(|_| {
            let app: Router = Router::new()
                .route("/", get(|| async {}))
                .layer(RateLimitLayer::new("1/h").unwrap());
            Http::new(app, empty)
        })
        .unwrap();
    assert_eq!(refusals(&quota), [("quota", 1)]);
}

#[test]
fn a_place_behind_a_limit_is_held_until_the_body_ends() {
    let at = [1_000, 1_100, 1_220];
    let scenario = moments(at.map(|at| once(&format!("at {at}"), ms(at))));
    let report = Simulation::new(&scenario)
        .run(|stage| {
            let world = stage.world().clone();
            let handler = move || async move {
                world.sleep(ms(10)).await;
                Body::new(Frames::after(&world, 200, None)).into_response()
            };
            Http::new(Router::new().route("/", get(handler)).layer(one()), empty)
        })
        .unwrap();
    let good = [0, 1, 2].map(|n| report.total.clients[n].succeeded);
    assert_eq!(good, [1, 0, 1]);
    assert_eq!(report.total.all.latency.max, Some(0.01));
}

#[test]
fn requests_are_made_of_attempts() {
    let mut scenario = evenly(Client::new("fast"), 100.0, secs(1));
    scenario.clients[0].share = Some(0.5);
    for name in ["slow", "lost"] {
        scenario = scenario.client(Client::new(name).share(0.25).class(6).tenants(3));
    }
    let report = Simulation::new(&scenario)
        .run(|stage| {
            let world = stage.world().clone();
            let slow = move |headers: HeaderMap| async move {
                let tenant: u64 = headers["tenant"].to_str().unwrap().parse().unwrap();
                world.sleep(ms(10 + tenant)).await;
            };
            let app: Router = Router::new()
                .route("/fast", get(|| async {}))
                .route("/slow", get(slow));
            Http::new(app, |attempt: &Attempt| {
                Request::get(format!("/{}", attempt.client()))
                    .header("tenant", attempt.tenant())
                    .body(Body::empty())
                    .unwrap()
            })
        })
        .unwrap();
    let [fast, slow, lost] = [0, 1, 2].map(|n| report.total.clients[n].clone());
    assert_eq!(fast.latency.max, Some(0.0));
    assert_eq!(slow.latency.max, Some(0.012));
    // A path that is not there: a slip in a test must not look like a success.
    assert_eq!(lost.failed, lost.offered);
}

/// Ready only a while after it was asked for the first time.
struct Warming {
    world: World,
    sleep: Option<Pin<Box<floodwall_sim::Sleep>>>,
}

impl Clone for Warming {
    fn clone(&self) -> Self {
        Self {
            world: self.world.clone(),
            sleep: None,
        }
    }
}

impl Service<Request<Body>> for Warming {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = std::future::Ready<Result<Response<Body>, Infallible>>;
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        let world = &self.world;
        let sleep = self
            .sleep
            .get_or_insert_with(|| Box::pin(world.sleep(ms(25))));
        sleep.as_mut().poll(cx).map(Ok)
    }
    fn call(&mut self, _: Request<Body>) -> Self::Future {
        assert!(self.sleep.take().is_some(), "called without being ready");
        std::future::ready(Ok(response(200, &[])))
    }
}

#[test]
fn a_service_is_called_when_it_is_ready_and_not_before() {
    let report = Simulation::new(&evenly(Client::new("all"), 100.0, secs(1)))
        .run(|stage| {
            let warming = Warming {
                world: stage.world().clone(),
                sleep: None,
            };
            Http::new(warming, empty)
        })
        .unwrap();
    let all = &report.total.all;
    assert_eq!((all.succeeded, all.latency.max), (99, Some(0.025)));
}
