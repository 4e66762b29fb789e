//! A shop that degrades: whoever waited for long, or wants its answer soon, gets the page without the
//! recommendations, which take the most time. Better a plain page now than a rich one too late.
//!
//! ```text
//! cargo run -p floodwall-examples --example axum_degrade -- 3000
//! ```

use std::io;
use std::time::Duration;

use axum::extract::Extension;
use axum::routing::get;
use axum::{Router, serve as serve_axum};
use floodwall::http::{AcceptInfo, AcceptedListener, extension, timeout_header};
use floodwall::{BuildError, ConcurrencyLimit, Now, QueueConfig, QueueLatency, QueueLatencyLayer};
use tokio::net::TcpListener;
use tokio::time::sleep;

/// What the recommendations take, and a little more.
const RECOMMENDING: Duration = Duration::from_millis(80);

pub fn app() -> Result<Router, BuildError> {
    let latency = QueueLatencyLayer::builder()
        .trusted(["10.0.0.0/8"]) // our nginx sets `X-Request-Start: t=${msec}`
        .deadline(timeout_header("x-request-timeout")) // clients that know say it
        .patience(Duration::from_millis(250)) // nobody waits for longer than that
        .server_timing(true)
        .build()?;
    let limit = ConcurrencyLimit::builder(2)
        .queue(
            QueueConfig::builder()
                .capacity(16)
                .max_wait(Duration::from_secs(1)),
        )
        // Whose time is up before there is a place is refused and never runs.
        .deadline(extension::<QueueLatency>())
        .layer()?;
    Ok(Router::new()
        .route("/", get(page))
        .layer(limit)
        .layer(latency)) // the last one is the outermost
}

async fn page(Extension(latency): Extension<QueueLatency>) -> &'static str {
    let left = latency.left(&Now::unread());
    if left.is_some_and(|left| left < RECOMMENDING) {
        sleep(Duration::from_millis(5)).await;
        return "books\n";
    }
    sleep(Duration::from_millis(70)).await;
    "books, and what others read\n"
}

pub async fn serve(
    listener: TcpListener,
    stop: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let app = app().map_err(io::Error::other)?;
    // The listener notes when a connection was accepted: waiting begins there.
    let app = app.into_make_service_with_connect_info::<AcceptInfo>();
    serve_axum(AcceptedListener::new(listener), app)
        .with_graceful_shutdown(stop)
        .await
}

#[tokio::main]
async fn main() -> io::Result<()> {
    let port = std::env::args().nth(1).unwrap_or_else(|| "3000".to_owned());
    let listener = TcpListener::bind(format!("127.0.0.1:{port}")).await?;
    let at = listener.local_addr()?;
    println!("try            curl -i http://{at}/");
    println!("in a hurry     curl -i http://{at}/ -H 'x-request-timeout: 50ms'");
    println!("and a crowd    for i in $(seq 20); do curl -s http://{at}/ & done; wait");
    let ctrl_c = async {
        tokio::signal::ctrl_c()
            .await
            .expect("no handler for Ctrl-C")
    };
    serve(listener, ctrl_c).await
}
