//! A client that makes trouble shorter: a budget for its retries, a breaker, and a timeout.
//!
//! The shop that it calls is well, then a third of its answers are errors, then it is well again. The
//! clock is tokio's paused one, so that a minute is over in no time.
//!
//! ```text
//! cargo run -p floodwall-examples --example outbound_budget_breaker
//! ```

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, Response, StatusCode};
use bytes::Bytes;
use floodwall::BuildError;
use floodwall::http::AdmitLayer;
use floodwall::outbound::{
    Breaker, BreakerHandle, BreakerPermit, HttpRetry, RetryBudget, RetryBudgetHandle, RetryPolicy,
};
use http_body_util::{BodyExt, Full};
use tokio::task::JoinSet;
use tower::retry::RetryLayer;
use tower::{Service, ServiceBuilder, ServiceExt, service_fn};
use tower_http::timeout::TimeoutLayer;

/// A body that can be sent twice.
pub type Ask = Request<Full<Bytes>>;
type Answer = Response<floodwall::http::ResponseBody<Body, BreakerPermit>>;

/// Around any client that is a `Service`: that of hyper-util, a channel of tonic, reqwest's. One for
/// each thing that is called; clones share breaker and budget.
pub fn careful<S>(
    client: S,
) -> Result<
    (
        impl Service<Ask, Response = Answer, Error = S::Error, Future: Send> + Clone,
        BreakerHandle,
        RetryBudgetHandle,
    ),
    BuildError,
>
where
    S: Service<Ask, Response = Response<Body>, Future: Send> + Clone + Send,
    S::Error: Send,
{
    let breaker = Breaker::builder().name("shop").build()?;
    let budget = RetryBudget::builder().name("shop").build()?;
    let (state, retries) = (breaker.handle(), budget.handle());
    let retry = RetryPolicy::builder(budget, HttpRetry::new())
        .attempts(3)
        .backoff(Duration::from_millis(50), Duration::from_secs(1))
        .build()?;

    let client = ServiceBuilder::new()
        // Outermost, so that the breaker sees each attempt, and its refusals are not tried again.
        .layer(RetryLayer::new(retry))
        .layer(AdmitLayer::around(breaker))
        // Inside of the breaker, so that what takes too long is a failure, and not somebody who left.
        .layer(TimeoutLayer::with_status_code(
            StatusCode::GATEWAY_TIMEOUT,
            Duration::from_secs(1),
        ))
        .service(client);
    Ok((client, state, retries))
}

/// What a stretch of time brought.
#[derive(Debug, Default)]
pub struct Told {
    pub good: u64,
    pub asked: u64,
    /// Attempts that reached the shop.
    pub attempts: u64,
    /// The share of the attempts that the breaker holds back in the end, in percent.
    pub held_back: u64,
    pub retries_denied: u64,
}

/// Three stretches of 30 s, 100 requests a second: well, a third failing, well.
pub async fn trouble() -> Result<[Told; 3], BuildError> {
    // How many of three answers are errors.
    let broken = Arc::new(AtomicU64::new(0));
    let attempts = Arc::new(AtomicU64::new(0));
    let shop = {
        let (broken, attempts) = (Arc::clone(&broken), Arc::clone(&attempts));
        service_fn(move |_: Ask| {
            let number = attempts.fetch_add(1, Ordering::Relaxed);
            let fails = number % 3 < broken.load(Ordering::Relaxed);
            async move {
                tokio::time::sleep(Duration::from_millis(20)).await;
                let mut answer = Response::new(Body::from("a basket"));
                if fails {
                    *answer.status_mut() = StatusCode::BAD_GATEWAY;
                }
                Ok::<_, Infallible>(answer)
            }
        })
    };
    let (client, breaker, budget) = careful(shop)?;

    let mut all = <[Told; 3]>::default();
    for (stretch, told) in all.iter_mut().enumerate() {
        broken.store(u64::from(stretch == 1), Ordering::Relaxed);
        attempts.store(0, Ordering::Relaxed);
        let denied_before = budget.snapshot().counts.refused();
        let mut calls = JoinSet::new();
        for _ in 0..30 * 100 {
            calls.spawn(is_good(client.clone().oneshot(Ask::default())));
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        for is_good in calls.join_all().await {
            told.asked += 1;
            told.good += u64::from(is_good);
        }
        told.attempts = attempts.load(Ordering::Relaxed);
        told.held_back = (breaker.snapshot().held_back * 100.0).round() as u64;
        told.retries_denied = budget.snapshot().counts.refused() - denied_before;
    }
    Ok(all)
}

/// An answer has ended well when its body has: the breaker learns it there.
async fn is_good(answer: impl Future<Output = Result<Answer, Infallible>>) -> bool {
    let Ok(answer) = answer.await;
    let status = answer.status();
    answer.into_body().collect().await.is_ok() && status == StatusCode::OK
}

#[tokio::main(flavor = "current_thread", start_paused = true)]
async fn main() -> Result<(), BuildError> {
    let names = ["well", "a third fails", "well again"];
    for (name, told) in names.iter().zip(trouble().await?) {
        println!(
            "{name}: {} of {} answered well with {} attempts; at the end {} % held back; {} retries denied",
            told.good, told.asked, told.attempts, told.held_back, told.retries_denied
        );
    }
    Ok(())
}
