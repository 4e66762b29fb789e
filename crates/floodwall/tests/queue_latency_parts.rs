//! The handler sees how long it had to wait, exactly, and everybody is told once.
#![cfg(feature = "http")]

use std::convert::Infallible;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::{Duration, UNIX_EPOCH};

use floodwall::extract::{deadline_fn, priority_fn};
use floodwall::http::{Head, PeerAddr, ReceivedAt, header};
use floodwall::{
    Admission, ConcurrencyLimit, ConcurrencyLimitLayer, Now, Priority, QueueConfig, QueueLatency,
    QueueLatencyLayer,
};
use http::{Request, Response};
use http_body_util::Empty;
use tokio::time::{Sleep, sleep};
use tower::{Layer, Service, ServiceExt, service_fn};

type Answer = Response<Empty<bytes::Bytes>>;

const fn ms(n: u64) -> Duration {
    Duration::from_millis(n)
}

fn blank() -> Request<()> {
    Request::new(())
}

/// What was seen: parts by name, in milliseconds, and the total.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Parts {
    upstream: Option<u64>,
    accept: Option<u64>,
    queue: u64,
    readiness: u64,
    other: u64,
    total: u64,
}

fn exact(waited: Duration) -> u64 {
    let millis = u64::try_from(waited.as_millis()).unwrap();
    assert_eq!(ms(millis), waited, "whole milliseconds in virtual time");
    millis
}

fn parts(latency: &QueueLatency) -> Parts {
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
struct Notes(Arc<Mutex<Vec<Parts>>>);

impl Notes {
    fn add(&self, latency: &QueueLatency) {
        self.0.lock().unwrap().push(parts(latency));
    }

    fn taken(&self) -> Vec<Parts> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

/// A layer that tells `told`.
fn telling(told: &Notes) -> QueueLatencyLayer {
    let told = told.clone();
    QueueLatencyLayer::builder()
        .tell(move |_, latency| told.add(latency))
        .build()
        .unwrap()
}

/// Answers after `work`, with what it saw.
fn handler(
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
struct Slow<S> {
    inner: S,
    takes: Duration,
    getting_ready: Option<Pin<Box<Sleep>>>,
}

impl<S> Slow<S> {
    const fn new(inner: S, takes: Duration) -> Self {
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
struct Waits<S>(S, Duration);

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

fn limit() -> ConcurrencyLimitLayer {
    let queue = QueueConfig::builder().capacity(8).max_wait(ms(60_000));
    ConcurrencyLimit::builder(1).queue(queue).layer().unwrap()
}

/// Takes the only place, for so long.
async fn occupy(limit: &ConcurrencyLimitLayer, time: Duration) {
    let (head, ()) = blank().into_parts();
    let permit = limit.policy().admit(&head, &Now::unread()).await.unwrap();
    sleep(time).await;
    drop(permit);
}

/// A request that a proxy at 10.0.0.1 had `age` ago.
fn proxied(age: Duration) -> Request<()> {
    let stamp = Now::unread().wall().unwrap() - age;
    let stamp = stamp.duration_since(UNIX_EPOCH).unwrap().as_nanos();
    let mut request = blank();
    let headers = request.headers_mut();
    headers.insert("x-request-start", stamp.to_string().parse().unwrap());
    let proxy = PeerAddr(([10, 0, 0, 1], 4711).into());
    request.extensions_mut().insert(proxy);
    request
}

#[tokio::test(start_paused = true)]
async fn the_handler_sees_its_own_waiting_time_exactly() {
    tokio::time::advance(ms(500)).await;
    let (seen, told) = (Notes::default(), Notes::default());
    let limit = limit();
    let layer = {
        let told = told.clone();
        QueueLatencyLayer::builder()
            .trusted(["10.0.0.1"])
            .tell(move |_, latency| told.add(latency))
            .build()
            .unwrap()
    };
    let service = layer.layer(limit.layer(Slow::new(handler(&seen, ms(1_000)), ms(5))));

    let ask = service.oneshot(proxied(ms(20)));
    let (_, answer) = tokio::join!(occupy(&limit, ms(37)), ask);
    answer.unwrap();
    let wanted = Parts {
        upstream: Some(20),
        accept: None,
        queue: 37,
        readiness: 5,
        other: 0,
        total: 62,
    };
    assert_eq!(seen.taken(), [wanted.clone()]);
    assert_eq!(told.taken(), [wanted]);
}

#[tokio::test(start_paused = true)]
async fn every_part_has_its_own_time_and_the_deadline_counts_from_the_first() {
    tokio::time::advance(ms(500)).await;
    let (seen, told) = (Notes::default(), Notes::default());
    let limit = limit();
    let left = Arc::new(Mutex::new(None));
    let layer = {
        let told = told.clone();
        QueueLatencyLayer::builder()
            .trusted(["10.0.0.1"])
            .deadline(deadline_fn(|_: &Head| Some(ms(100))))
            .tell(move |_, latency| told.add(latency))
            .build()
            .unwrap()
    };
    let service = {
        let (seen, left) = (seen.clone(), Arc::clone(&left));
        let handler = service_fn(move |request: Request<()>| {
            let latency = request.extensions().get::<QueueLatency>().unwrap();
            seen.add(latency);
            *left.lock().unwrap() = latency.left(&Now::unread());
            async { Ok::<_, Infallible>(Answer::default()) }
        });
        let protected = limit.layer(Slow::new(handler, ms(5)));
        layer.layer(Slow::new(Waits(protected, ms(11)), ms(2)))
    };
    let mut request = proxied(ms(20));
    let accepted = Now::unread().instant() - ms(3);
    request.extensions_mut().insert(ReceivedAt(accepted));

    let (_, answer) = tokio::join!(occupy(&limit, ms(37)), service.oneshot(request));
    answer.unwrap();
    let wanted = Parts {
        upstream: Some(17),
        accept: Some(3),
        // It came to the queue after 13 ms.
        queue: 24,
        readiness: 2 + 5,
        other: 11,
        total: 62,
    };
    assert_eq!(seen.taken(), [wanted.clone()]);
    assert_eq!(told.taken(), [wanted]);
    assert_eq!(*left.lock().unwrap(), Some(ms(100 - 62)));
}

#[tokio::test(start_paused = true)]
async fn without_a_queue_the_layer_measures_by_itself() {
    let (seen, told) = (Notes::default(), Notes::default());
    let service = telling(&told).layer(Slow::new(handler(&seen, ms(50)), ms(5)));
    service.oneshot(blank()).await.unwrap();
    let wanted = Parts {
        readiness: 5,
        total: 5,
        ..Parts::default()
    };
    assert_eq!(seen.taken(), [wanted.clone()]);
    assert_eq!(told.taken(), [wanted]);
}

#[tokio::test(start_paused = true)]
async fn whoever_is_told_hears_it_when_the_work_begins_and_not_when_it_ends() {
    let (seen, told) = (Notes::default(), Notes::default());
    let service = telling(&told).layer(limit().layer(handler(&seen, ms(10_000))));
    let mut ask = pin!(service.oneshot(blank()));
    assert!(poll_once(ask.as_mut()).is_pending());
    assert_eq!(seen.taken().len(), 1, "the handler runs");
    assert_eq!(told.taken().len(), 1);
    ask.await.unwrap();
    assert_eq!(told.taken().len(), 0, "once");
}

fn poll_once<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(std::task::Waker::noop()))
}

/// Three floodwall layers, two of which wait: one request, told once, with all of its waiting.
#[tokio::test(start_paused = true)]
async fn layers_that_are_merely_stacked_count_each_request_once() {
    let (seen, told, told_within) = <(Notes, Notes, Notes)>::default();
    let (outer, inner) = (limit(), limit());
    let handler = handler(&seen, ms(1_000));
    // A second one of the same kind keeps out.
    let within = telling(&told_within).layer(inner.layer(Slow::new(handler, ms(1))));
    let service = telling(&told).layer(outer.layer(within));
    let (_, _, answer) = tokio::join!(
        occupy(&outer, ms(10)),
        occupy(&inner, ms(25)),
        service.oneshot(blank())
    );
    answer.unwrap();
    let wanted = Parts {
        queue: 25,
        readiness: 1,
        total: 26,
        ..Parts::default()
    };
    assert_eq!(seen.taken(), [wanted.clone()]);
    assert_eq!(told.taken(), [wanted]);
    assert_eq!(told_within.taken(), []);
}

#[tokio::test(start_paused = true)]
async fn what_was_refused_never_began() {
    let (seen, told) = (Notes::default(), Notes::default());
    let limit = ConcurrencyLimit::builder(1).no_queue().layer().unwrap();
    let layer = {
        let told = told.clone();
        QueueLatencyLayer::builder()
            .server_timing(true)
            .tell(move |_, latency| told.add(latency))
            .build()
            .unwrap()
    };
    let service = layer.layer(limit.layer(handler(&seen, ms(1_000))));
    let ask = service.oneshot(blank());
    let (_, answer) = tokio::join!(occupy(&limit, ms(5)), ask);
    let answer = answer.unwrap();
    assert_eq!(answer.status(), 503);
    assert!(!answer.headers().contains_key("server-timing"));
    assert_eq!(seen.taken(), []);
    assert_eq!(told.taken(), []);
}

#[tokio::test(start_paused = true)]
async fn who_leaves_while_it_waits_is_not_told_of_and_who_leaves_later_is() {
    let (seen, told) = (Notes::default(), Notes::default());
    let limit = limit();
    let service = telling(&told).layer(limit.layer(handler(&seen, ms(1_000))));
    let leaves = tokio::time::timeout(ms(3), service.oneshot(blank()));
    let (_, left) = tokio::join!(occupy(&limit, ms(5)), leaves);
    assert!(left.is_err());
    assert_eq!(told.taken(), []);

    // There is no queue that could say before the answer that it has begun.
    let service = telling(&told).layer(handler(&seen, ms(1_000)));
    let left = tokio::time::timeout(ms(3), service.oneshot(blank())).await;
    assert!(left.is_err());
    assert_eq!(told.taken(), [Parts::default()]);
    seen.taken();
}

#[tokio::test(start_paused = true)]
async fn answers_say_how_long_it_was_if_asked_to() {
    let timings = async |layer: QueueLatencyLayer, answer: fn() -> Answer| {
        let limit = limit();
        let handler =
            service_fn(move |_: Request<()>| async move { Ok::<_, Infallible>(answer()) });
        let service = layer.layer(limit.layer(handler));
        let (_, answer) = tokio::join!(occupy(&limit, ms(37)), service.oneshot(blank()));
        let answer = answer.unwrap();
        let lines = answer.headers().get_all("server-timing").iter();
        lines
            .map(|line| line.to_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    let asked = QueueLatencyLayer::builder().server_timing(true);
    let asked = asked.build().unwrap();
    assert_eq!(
        timings(asked.clone(), Answer::default).await,
        ["queue;dur=37"]
    );
    let has_one = || {
        let mut answer = Answer::default();
        let line = "db;dur=5".parse().unwrap();
        answer.headers_mut().insert("server-timing", line);
        answer
    };
    assert_eq!(timings(asked, has_one).await, ["db;dur=5", "queue;dur=37"]);
    assert_eq!(
        timings(QueueLatencyLayer::new(), has_one).await,
        ["db;dur=5"]
    );
}

#[tokio::test(start_paused = true)]
async fn the_class_is_told() {
    let classes = Arc::new(Mutex::new(Vec::new()));
    let layer = {
        let classes = Arc::clone(&classes);
        QueueLatencyLayer::builder()
            .priority(header("x-priority"))
            .tell(move |class, latency| classes.lock().unwrap().push((class, latency.class())))
            .build()
            .unwrap()
    };
    for asked in ["7", "3", "0", "junk"] {
        let mut request = blank();
        request
            .headers_mut()
            .insert("x-priority", asked.parse().unwrap());
        let service = layer.layer(handler(&Notes::default(), ms(0)));
        service.oneshot(request).await.unwrap();
    }
    // A stranger can only lower.
    let wanted = [7, 3, 3, 3].map(|class| Priority::new(class).unwrap());
    assert_eq!(*classes.lock().unwrap(), wanted.map(|class| (class, class)));
}

#[tokio::test(start_paused = true)]
async fn a_closure_that_panics_costs_its_own_request_only() {
    let seen = Notes::default();
    let told = Arc::new(Mutex::new(0));
    let panics = |request: &Head| assert!(request.uri.path() != "/panics", "no class for this");
    let layer = {
        let told = Arc::clone(&told);
        QueueLatencyLayer::builder()
            .priority(priority_fn(move |head: &Head| {
                panics(head);
                Priority::NORMAL
            }))
            .tell(move |_, latency| {
                *told.lock().unwrap() += 1;
                assert!(latency.total() < ms(5), "too long for me");
            })
            .build()
            .unwrap()
    };
    let mut service = layer.layer(handler(&seen, ms(1_000)));
    let mut request = blank();
    *request.uri_mut() = "/panics".parse().unwrap();
    // Not in `call`: that runs inside the connection.
    let future = service.call(request);
    assert!(caught(future).await);
    assert_eq!(seen.taken(), []);

    let slow = layer.layer(Slow::new(handler(&seen, ms(1_000)), ms(6)));
    assert!(caught(slow.clone().oneshot(blank())).await);
    assert_eq!(
        *told.lock().unwrap(),
        1,
        "and is not told again in the drop"
    );
    // The same, but nobody waits for the answer: whoever drops the future goes on.
    let left = tokio::time::timeout(ms(10), slow.oneshot(blank())).await;
    assert!(left.is_err());
    assert_eq!(*told.lock().unwrap(), 2);

    service.oneshot(blank()).await.unwrap();
    assert_eq!(*told.lock().unwrap(), 3);
}

/// Whether it panicked.
async fn caught(future: impl Future) -> bool {
    let mut future = pin!(future);
    std::future::poll_fn(|cx| {
        let poll = std::panic::AssertUnwindSafe(|| future.as_mut().poll(cx).map(|_| ()));
        match std::panic::catch_unwind(poll) {
            Ok(polled) => polled.map(|()| false),
            Err(_) => Poll::Ready(true),
        }
    })
    .await
}

#[test]
fn a_builder_names_what_is_wrong_and_the_fix() {
    let builder = QueueLatencyLayer::builder;
    for (builder, field, fix) in [
        (
            builder().trusted(["10.0.0.300"]),
            "trusted proxies",
            "10.0.0.1",
        ),
        (
            builder().trusted(["0.0.0.0/0"]),
            "trusted proxies",
            "your own",
        ),
        (builder().oldest(ms(0)), "oldest", "some minutes"),
        (builder().oldest(ms(5)), "skew", "a second or less"),
        (builder().patience(ms(0)), "patience", "timeout"),
    ] {
        let error = builder.build().unwrap_err();
        assert_eq!(error.field(), field);
        assert!(error.to_string().contains(fix), "{error}");
    }
}
