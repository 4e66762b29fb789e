//! What the tests of queue latency share: services that wait, notes of what was seen, requests with
//! stamps.
#![allow(dead_code, reason = "each test uses a part of it")]

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::{Duration, UNIX_EPOCH};

use floodwall::http::{PeerAddr, grpc_timeout};
use floodwall::{
    Admission, ConcurrencyLimit, ConcurrencyLimitLayer, Now, QueueConfig, QueueLatency,
    QueueLatencyLayer,
};
use http::{HeaderName, HeaderValue, Request, Response};
use http_body_util::Empty;
use tokio::time::{Sleep, sleep};
use tower::{Layer, Service, ServiceExt, service_fn};

pub(crate) type Answer = Response<Empty<bytes::Bytes>>;

pub(crate) const fn ms(n: u64) -> Duration {
    Duration::from_millis(n)
}

pub(crate) fn blank() -> Request<()> {
    Request::new(())
}

/// What was seen: parts by name, in milliseconds, and the total.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Parts {
    pub(crate) upstream: Option<u64>,
    pub(crate) accept: Option<u64>,
    pub(crate) queue: u64,
    pub(crate) readiness: u64,
    pub(crate) other: u64,
    pub(crate) total: u64,
}

pub(crate) fn exact(waited: Duration) -> u64 {
    let millis = u64::try_from(waited.as_millis()).unwrap();
    assert_eq!(ms(millis), waited, "whole milliseconds in virtual time");
    millis
}

pub(crate) fn parts(latency: &QueueLatency) -> Parts {
    Parts {
        upstream: latency.upstream().map(exact),
        accept: latency.accept().map(exact),
        queue: exact(latency.queue()),
        readiness: exact(latency.readiness()),
        other: exact(latency.other()),
        total: exact(latency.total()),
    }
}

/// Notes, in order, what it was given.
#[derive(Clone, Debug, Default)]
pub(crate) struct Notes(Arc<Mutex<Vec<Parts>>>);

impl Notes {
    pub(crate) fn add(&self, latency: &QueueLatency) {
        self.0.lock().unwrap().push(parts(latency));
    }

    pub(crate) fn taken(&self) -> Vec<Parts> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

/// A layer that tells `told`.
pub(crate) fn telling(told: &Notes) -> QueueLatencyLayer {
    let told = told.clone();
    QueueLatencyLayer::builder()
        .tell(move |_, latency| told.add(latency))
        .build()
        .unwrap()
}

/// Answers after `work`, with what it saw.
pub(crate) fn handler(
    seen: &Notes,
    work: Duration,
) -> impl Service<Request<()>, Response = Answer, Error = Infallible, Future: Send> + Clone + Send + use<>
{
    let seen = seen.clone();
    service_fn(move |request: Request<()>| {
        let seen = seen.clone();
        async move {
            seen.add(request.extensions().get().expect("it is measured"));
            sleep(work).await;
            Ok(Response::new(Empty::new()))
        }
    })
}

/// A service that needs a while to get ready: each clone, anew.
pub(crate) struct Slow<S> {
    inner: S,
    takes: Duration,
    getting_ready: Option<Pin<Box<Sleep>>>,
}

impl<S> Slow<S> {
    pub(crate) const fn new(inner: S, takes: Duration) -> Self {
        Self {
            inner,
            takes,
            getting_ready: None,
        }
    }
}

impl<S: Clone> Clone for Slow<S> {
    fn clone(&self) -> Self {
        Self::new(self.inner.clone(), self.takes)
    }
}

impl<R, S: Service<R>> Service<R> for Slow<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        let takes = self.takes;
        let ready = self
            .getting_ready
            .get_or_insert_with(|| Box::pin(sleep(takes)));
        std::task::ready!(ready.as_mut().poll(cx));
        self.inner.poll_ready(cx)
    }
    fn call(&mut self, request: R) -> S::Future {
        self.getting_ready = None;
        self.inner.call(request)
    }
}

/// A layer that is not floodwall's and waits before it calls.
#[derive(Clone)]
pub(crate) struct Waits<S>(pub(crate) S, pub(crate) Duration);

impl<R: Send + 'static, S> Service<R> for Waits<S>
where
    S: Service<R, Future: Send, Error: Send> + Clone + Send + 'static,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<S::Response, S::Error>> + Send>>;
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(cx)
    }
    fn call(&mut self, request: R) -> Self::Future {
        let Self(inner, waits) = self.clone();
        Box::pin(async move {
            sleep(waits).await;
            inner.oneshot(request).await
        })
    }
}

pub(crate) fn limit() -> ConcurrencyLimitLayer {
    let queue = QueueConfig::builder().capacity(8).max_wait(ms(60_000));
    ConcurrencyLimit::builder(1).queue(queue).layer().unwrap()
}

/// Takes the only place, for so long.
pub(crate) async fn occupy(limit: &ConcurrencyLimitLayer, time: Duration) {
    let (head, ()) = blank().into_parts();
    let permit = limit.policy().admit(&head, &Now::unread()).await.unwrap();
    sleep(time).await;
    drop(permit);
}

/// A request that a proxy at 10.0.0.1 had `age` ago.
pub(crate) fn proxied(age: Duration) -> Request<()> {
    let stamp = Now::unread().wall().unwrap() - age;
    let stamp = stamp.duration_since(UNIX_EPOCH).unwrap().as_nanos();
    let mut request = blank();
    let headers = request.headers_mut();
    headers.insert("x-request-start", stamp.to_string().parse().unwrap());
    let proxy = PeerAddr(([10, 0, 0, 1], 4711).into());
    request.extensions_mut().insert(proxy);
    request
}

pub(crate) const PROXY: [u8; 4] = [10, 0, 0, 7];
pub(crate) const STRANGER: [u8; 4] = [192, 0, 2, 1];

pub(crate) fn trusting() -> QueueLatencyLayer {
    QueueLatencyLayer::builder()
        .trusted(["10.0.0.0/8"])
        .deadline(grpc_timeout())
        .build()
        .unwrap()
}

pub(crate) fn from<V: AsRef<[u8]>>(peer: [u8; 4], headers: &[(&str, V)]) -> Request<()> {
    let mut request = Request::new(());
    for (name, value) in headers {
        let name: HeaderName = name.parse().unwrap();
        let value = HeaderValue::from_bytes(value.as_ref()).unwrap();
        request.headers_mut().append(name, value);
    }
    request
        .extensions_mut()
        .insert(PeerAddr((peer, 4711).into()));
    request
}

/// What the handler sees.
pub(crate) async fn seen(layer: &QueueLatencyLayer, request: Request<()>) -> QueueLatency {
    let handler = service_fn(async |request: Request<()>| {
        let latency = request.extensions().get::<QueueLatency>().cloned();
        Ok::<_, Infallible>(Response::new(latency.unwrap()))
    });
    let answer = layer.layer(handler).oneshot(request).await;
    answer.unwrap().into_body()
}

/// The time since 1970 at which something happened `age` ago.
pub(crate) fn ago(age: Duration) -> Duration {
    let now = Now::unread().wall().unwrap();
    now.duration_since(UNIX_EPOCH).unwrap() - age
}
