//! Whoever wants to hear of queue latency is told of each request once, and of what ran only.
#![cfg(feature = "http")]

mod latency;

use std::convert::Infallible;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use floodwall::extract::priority_fn;
use floodwall::http::{Head, header};
use floodwall::{ConcurrencyLimit, Priority, QueueLatencyLayer};
use http::Request;
use latency::{Answer, Notes, Parts, Slow, blank, handler, limit, ms, occupy, telling};
use tower::{Layer, Service, ServiceExt, service_fn};

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
    assert_eq!(seen.taken(), [wanted]);
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
