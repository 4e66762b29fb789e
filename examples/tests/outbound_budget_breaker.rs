//! What budget and breaker do while the shop is in trouble, and that both let go afterwards.

#[path = "../outbound_budget_breaker.rs"]
#[expect(dead_code, reason = "its `main` is for people")]
mod example;

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::body::Body;
use axum::http::Response;
use example::{Ask, careful, trouble};
use tower::{ServiceExt, service_fn};

#[tokio::test(start_paused = true)]
async fn trouble_is_not_multiplied_and_does_not_last() {
    let [well, broken, again] = trouble().await.unwrap();
    assert_eq!((well.good, well.attempts), (3_000, 3_000));
    assert_eq!((well.held_back, well.retries_denied), (0, 0));

    // Most of a third fails and a part of the rest is held back; what goes out is less than what came.
    assert!(broken.good > 1_200, "{broken:?}");
    assert!(broken.attempts < 3_300, "{broken:?}");
    assert!((15..=60).contains(&broken.held_back), "{broken:?}");

    assert!(again.good > 2_500, "{again:?}");
    assert_eq!(again.held_back, 0, "{again:?}");
}

#[tokio::test(start_paused = true)]
async fn what_takes_too_long_is_a_failure_that_is_tried_again() {
    let attempts = Arc::new(AtomicU64::new(0));
    let hangs_once = {
        let attempts = Arc::clone(&attempts);
        service_fn(move |_: Ask| {
            let first = attempts.fetch_add(1, Ordering::Relaxed) == 0;
            async move {
                if first {
                    std::future::pending::<()>().await;
                }
                Ok::<_, Infallible>(Response::new(Body::empty()))
            }
        })
    };
    let (client, _, budget) = careful(hangs_once).unwrap();
    let answer = client.oneshot(Ask::default()).await.unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(attempts.load(Ordering::Relaxed), 2);
    let snapshot = budget.snapshot();
    assert_eq!((snapshot.calls, snapshot.retries), (0, 0));
    assert_eq!(snapshot.counts.admitted, 1);
}
