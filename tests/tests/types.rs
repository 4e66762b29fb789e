//! What the types promise: sent and shared between threads, cloned, written down in a struct, over
//! any body, without touching anybody's errors.

use std::cell::Cell;
use std::convert::Infallible;
use std::future::{Ready, ready};
use std::task::{Context, Poll};

use axum::Router;
use axum::body::Body;
use axum::routing::get as on_get;
use bytes::Bytes;
use floodwall::admission::{And, Both, BoxPermit, Either};
use floodwall::concurrency::{Acquire, ConcurrencyPermit, Drained};
use floodwall::extract::{Unkeyed, Usual};
use floodwall::http::{
    Admit, AdmitLayer, Answers, ByRoute, Classify, ClientAddress, Extension, GrpcTimeout, Head,
    Header, PathIs, PerRoute, Preflight, PriorityHeader, ResponseBody, ResponseFuture, StampFirst,
    Stamped, StampedFuture, client_address, grpc_timeout, header, path, preflight, route,
};
use floodwall::rate_limit::{RatePermit, Spend};
use floodwall::{
    All, BoxAdmission, ConcurrencyLimit, ConcurrencyLimitLayer, Counts, Exempting, QueueLatency,
    QueueLatencyLayer, RateLimit, RateLimitLayer, Rejection, Report, admit, all, exempt,
};
use floodwall_tests::{Http1, Http2, get, text};
use http::{Request, Response};
use http_body_util::{BodyExt, Full, combinators::UnsyncBoxBody};
use hyper::body::Incoming;
use tower::util::BoxCloneSyncService;
use tower::{Layer, Service, ServiceBuilder, ServiceExt, service_fn};

/// Every common stack, written out: nobody has to hide a type behind a box.
#[derive(Clone)]
struct Stacks {
    least: ConcurrencyLimitLayer,
    quota: RateLimitLayer,
    by_address: RateLimitLayer<ClientAddress>,
    by_address_and_route: RateLimitLayer<(ClientAddress, ByRoute)>,
    ordered: ConcurrencyLimitLayer<PriorityHeader, GrpcTimeout>,
    both: AdmitLayer<All<And<RateLimit<Header>, ConcurrencyLimit>>>,
    wall: AdmitLayer<Exempting<(PathIs, Preflight), Two>>,
    maybe: AdmitLayer<Option<RateLimit>>,
    chosen_at_run_time: AdmitLayer<BoxAdmission<Head>>,
    per_route: AdmitLayer<PerRoute<RateLimit>>,
    plain: admit::AdmitLayer<All<And<RateLimit, And<RateLimit, ConcurrencyLimit>>>>,
    service: Admit<Router, ConcurrencyLimit>,
    plain_service: admit::Admit<Plain, ConcurrencyLimit>,
    measured: QueueLatencyLayer,
    measured_service: Stamped<Router>,
}

type Two = All<And<RateLimit<ClientAddress>, ConcurrencyLimit<PriorityHeader>>>;

#[derive(Clone)]
struct Plain;

impl Service<u8> for Plain {
    type Response = u8;
    type Error = &'static str;
    type Future = Ready<Result<u8, &'static str>>;
    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), &'static str>> {
        Poll::Ready(Ok(()))
    }
    fn call(&mut self, request: u8) -> Self::Future {
        ready(if request > 0 {
            Ok(request)
        } else {
            Err("zero")
        })
    }
}

fn stacks() -> Result<Stacks, floodwall::BuildError> {
    let priority = header("x-priority").trusted(["10.0.0.0/8"])?;
    let two = all((
        RateLimit::builder("10/s").key(client_address()).build()?,
        ConcurrencyLimit::builder(8)
            .priority(priority.clone())
            .build()?,
    ));
    Ok(Stacks {
        least: ConcurrencyLimitLayer::new(64),
        quota: RateLimitLayer::new("100/s burst 50")?,
        by_address: RateLimit::builder("10/s").key(client_address()).layer()?,
        by_address_and_route: RateLimit::builder("10/s")
            .key((client_address(), route()))
            .layer()?,
        ordered: ConcurrencyLimit::builder(8)
            .priority(priority)
            .deadline(grpc_timeout())
            .layer()?,
        both: AdmitLayer::around(all((
            RateLimit::builder("10/s")
                .key(header("x-api-key"))
                .build()?,
            ConcurrencyLimit::new(8),
        ))),
        wall: AdmitLayer::around(exempt((path("/healthz"), preflight()), two)),
        maybe: AdmitLayer::around(None),
        chosen_at_run_time: AdmitLayer::around(BoxAdmission::new(ConcurrencyLimit::new(8))),
        per_route: AdmitLayer::around(PerRoute::new().on("/x", RateLimit::new("1/s")?)?),
        plain: admit::AdmitLayer::new(all((
            RateLimit::new("1/s")?,
            RateLimit::new("10/min")?,
            ConcurrencyLimit::new(8),
        ))),
        service: ConcurrencyLimitLayer::new(8).layer(Router::new()),
        plain_service: admit::AdmitLayer::new(ConcurrencyLimit::new(8)).layer(Plain),
        measured: QueueLatencyLayer::new(),
        measured_service: QueueLatencyLayer::new().layer(Router::new()),
    })
}

fn sent_shared_and_cloned<T: Send + Sync + Clone + 'static>() {}
fn sent<T: Send>() {}
fn unpin<T: Unpin>() {}

#[test]
fn layers_and_services_are_sent_shared_cloned_and_written_down() {
    sent_shared_and_cloned::<Stacks>();
    let stacks = stacks().unwrap();
    let _ = Router::<()>::new()
        .route("/", on_get(|| async {}))
        .layer(stacks.least)
        .layer(stacks.quota)
        .layer(stacks.by_address)
        .layer(stacks.by_address_and_route)
        .layer(stacks.ordered)
        .layer(stacks.both)
        .layer(stacks.wall)
        .layer(stacks.maybe)
        .layer(stacks.chosen_at_run_time)
        .layer(stacks.per_route)
        .layer(stacks.measured)
        .route_service("/measured", stacks.measured_service)
        .fallback_service(stacks.service);
    let _ = stacks.plain.layer(stacks.plain_service);
}

#[test]
fn small_types_are_sent_shared_and_cloned() {
    sent_shared_and_cloned::<Answers>();
    sent_shared_and_cloned::<Classify>();
    sent_shared_and_cloned::<Counts>();
    sent_shared_and_cloned::<Rejection>();
    sent_shared_and_cloned::<Report>();
    sent_shared_and_cloned::<QueueLatency>();
    sent_shared_and_cloned::<StampFirst<Router>>();
    sent_shared_and_cloned::<floodwall::QueueConfig>();
    sent_shared_and_cloned::<floodwall::concurrency::ConcurrencyLimitHandle>();
    sent_shared_and_cloned::<floodwall::rate_limit::RateLimitHandle>();
    // A marker of a type that is neither sent nor shared is both.
    sent_shared_and_cloned::<Extension<std::rc::Rc<u8>>>();
    sent::<Drained>();
    sent::<floodwall::BuildError>();
    sent::<admit::Error<std::io::Error>>();
}

#[test]
fn futures_and_bodies_are_sent_and_permits_need_no_pinning() {
    sent::<Acquire>();
    sent::<Spend>();
    sent::<ResponseFuture<Router, ConcurrencyLimit, Body>>();
    sent::<ResponseFuture<Router, Two, Body>>();
    sent::<StampedFuture<Router, Body>>();
    sent::<ResponseBody<Body, ConcurrencyPermit>>();
    sent::<admit::ResponseFuture<Plain, ConcurrencyLimit, u8, admit::ByResult>>();
    unpin::<ConcurrencyPermit>();
    unpin::<RatePermit>();
    unpin::<BoxPermit>();
    unpin::<Both<ConcurrencyPermit, RatePermit>>();
    unpin::<Either<ConcurrencyPermit, RatePermit>>();
    unpin::<Drained>();
    // The body is as movable as the one inside.
    unpin::<ResponseBody<Full<Bytes>, ConcurrencyPermit>>();
    unpin::<ConcurrencyLimit<Usual, Usual>>();
    unpin::<RateLimit<Unkeyed, Usual>>();
}

#[tokio::test]
async fn requests_need_not_be_cloned_shared_or_even_sent() {
    /// Nothing can be done with it but to use it up.
    struct Once(Cell<Option<std::rc::Rc<str>>>);
    let layer = admit::AdmitLayer::new(ConcurrencyLimit::new(1));
    let service = layer.layer(service_fn(|once: Once| {
        ready(Ok::<_, Infallible>(once.0.take().unwrap().len()))
    }));
    let once = || Once(Cell::new(Some("word".into())));
    assert_eq!(service.clone().oneshot(once()).await.unwrap(), 4);

    let layer = ConcurrencyLimitLayer::new(1);
    let service = layer.layer(service_fn(|request: Request<Once>| {
        let word = request.into_body().0.take().unwrap();
        let body = Full::new(Bytes::copy_from_slice(word.as_bytes()));
        ready(Ok::<_, Infallible>(Response::new(body)))
    }));
    assert_eq!(
        text(service.oneshot(Request::new(once())).await.unwrap()).await,
        "word"
    );
}

/// Echoes the body of the request, whatever it is.
async fn echo<B>(request: Request<B>) -> Result<Response<B>, Infallible> {
    Ok(Response::new(request.into_body()))
}

#[tokio::test]
async fn any_body_passes() {
    let layer = ConcurrencyLimitLayer::new(1);
    let word = Bytes::from_static(b"word");

    let full = Request::new(Full::new(word.clone()));
    assert_eq!(
        text(layer.layer(service_fn(echo)).oneshot(full).await.unwrap()).await,
        "word"
    );

    let axum = Request::new(Body::from(word.clone()));
    assert_eq!(
        text(layer.layer(service_fn(echo)).oneshot(axum).await.unwrap()).await,
        "word"
    );

    // Not shared between threads, with an error of its own.
    let unsync: UnsyncBoxBody<Bytes, std::io::Error> = Full::new(word)
        .map_err(|never| match never {})
        .boxed_unsync();
    let unsync = Request::new(unsync);
    assert_eq!(
        text(layer.layer(service_fn(echo)).oneshot(unsync).await.unwrap()).await,
        "word"
    );

    // hyper's own, there and back.
    let service = layer.layer(service_fn(echo::<Incoming>));
    let mut h1 = Http1::over_a_pipe(service.clone(), 4_096).await;
    let mut request = get("/");
    *request.body_mut() = Full::new(Bytes::from_static(b"over 1"));
    assert_eq!(
        text(h1.client.send_request(request.clone()).await.unwrap()).await,
        "over 1"
    );
    let mut h2 = Http2::over_a_pipe(service, 65_536).await;
    assert_eq!(
        text(h2.client.send_request(request).await.unwrap()).await,
        "over 1"
    );
    floodwall_tests::until("all have left", || layer.handle().snapshot().in_flight == 0).await;
}

#[tokio::test]
async fn errors_stay_as_they_are_and_refusals_are_none() {
    /// The error of this service, and of the service behind the layer.
    #[derive(Debug, PartialEq)]
    struct Mine;
    let layer = RateLimitLayer::new("1/h").unwrap();
    let broken = layer.layer(service_fn(|_: Request<Body>| {
        ready(Err::<Response<Body>, _>(Mine))
    }));
    let error: Mine = broken
        .clone()
        .oneshot(floodwall_tests::blank())
        .await
        .unwrap_err();
    assert_eq!(error, Mine);
    let refusal = broken.oneshot(floodwall_tests::blank()).await.unwrap();
    assert_eq!(refusal.status(), 429);
}

#[tokio::test]
async fn axum_takes_the_layers_without_a_handler_of_errors() {
    let stack = ServiceBuilder::new()
        .layer(RateLimitLayer::new("1/h").unwrap())
        .layer(ConcurrencyLimitLayer::new(1));
    let app: Router = Router::new()
        .route("/", on_get(|| async { "hello" }))
        .layer(stack);
    let boxed: BoxCloneSyncService<Request<Body>, Response<Body>, Infallible> =
        BoxCloneSyncService::new(app);
    let answer = boxed
        .clone()
        .oneshot(floodwall_tests::blank())
        .await
        .unwrap();
    assert_eq!(text(answer).await, "hello");
    assert_eq!(
        boxed
            .oneshot(floodwall_tests::blank())
            .await
            .unwrap()
            .status(),
        429
    );
}
