//! A graceful end: on Ctrl-C new requests get a 503 at once, those inside and those in the queue
//! are served, and then the server ends.
//!
//! ```text
//! cargo run -p floodwall-examples --example graceful_drain -- 3000
//! ```

use std::error::Error;
use std::io;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::{get, post};
use floodwall::concurrency::ConcurrencyLimitHandle;
use floodwall::{BuildError, ConcurrencyLimit, QueueConfig};
use tokio::net::TcpListener;
use tokio::sync::oneshot;

/// The longest that an end may take; whoever stops the process will not wait for ever either.
const PATIENCE: Duration = Duration::from_secs(30);

pub fn app() -> Result<(Router, ConcurrencyLimitHandle), BuildError> {
    let wall = ConcurrencyLimit::builder(1)
        .queue(QueueConfig::builder().capacity(100).max_wait(PATIENCE / 2))
        .layer()?;
    let handle = wall.handle();
    let app = Router::new()
        .route("/count", post(count))
        .layer(wall)
        // Added behind the layer, so it is outside: a load balancer shall hear "no", not wait.
        .route("/ready", get(ready))
        .with_state(handle.clone());
    Ok((app, handle))
}

/// Holds its place for as long as the client takes to send.
async fn count(upload: Bytes) -> String {
    format!("{} bytes\n", upload.len())
}

/// Tells a load balancer to send its requests elsewhere.
async fn ready(State(wall): State<ConcurrencyLimitHandle>) -> StatusCode {
    if wall.snapshot().draining {
        StatusCode::SERVICE_UNAVAILABLE
    } else {
        StatusCode::OK
    }
}

pub async fn serve(
    (app, wall): (Router, ConcurrencyLimitHandle),
    listener: TcpListener,
    stop: impl Future<Output = ()>,
) -> io::Result<()> {
    let (close, closed) = oneshot::channel::<()>();
    let server = axum::serve(listener, app).with_graceful_shutdown(async { _ = closed.await });
    let server = tokio::spawn(server.into_future());

    stop.await;
    let now = wall.snapshot();
    println!(
        "ends with {} inside, {} waiting",
        now.in_flight, now.waiting
    );
    let end = async {
        // Newcomers hear a 503, with which they can go elsewhere, until nobody is inside any more.
        wall.drain().await;
        // Only now is the listener closed, and whoever comes finds nobody.
        drop(close);
        server.await
    };
    match tokio::time::timeout(PATIENCE, end).await {
        Ok(ended) => ended.expect("a server does not panic"),
        Err(_) => {
            println!("{} would not end", wall.snapshot().in_flight);
            Ok(())
        }
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let port = std::env::args().nth(1).unwrap_or_else(|| "3000".to_owned());
    let listener = TcpListener::bind(format!("127.0.0.1:{port}")).await?;
    let at = listener.local_addr()?;
    println!(
        "try three uploads of which each takes five seconds, in a server that does one at a time:"
    );
    println!(
        "      for i in 1 2 3; do (sleep 5; echo x) | curl -sX POST -T - http://{at}/count & done"
    );
    println!("press Ctrl-C here, and meanwhile try");
    println!("      curl -i http://{at}/ready; curl -i -d x http://{at}/count");
    let ctrl_c = async {
        tokio::signal::ctrl_c()
            .await
            .expect("no handler for Ctrl-C")
    };
    Ok(serve(app()?, listener, ctrl_c).await?)
}
