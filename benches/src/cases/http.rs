//! What a quota costs over HTTP: a refusal with its complete response, and an admission.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::task::{Context, Poll, Waker};

use axum::body::Body;
use floodwall::RateLimitLayer;
use floodwall::http::{Answers, FieldStyle, Refused};
use http::{Request, Response};
use tower::{Layer, Service};
use tower_governor::GovernorLayer;
use tower_governor::governor::GovernorConfigBuilder;
use tower_governor::key_extractor::GlobalKeyExtractor;

use super::quota::quota;
use super::work::now_or_never;
use crate::case::{Case, Contender};

/// More than are let in while it is measured.
const BURST: u32 = 1_000_000_000;

pub(crate) fn refuse() -> Case {
    let about = "one request refused with 429 and its complete response, one thread";
    Case::new("http_refuse", about, "tower_governor", |_| {
        let ours = RateLimitLayer::new("1/h").expect("it can be held");
        // All of them share the one request that may pass.
        let (first, mark) = (ours.clone().layer(Page), ours.clone().layer(Page));
        answered(first, 200)();
        assert_marked(mark);
        let without = ours
            .clone()
            .answers(Answers::default().fields(FieldStyle::Off));
        let governor = governor(3_600_000_000_000, 1);
        answered(governor.clone(), 200)();
        vec![
            Contender::new("bare, admitted", answered(Page, 200)).bare(),
            Contender::new("tower_governor", answered(governor, 429)).peer(),
            Contender::new("floodwall", answered(ours.layer(Page), 429))
                .figure(250.0)
                .allocations(6.0),
            Contender::new(
                "floodwall, no RateLimit fields",
                answered(without.layer(Page), 429),
            ),
        ]
    })
}

pub(crate) fn admit() -> Case {
    let about =
        "one request let in through a quota around an HTTP service that does nothing, one thread";
    Case::new("http_quota", about, "bare", |_| {
        let with = RateLimitLayer::new(quota(BURST)).expect("it can be held");
        let without = RateLimitLayer::new(quota(BURST)).expect("it can be held");
        let without = without.answers(Answers::default().fields(FieldStyle::Off));
        vec![
            Contender::new("bare", answered(Page, 200)).bare(),
            Contender::new(
                "tower_governor",
                answered(governor(100_000_000, BURST), 200),
            )
            .peer(),
            Contender::new(
                "floodwall, no RateLimit fields",
                answered(without.layer(Page), 200),
            )
            .over(60.0, "bare"),
            Contender::new(
                "floodwall, RateLimit fields",
                answered(with.layer(Page), 200),
            ),
        ]
    })
}

/// One quota for all, as ours is: a period for one more, and a burst.
fn governor(
    nanos: u64,
    burst: u32,
) -> impl Service<Request<Body>, Response = Response<Body>, Error = Infallible> + Clone + Send + 'static
{
    let config = GovernorConfigBuilder::default()
        .per_nanosecond(nanos)
        .burst_size(burst)
        .key_extractor(GlobalKeyExtractor)
        .finish();
    GovernorLayer::new(config.expect("nothing of it is 0")).layer(Page)
}

fn assert_marked<S, B>(mut refusing: S)
where
    S: Service<Request<Body>, Response = Response<B>, Error = Infallible>,
{
    let _ = refusing.poll_ready(&mut Context::from_waker(Waker::noop()));
    let Ok(response) = now_or_never(refusing.call(Request::new(Body::empty())));
    assert!(response.extensions().get::<Refused>().is_some(), "marked");
}

/// A request and its response, which must have this status.
pub(super) fn answered<S, B>(service: S, status: u16) -> impl FnMut() + Send
where
    S: Service<Request<Body>, Response = Response<B>, Error = Infallible> + Send + 'static,
{
    answered_to(service, status, || Request::new(Body::empty()))
}

/// The same for a request that is made before each.
pub(super) fn answered_to<S, B>(
    mut service: S,
    status: u16,
    request: impl Fn() -> Request<Body> + Send,
) -> impl FnMut() + Send
where
    S: Service<Request<Body>, Response = Response<B>, Error = Infallible> + Send + 'static,
{
    move || {
        let mut context = Context::from_waker(Waker::noop());
        let ready = service.poll_ready(&mut context);
        assert!(ready.is_ready(), "it never makes anybody wait");
        let Ok(response) = now_or_never(service.call(request()));
        assert_eq!(response.status().as_u16(), status);
    }
}

/// Answers with an empty page.
#[derive(Clone, Copy)]
pub(super) struct Page;

impl Service<Request<Body>> for Page {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Ready<Result<Response<Body>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<Body>) -> Self::Future {
        ready(Ok(Response::new(Body::empty())))
    }
}
