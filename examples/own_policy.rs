//! A policy of one's own: at most so many bytes of uploads in memory at once, composed with a
//! limit on requests into one decision.
//!
//! ```text
//! cargo run -p floodwall-examples --example own_policy -- 3000
//! ```

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::DefaultBodyLimit;
use axum::http::header::CONTENT_LENGTH;
use axum::routing::post;
use floodwall::http::{AdmitLayer, Head};
use floodwall::{
    Admission, ConcurrencyLimit, End, Now, Permit, PolicyName, Reason, Rejection, all,
};
use tokio::net::TcpListener;

const MIB: u64 = 1 << 20;
/// What a single upload may have, and what one counts that does not say how much it has.
const LARGEST: u64 = 2 * MIB;

/// Admits uploads for as long as their bytes fit into a budget. Clones share it.
#[derive(Clone)]
pub struct UploadBudget {
    budget: u64,
    used: Arc<AtomicU64>,
}

impl UploadBudget {
    pub fn new(budget: u64) -> Self {
        let used = Arc::default();
        Self { budget, used }
    }

    fn sum(&self, used: u64, bytes: u64) -> Option<u64> {
        used.checked_add(bytes).filter(|sum| *sum <= self.budget)
    }
}

fn refusal() -> Rejection {
    let full = Rejection::new(PolicyName::from_static("uploads"), Reason::Full);
    full.with_retry_after(Duration::from_secs(1))
}

/// What says that it is larger than anything may be is not refused here with a 503, as if waiting
/// would help: axum reads no more than `LARGEST` of it and answers 413.
fn bytes_of(head: &Head) -> u64 {
    let length = head.headers.get(CONTENT_LENGTH);
    let length = length.and_then(|length| length.to_str().ok()?.parse().ok());
    length.unwrap_or(LARGEST).min(LARGEST)
}

impl Admission<Head> for UploadBudget {
    type Permit = Upload;
    type Future = Take;

    /// Asked first when policies are composed: if one would say no, none is charged.
    fn peek(&self, head: &Head, _now: &Now) -> Result<(), Rejection> {
        let sum = self.sum(self.used.load(Ordering::Relaxed), bytes_of(head));
        sum.map(|_| ()).ok_or_else(refusal)
    }

    /// Only reads from the request what is needed; nothing is taken before the future is polled.
    fn admit(&self, head: &Head, _now: &Now) -> Take {
        Take(self.clone(), bytes_of(head))
    }
}

/// The decision. It never waits.
pub struct Take(UploadBudget, u64);

impl Future for Take {
    type Output = Result<Upload, Rejection>;
    fn poll(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Take(budget, bytes) = &*self;
        let relaxed = Ordering::Relaxed;
        let taken = (budget.used).fetch_update(relaxed, relaxed, |used| budget.sum(used, *bytes));
        Poll::Ready(match taken {
            Ok(_) => Ok(Upload(Arc::clone(&budget.used), *bytes)),
            Err(_) => Err(refusal()),
        })
    }
}

/// Bytes of the budget, given back when the request has ended, however it ended.
pub struct Upload(Arc<AtomicU64>, u64);

impl Permit for Upload {
    fn complete(self, _end: &End) {}
}

impl Drop for Upload {
    fn drop(&mut self) {
        self.0.fetch_sub(self.1, Ordering::Relaxed);
    }
}

pub fn app() -> Router {
    let wall = all((UploadBudget::new(4 * MIB), ConcurrencyLimit::new(64)));
    Router::new()
        .route(
            "/",
            post(async |upload: Bytes| format!("{} bytes\n", upload.len())),
        )
        .layer(DefaultBodyLimit::max(LARGEST as usize))
        .layer(AdmitLayer::around(wall))
}

pub async fn serve(
    listener: TcpListener,
    stop: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    axum::serve(listener, app())
        .with_graceful_shutdown(stop)
        .await
}

#[tokio::main]
async fn main() -> io::Result<()> {
    let port = std::env::args().nth(1).unwrap_or_else(|| "3000".to_owned());
    let listener = TcpListener::bind(format!("127.0.0.1:{port}")).await?;
    let at = listener.local_addr()?;
    println!("try three uploads of 2 MiB at once, of which two fit:");
    println!(
        "      for i in 1 2 3; do head -c 2097152 /dev/zero | \
         curl -s --limit-rate 1M --data-binary @- http://{at}/ & done; wait"
    );
    let ctrl_c = async {
        tokio::signal::ctrl_c()
            .await
            .expect("no handler for Ctrl-C")
    };
    serve(listener, ctrl_c).await
}
