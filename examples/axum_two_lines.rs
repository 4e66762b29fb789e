//! axum in two lines: at most 64 requests are inside at once, on all routes and connections
//! together. A few more wait in a short queue; the rest get a 503 with a `Retry-After` at once.
//!
//! ```text
//! cargo run -p floodwall-examples --example axum_two_lines -- 3000
//! ```

use std::io;

use axum::Router;
use axum::body::Bytes;
use axum::routing::{get, post};
use floodwall::ConcurrencyLimitLayer; // line one
use tokio::net::TcpListener;

pub fn app() -> Router {
    Router::new()
        .route("/", get(|| async { "hello\n" }))
        .route("/count", post(count))
        .layer(ConcurrencyLimitLayer::new(64)) // line two
}

/// Holds its place for as long as the client takes to send.
async fn count(upload: Bytes) -> String {
    format!("{} bytes\n", upload.len())
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
    println!("try   curl -i http://{at}/");
    println!("and 400 uploads at once that take five seconds each; about 64 get in:");
    println!(
        "      for i in $(seq 400); do (sleep 5; echo x) | curl -sX POST -T - -o /dev/null \
         -w '%{{http_code}}\\n' http://{at}/count & done | sort | uniq -c"
    );
    let ctrl_c = async {
        tokio::signal::ctrl_c()
            .await
            .expect("no handler for Ctrl-C")
    };
    serve(listener, ctrl_c).await
}
