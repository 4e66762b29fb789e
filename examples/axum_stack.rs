//! The whole wall in front of an axum app: classes by route and by header, a quota for each client, a
//! queue in order of priority, and shedding when it gets too much.
//!
//! ```text
//! cargo run -p floodwall-examples --example axum_stack -- 3000
//! ```

use std::error::Error;
use std::io;
use std::net::SocketAddr;

use axum::Router;
use axum::routing::{get, post};
use floodwall::concurrency::QueueConfig;
use floodwall::http::{client_address, path, path_prefix, preflight, priority_rules};
use floodwall::{BuildError, Priority, Stack};
use tokio::net::TcpListener;

/// Only these may raise a priority, or say for whom they ask.
const PROXIES: [&str; 1] = ["10.0.0.0/8"];

pub fn wall() -> Result<Stack, BuildError> {
    // What the route says, and what a header lowers: a crawler that sends `x-priority: background`
    // does everybody a favour, and one that sends `critical` gets nothing for it.
    let priority = priority_rules()
        .rule(path_prefix("/checkout"), Priority::CRITICAL)
        .rule(path_prefix("/report"), Priority::LOW)
        .header("x-priority")
        .rfc9218()
        .trusted(PROXIES)?;
    Stack::builder()
        .exempt(path("/healthz"))
        .exempt(preflight())
        .priority(priority)
        .quota("100/s burst 200", client_address().behind(PROXIES)?)
        .limit(2)
        .queue(QueueConfig::builder().capacity(4))
        .shed()
        .build()
}

pub fn app(wall: &Stack) -> Router {
    Router::new()
        .route("/checkout", post(count))
        .route("/report", get(|| async { "a report\n" }))
        .route("/count", post(count))
        .route("/healthz", get(|| async { "well\n" }))
        .layer(wall.layer())
}

async fn count(body: axum::body::Bytes) -> String {
    format!("{} bytes\n", body.len())
}

pub async fn serve(
    listener: TcpListener,
    stop: impl Future<Output = ()> + Send + 'static,
) -> Result<(), Box<dyn Error + Send + Sync>> {
    let wall = wall()?;
    // The quota goes by address, so axum has to tell it.
    let app = app(&wall).into_make_service_with_connect_info::<SocketAddr>();
    axum::serve(listener, app)
        .with_graceful_shutdown(stop)
        .await?;
    Ok(())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let port = std::env::args().nth(1).unwrap_or_else(|| "3000".to_owned());
    let listener = TcpListener::bind(format!("127.0.0.1:{port}")).await?;
    let at = listener.local_addr()?;
    println!("{}\n", wall()?.describe());
    println!("try   curl -i http://{at}/report; curl -i -d x http://{at}/checkout");
    let ctrl_c = async {
        let heard: io::Result<()> = tokio::signal::ctrl_c().await;
        heard.expect("no handler for Ctrl-C");
    };
    serve(listener, ctrl_c).await
}
