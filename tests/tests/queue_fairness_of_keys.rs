//! Quotas are charged before the wait: one key never holds more places in the queue than its burst.

use std::convert::Infallible;
use std::time::Duration;

use axum::body::Body;
use floodwall::http::{AdmitLayer, header};
use floodwall::{ConcurrencyLimit, QueueConfig, RateLimit, all};
use floodwall_tests::{all_free, poll_once};
use http::{Request, Response};
use tower::{Layer, ServiceExt, service_fn};

const BURST: usize = 10;

fn of(key: &str) -> Request<Body> {
    Request::get("/")
        .header("x-key", key)
        .body(Body::empty())
        .unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_thousand_at_once_from_one_key_wait_in_no_more_places_than_its_burst() {
    let quota = RateLimit::builder(format!("1/s burst {BURST}"))
        .key(header("x-key"))
        .build()
        .unwrap();
    let limit = ConcurrencyLimit::builder(1)
        .queue(
            QueueConfig::builder()
                .capacity(2 * BURST as u32)
                .max_wait(Duration::from_secs(3_600)),
        )
        .build()
        .unwrap();
    let handle = limit.handle();
    let layer = AdmitLayer::around(all((quota, limit.clone())));
    let service = layer.layer(service_fn(|_: Request<Body>| async {
        // Somebody who takes his time.
        tokio::task::yield_now().await;
        Ok::<_, Infallible>(Response::new(Body::empty()))
    }));

    let mut greedy: Vec<_> = (0..1_000)
        .map(|_| Box::pin(service.clone().oneshot(of("greedy"))))
        .collect();
    let mut refused = 0;
    let mut inside_or_waiting = Vec::new();
    for mut call in greedy.drain(..) {
        match poll_once(call.as_mut()) {
            std::task::Poll::Ready(answer) => {
                assert_eq!(
                    answer.unwrap().status(),
                    429,
                    "its own quota, not our lack of room"
                );
                refused += 1;
            }
            std::task::Poll::Pending => inside_or_waiting.push(call),
        }
        let snapshot = handle.snapshot();
        assert!((snapshot.in_flight + snapshot.waiting) as usize <= BURST);
    }
    assert_eq!((refused, inside_or_waiting.len()), (1_000 - BURST, BURST));
    let snapshot = handle.snapshot();
    assert_eq!(
        (snapshot.in_flight, snapshot.waiting as usize),
        (1, BURST - 1)
    );

    // Another key finds room in the queue, and its turn comes.
    let mut modest = Box::pin(service.clone().oneshot(of("modest")));
    assert!(poll_once(modest.as_mut()).is_pending());
    assert_eq!(
        handle.snapshot().waiting as usize,
        BURST,
        "the other key waits, too"
    );

    let mut all = tokio::task::JoinSet::new();
    for call in inside_or_waiting {
        all.spawn(async move { call.await.unwrap().status().as_u16() });
    }
    let modest = modest.await.unwrap();
    assert_eq!(modest.status(), 200);
    drop(modest);
    assert_eq!(all.join_all().await, vec![200; BURST]);
    all_free(&limit, &handle, 1);
}

#[tokio::test(start_paused = true)]
async fn who_gives_up_waiting_gives_back_its_quota_and_its_place_in_the_queue() {
    let quota = RateLimit::builder(format!("1/h burst {BURST}"))
        .key(header("x-key"))
        .build()
        .unwrap();
    let limit = ConcurrencyLimit::builder(1)
        .queue(
            QueueConfig::builder()
                .capacity(64)
                .max_wait(Duration::from_secs(3_600)),
        )
        .build()
        .unwrap();
    let handle = limit.handle();
    let layer = AdmitLayer::around(all((quota.clone(), limit)));
    let service = layer.layer(service_fn(|_: Request<Body>| async {
        std::future::pending::<()>().await;
        Ok::<_, Infallible>(Response::new(Body::empty()))
    }));
    let call = |key| Box::pin(service.clone().oneshot(of(key)));
    let mut running = call("other");
    assert!(poll_once(running.as_mut()).is_pending());
    // Wave after wave waits and gives up; newest first, so that each charge is the newest.
    for _ in 0..100 {
        let mut wave: Vec<_> = (0..BURST).map(|_| call("fickle")).collect();
        for call in &mut wave {
            assert!(
                poll_once(call.as_mut()).is_pending(),
                "the wave before gave all back"
            );
        }
        assert_eq!(handle.snapshot().waiting as usize, BURST);
        assert!(
            poll_once(call("fickle").as_mut()).is_ready(),
            "its burst is spent"
        );
        while let Some(last) = wave.pop() {
            drop(last);
        }
        assert_eq!(handle.snapshot().waiting, 0);
    }
    assert_eq!(quota.handle().snapshot().table.unreturned, 0);
}
