//! The retry budget under tower's `Retry`: what is tried again, when, and how often at most.
#![cfg(all(feature = "http", feature = "retry"))]

use std::future::{Ready, pending, ready};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::Bytes;
use floodwall::http::{AdmitLayer, Classify};
use floodwall::outbound::{
    Again, Breaker, ClassicConfig, HttpRetry, Over, RetryBudget, RetryPolicy, Verdict, retry_fn,
};
use floodwall::{Now, Outcome, RateLimit, Reason, admit};
use http::{HeaderMap, Method, Request, Response};
use http_body_util::{BodyExt, Full};
use tower::retry::RetryLayer;
use tower::{Layer, Service, ServiceExt, service_fn};

type Body = Full<Bytes>;

const MS: Duration = Duration::from_millis(1);

type Field = (&'static str, &'static str);

/// Answers as it was told, one after the other and the last for ever, and remembers what came and when.
#[derive(Clone)]
struct Backend {
    answers: Arc<Vec<(u16, Vec<Field>)>>,
    seen: Arc<Mutex<Vec<(HeaderMap, Duration)>>>,
    start: tokio::time::Instant,
}

impl Backend {
    fn answering(answers: &[(u16, &[Field])]) -> Self {
        let own = |(status, headers): &(u16, &[_])| (*status, headers.to_vec());
        Self {
            answers: Arc::new(answers.iter().map(own).collect()),
            seen: Arc::default(),
            start: Now::unread().instant(),
        }
    }

    fn seen(&self) -> Vec<(HeaderMap, Duration)> {
        self.seen.lock().unwrap().clone()
    }

    fn attempts(&self) -> usize {
        self.seen.lock().unwrap().len()
    }

    /// How long after the one before each attempt came.
    fn gaps(&self) -> Vec<Duration> {
        self.seen()
            .windows(2)
            .map(|pair| pair[1].1 - pair[0].1)
            .collect()
    }
}

impl<B> Service<Request<B>> for Backend {
    type Response = Response<Body>;
    type Error = &'static str;
    type Future = Ready<Result<Response<Body>, &'static str>>;
    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }
    fn call(&mut self, request: Request<B>) -> Self::Future {
        let mut seen = self.seen.lock().unwrap();
        let at = Now::unread().instant() - self.start;
        let (status, headers) = &self.answers[seen.len().min(self.answers.len() - 1)];
        seen.push((request.headers().clone(), at));
        if *status == 0 {
            return ready(Err("no route"));
        }
        let mut answer = Response::builder().status(*status);
        for (name, value) in headers {
            answer = answer.header(*name, *value);
        }
        ready(Ok(answer.body(Body::from("why")).unwrap()))
    }
}

fn get() -> Request<Body> {
    Request::new(Body::from("ask"))
}

fn policy(budget: &RetryBudget) -> RetryPolicy<HttpRetry> {
    with(budget, HttpRetry::new())
}

fn with(budget: &RetryBudget, what: HttpRetry) -> RetryPolicy<HttpRetry> {
    RetryPolicy::builder(budget.clone(), what)
        .seed(1)
        .build()
        .unwrap()
}

/// Sends one request through a policy of its own.
async fn send(
    backend: &Backend,
    what: HttpRetry,
    request: Request<Body>,
) -> Result<u16, &'static str> {
    let retry = RetryLayer::new(with(&RetryBudget::new(), what));
    let answer = retry.layer(backend.clone()).oneshot(request).await?;
    Ok(answer.status().as_u16())
}

fn polled<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
    std::pin::Pin::new(future).poll(&mut Context::from_waker(Waker::noop()))
}

#[tokio::test(start_paused = true)]
async fn three_attempts_with_full_jitter_between_them() {
    let mut waits = Vec::new();
    for seed in 0..200 {
        let backend = Backend::answering(&[(502, &[])]);
        let retry = RetryPolicy::builder(RetryBudget::new(), HttpRetry::new()).seed(seed);
        let retry = RetryLayer::new(retry.build().unwrap());
        let answer = retry.layer(backend.clone()).oneshot(get()).await.unwrap();
        assert_eq!(answer.status(), 502, "the last answer is handed on");
        assert_eq!(
            answer.into_body().collect().await.unwrap().to_bytes(),
            "why"
        );
        assert_eq!(backend.attempts(), 3);
        waits.push(backend.gaps());
    }
    // tokio's timer rounds up to whole milliseconds.
    for (n, longest) in [(0, 100), (1, 200)] {
        let waits: Vec<_> = waits.iter().map(|gaps| gaps[n]).collect();
        assert!(waits.iter().all(|wait| *wait <= (longest + 1) * MS));
        assert!(*waits.iter().max().unwrap() > (longest - longest / 20) * MS as Duration);
        assert!(*waits.iter().min().unwrap() < (longest / 20) * MS);
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_tried_again_and_what_is_not() {
    let tried: &[(u16, &[_])] = &[
        (500, &[]),
        (502, &[]),
        (503, &[]),
        (504, &[]),
        (429, &[]),
        (0, &[]),
    ];
    for first in tried {
        let backend = Backend::answering(&[*first, (200, &[])]);
        assert_eq!(
            send(&backend, HttpRetry::new(), get()).await,
            Ok(200),
            "{first:?}"
        );
        assert_eq!(backend.attempts(), 2, "{first:?}");
    }
    for status in [200, 301, 400, 404, 501, 505] {
        let backend = Backend::answering(&[(status, &[]), (200, &[])]);
        assert_eq!(send(&backend, HttpRetry::new(), get()).await, Ok(status));
        assert_eq!(backend.attempts(), 1, "{status}");
    }
    for (method, attempts) in [
        (Method::GET, 2),
        (Method::HEAD, 2),
        (Method::OPTIONS, 2),
        (Method::TRACE, 2),
        (Method::PUT, 2),
        (Method::DELETE, 2),
        (Method::POST, 1),
        (Method::PATCH, 1),
        (Method::CONNECT, 1),
    ] {
        let backend = Backend::answering(&[(502, &[]), (200, &[])]);
        let mut request = get();
        *request.method_mut() = method.clone();
        send(&backend, HttpRetry::new(), request).await.unwrap();
        assert_eq!(backend.attempts(), attempts, "{method}");
    }
    let keyed = || {
        HttpRetry::new().may_retry(|request| {
            request.uri.path() == "/orders" && request.headers.contains_key("idempotency-key")
        })
    };
    for (key, attempts) in [("idempotency-key", 2), ("other", 1)] {
        let backend = Backend::answering(&[(502, &[]), (200, &[])]);
        let order = Request::post("/orders")
            .header(key, "1")
            .body(Body::default())
            .unwrap();
        send(&backend, keyed(), order).await.unwrap();
        assert_eq!(backend.attempts(), attempts, "{key}");
    }
    let backend = Backend::answering(&[(404, &[]), (200, &[])]);
    let missing = Classify::by(|head| (head.status == 404).then_some(Outcome::Failure));
    send(&backend, HttpRetry::new().classify(missing), get())
        .await
        .unwrap();
    assert_eq!(backend.attempts(), 2);
}

#[tokio::test(start_paused = true)]
async fn nobody_comes_back_before_retry_after_says() {
    for (told, at_least, attempts) in [
        ("2", 2_000, 2),
        ("0", 0, 2),
        ("10", 10_000, 2),
        ("11", 0, 1),
        ("99999999999999999999999", 0, 1),
        ("Tue, 24 Nov 2026 10:00:03 GMT", 3_000, 2),
        ("soon", 0, 2),
    ] {
        let date = ("date", "Tue, 24 Nov 2026 10:00:00 GMT");
        let backend = Backend::answering(&[(503, &[date, ("retry-after", told)]), (200, &[])]);
        send(&backend, HttpRetry::new(), get()).await.unwrap();
        assert_eq!(backend.attempts(), attempts, "{told}");
        for gap in backend.gaps() {
            let window = at_least * MS..=(at_least + 101) * MS;
            assert!(window.contains(&gap), "{told}: {gap:?}");
        }
    }
}

const GRPC: (&str, &str) = ("content-type", "application/grpc");

fn rpc() -> Request<Body> {
    Request::post("/shop.Orders/List")
        .header(GRPC.0, GRPC.1)
        .body(Body::default())
        .unwrap()
}

#[tokio::test(start_paused = true)]
async fn grpc_pushback_is_obeyed_and_junk_in_it_means_stop() {
    const PUSHBACK: &str = "grpc-retry-pushback-ms";
    let unavailable = ("grpc-status", "14");
    for (told, gap) in [
        ("0", Some(0)),
        ("750", Some(750)),
        ("9999", Some(9_999)),
        ("10001", None),
        ("-1", None),
        ("abc", None),
        ("", None),
        ("007", None),
        ("99999999999", None),
    ] {
        let backend = Backend::answering(&[
            (200, &[GRPC, unavailable, (PUSHBACK, told)]),
            (200, &[GRPC]),
        ]);
        send(&backend, HttpRetry::new().may_retry(|_| true), rpc())
            .await
            .unwrap();
        let wanted: Vec<_> = gap.into_iter().collect();
        let gaps: Vec<_> = backend
            .gaps()
            .iter()
            .map(|gap| gap.as_millis() as i32)
            .collect();
        assert_eq!(gaps, wanted, "{told:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn grpc_is_tried_again_when_it_is_unavailable_and_nothing_was_committed() {
    let cases: &[(&[_], usize)] = &[
        (&[GRPC, ("grpc-status", "14")], 2),
        (&[GRPC, ("grpc-status", "8")], 1),
        (&[GRPC, ("grpc-status", "13")], 1),
        (&[GRPC, ("grpc-status", "0")], 1),
        // The status will be in the trailers.
        (&[GRPC], 1),
    ];
    for (headers, attempts) in cases {
        let backend = Backend::answering(&[(200, headers), (200, &[GRPC, ("grpc-status", "0")])]);
        send(&backend, HttpRetry::new().may_retry(|_| true), rpc())
            .await
            .unwrap();
        assert_eq!(backend.attempts(), *attempts, "{headers:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn retries_are_marked_and_first_attempts_are_not() {
    let marks = async |what: HttpRetry, request: Request<Body>, field: &str| {
        let failing: &[_] = if request.headers().contains_key("content-type") {
            &[GRPC, ("grpc-status", "14")]
        } else {
            &[]
        };
        let status = if failing.is_empty() { 503 } else { 200 };
        let backend = Backend::answering(&[(status, failing)]);
        send(&backend, what.may_retry(|_| true), request)
            .await
            .unwrap();
        let of = |(headers, _): &(HeaderMap, _)| {
            let all = headers.get_all(field).iter();
            all.map(|value| value.to_str().unwrap().to_owned())
                .collect::<Vec<_>>()
                .join(" ")
        };
        backend.seen().iter().map(of).collect::<Vec<_>>()
    };
    let usual = "x-envoy-attempt-count";
    assert_eq!(marks(HttpRetry::new(), get(), usual).await, ["", "2", "3"]);
    let grpc = "grpc-previous-rpc-attempts";
    assert_eq!(marks(HttpRetry::new(), rpc(), grpc).await, ["", "1", "2"]);
    assert_eq!(marks(HttpRetry::new(), rpc(), usual).await, ["", "", ""]);
    let own = HttpRetry::new().mark("x-attempt".parse().unwrap());
    assert_eq!(marks(own, get(), "x-attempt").await, ["", "2", "3"]);
    assert_eq!(
        marks(HttpRetry::new().no_mark(), get(), usual).await,
        ["", "", ""]
    );
    // One that came in with the request is overwritten, not added to.
    let mut forwarded = get();
    forwarded.headers_mut().insert(usual, "7".parse().unwrap());
    assert_eq!(
        marks(HttpRetry::new(), forwarded, usual).await,
        ["7", "2", "3"]
    );
}

/// Envoy's issue #30205 through the real middleware: a thousand calls under way, all fail together.
#[tokio::test(start_paused = true)]
async fn a_thousand_calls_that_fail_together_leave_at_most_200_retries() {
    let budget = RetryBudget::new();
    let handle = budget.handle();
    let gate = Arc::new(tokio::sync::Semaphore::new(0));
    let (sent, most) = (Arc::new(Mutex::new(0)), Arc::new(Mutex::new(0)));
    let backend = {
        let (gate, sent, most, handle) = (
            Arc::clone(&gate),
            Arc::clone(&sent),
            Arc::clone(&most),
            handle.clone(),
        );
        service_fn(move |_: Request<Body>| {
            let (gate, sent, most, handle) = (
                Arc::clone(&gate),
                Arc::clone(&sent),
                Arc::clone(&most),
                handle.clone(),
            );
            async move {
                *sent.lock().unwrap() += 1;
                drop(gate.acquire().await.unwrap());
                let mut most = most.lock().unwrap();
                *most = handle.snapshot().retries.max(*most);
                Ok::<_, &str>(
                    Response::builder()
                        .status(503)
                        .body(Body::default())
                        .unwrap(),
                )
            }
        })
    };
    let client = RetryLayer::new(policy(&budget)).layer(backend);
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..1_000 {
        calls.spawn(client.clone().oneshot(get()));
    }
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    let snapshot = handle.snapshot();
    assert_eq!(
        (snapshot.calls, snapshot.retries, snapshot.allowed),
        (1_000, 0, 200)
    );
    gate.add_permits(1_000);
    calls.join_all().await;
    let (sent, most) = (*sent.lock().unwrap(), *most.lock().unwrap());
    assert!(most <= 200, "{most} at once");
    // A first retry for 200, and a second for those few that the rest then allows.
    assert!((1_200..1_300).contains(&sent), "{sent}");
    let snapshot = handle.snapshot();
    assert_eq!((snapshot.calls, snapshot.retries), (0, 0));
    assert_eq!(snapshot.counts.admitted, sent - 1_000);
    assert_eq!(
        snapshot.counts.refused(),
        snapshot.counts.refused_for(Reason::Throttled)
    );
}

/// tower copies the request, then clones the policy for the call: that is what the count relies on.
#[tokio::test(start_paused = true)]
async fn clones_of_the_service_are_no_calls_and_whoever_leaves_gives_its_places_back() {
    let budget = RetryBudget::new();
    let now = || {
        let snapshot = budget.handle().snapshot();
        (snapshot.calls, snapshot.retries)
    };
    let hangs = service_fn(|_: Request<Body>| pending::<Result<Response<Body>, &str>>());
    let mut client = RetryLayer::new(policy(&budget)).layer(hangs);
    let clones = [client.clone(), client.clone()];
    assert_eq!(now(), (0, 0));
    let mut first = Box::pin(client.call(get()));
    let later = client.clone();
    assert!(polled(&mut first).is_pending());
    let second = client.call(get());
    assert_eq!(now(), (2, 0), "one for each call, polled or not");
    drop((clones, later, second));
    assert_eq!(now(), (1, 0));
    drop(first);
    assert_eq!(now(), (0, 0));

    // While it waits for its retry.
    let fails = Backend::answering(&[(503, &[("retry-after", "5")])]);
    let mut client = RetryLayer::new(policy(&budget)).layer(fails);
    let mut waits = Box::pin(client.call(get()));
    assert!(polled(&mut waits).is_pending());
    assert_eq!(now(), (1, 1), "scheduled is counted");
    drop(waits);
    assert_eq!(now(), (0, 0));

    // Those that cannot be tried again are under way as well.
    let mut post = get();
    *post.method_mut() = Method::POST;
    let answer = client.call(post);
    assert_eq!(now(), (1, 0));
    drop(answer);
    drop(client);
    assert_eq!(now(), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_service_that_panics_costs_its_own_call_only() {
    let budget = RetryBudget::new();
    let panics =
        service_fn(|_: Request<Body>| -> Ready<Result<Response<Body>, &str>> { panic!("broken") });
    let mut client = RetryLayer::new(policy(&budget)).layer(panics);
    for _ in 0..3 {
        let call = std::panic::AssertUnwindSafe(|| drop(client.call(get())));
        assert!(std::panic::catch_unwind(call).is_err());
        assert_eq!(budget.handle().snapshot().calls, 1, "until the next one");
    }
    drop(client);
    assert_eq!(budget.handle().snapshot().calls, 0);
}

#[tokio::test(start_paused = true)]
async fn what_a_floodwall_refused_is_not_tried_again_and_costs_no_token() {
    let budget = RetryBudget::builder()
        .token_bucket(10, 0.1)
        .build()
        .unwrap();
    let backend = Backend::answering(&[(200, &[])]);
    let quota = RateLimit::new("1/h").unwrap();
    let inner = AdmitLayer::around(quota).layer(backend.clone());
    let client = RetryLayer::new(policy(&budget)).layer(inner);
    for n in 0..20 {
        let answer = client.clone().oneshot(get()).await.unwrap();
        assert_eq!(answer.status(), if n == 0 { 200 } else { 429 });
    }
    assert_eq!(backend.attempts(), 1);
    let snapshot = budget.handle().snapshot();
    assert_eq!(snapshot.tokens, Some(10.0));
    assert_eq!(
        (snapshot.counts.admitted, snapshot.counts.refused()),
        (0, 0)
    );

    // A breaker below the retries: it opens after four attempts, and then nobody tries at all.
    let breaker = Breaker::builder().classic(ClassicConfig {
        over: Over::Calls(4),
        min_calls: 4,
        ..ClassicConfig::by_calls()
    });
    let breaker = AdmitLayer::around(breaker.build().unwrap());
    let broken = Backend::answering(&[(0, &[])]);
    let client = RetryLayer::new(policy(&RetryBudget::new())).layer(breaker.layer(broken.clone()));
    for _ in 0..10 {
        drop(client.clone().oneshot(get()).await);
    }
    assert_eq!(broken.attempts(), 4);
}

/// gRFC A6: each failed attempt takes a token, also the last; success gives back its part.
#[tokio::test(start_paused = true)]
async fn the_token_bucket_ends_retries_when_half_of_it_is_gone() {
    let budget = RetryBudget::builder()
        .token_bucket(10, 1.0)
        .build()
        .unwrap();
    let broken = Backend::answering(&[(503, &[])]);
    let client = RetryLayer::new(policy(&budget)).layer(broken.clone());
    drop(client.clone().oneshot(get()).await);
    assert_eq!(
        (broken.attempts(), budget.handle().snapshot().tokens),
        (3, Some(7.0))
    );
    // 6, a retry, 5, none.
    drop(client.clone().oneshot(get()).await);
    assert_eq!(
        (broken.attempts(), budget.handle().snapshot().tokens),
        (5, Some(5.0))
    );
    drop(client.oneshot(get()).await);
    assert_eq!(
        (broken.attempts(), budget.handle().snapshot().tokens),
        (6, Some(4.0))
    );

    let well = Backend::answering(&[(200, &[GRPC])]);
    let client = RetryLayer::new(policy(&budget)).layer(well);
    for _ in 0..3 {
        drop(client.clone().oneshot(get()).await);
    }
    assert_eq!(budget.handle().snapshot().tokens, Some(7.0));
}

#[tokio::test(start_paused = true)]
async fn any_request_that_can_be_cloned_is_tried_again_by_a_closure() {
    #[derive(Clone)]
    struct Job {
        retry: u32,
    }
    let judge = retry_fn(
        |_: &Job, result: Result<&u32, &admit::Error<&str>>| match result {
            Ok(_) => Outcome::Success.into(),
            // Ours: nothing ran.
            Err(admit::Error::Rejected(_)) => Outcome::Refused.into(),
            Err(admit::Error::Inner("later")) => Verdict {
                outcome: Outcome::Overload,
                again: Again::NotBefore(Duration::from_secs(1)),
            },
            Err(_) => Outcome::Failure.into(),
        },
    )
    .mark(|job: &mut Job, retry| job.retry = retry);
    let seen = Arc::new(Mutex::new(Vec::new()));
    let service = {
        let seen = Arc::clone(&seen);
        service_fn(move |job: Job| {
            let mut seen = seen.lock().unwrap();
            seen.push(job.retry);
            ready(if seen.len() < 2 {
                Err("later")
            } else {
                Ok(job.retry)
            })
        })
    };
    let budget = RetryBudget::new();
    let quota = admit::AdmitLayer::new(RateLimit::new("3/h").unwrap());
    let retry = RetryLayer::new(RetryPolicy::new(budget.clone(), judge));
    let client = retry.layer(quota.layer(service));
    let start = Now::unread().instant();
    assert_eq!(client.clone().oneshot(Job { retry: 0 }).await, Ok(1));
    assert!(Now::unread().instant() - start >= Duration::from_secs(1));
    assert_eq!(client.clone().oneshot(Job { retry: 0 }).await, Ok(0));
    let refused = client.oneshot(Job { retry: 0 }).await.unwrap_err();
    assert_eq!(refused.rejection().unwrap().reason(), Reason::Quota);
    assert_eq!(*seen.lock().unwrap(), [0, 1, 0]);
    assert_eq!(budget.handle().snapshot().counts.admitted, 1);
}

#[test]
fn retries_that_make_no_sense_are_refused_by_name() {
    let build = |attempts, base, cap| {
        let builder = RetryPolicy::builder(RetryBudget::new(), HttpRetry::new());
        builder.attempts(attempts).backoff(base, cap).build()
    };
    assert!(build(1, MS, MS).is_ok());
    for (attempts, base, cap, field) in [
        (0, MS, MS, "attempts"),
        (21, MS, MS, "attempts"),
        (3, Duration::ZERO, MS, "backoff"),
        (3, 2 * MS, MS, "backoff"),
    ] {
        assert_eq!(build(attempts, base, cap).unwrap_err().field(), field);
    }
}
