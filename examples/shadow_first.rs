//! To dare it: begin in shadow mode, which decides and counts but lets everything through, look at
//! what would have been refused, and switch to enforcing while requests run.
//!
//! ```text
//! cargo run -p floodwall-examples --example shadow_first -- 3000
//! ```

use std::error::Error;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::{get, put};
use floodwall::rate_limit::RateLimitHandle;
use floodwall::{BuildError, Mode, RateLimit};
use tokio::net::TcpListener;

pub fn app() -> Result<Router, BuildError> {
    let wall = RateLimit::builder("100/h burst 3")
        .mode(Mode::Shadow)
        .layer()?;
    let handle = wall.handle();
    Ok(Router::new()
        .route("/", get(|| async { "hello\n" }))
        .layer(wall)
        // Added behind the layer, so the wall is not in front of them. In earnest these two are for
        // operators: on a port of their own, or behind a login.
        .route("/wall", get(look))
        .route("/wall/{mode}", put(switch))
        .with_state(handle))
}

async fn look(State(wall): State<RateLimitHandle>) -> String {
    let snapshot = wall.snapshot();
    let counts = snapshot.counts;
    format!(
        "mode {}: {} would have been refused, {} were refused\n",
        snapshot.mode,
        counts.would_refuse(),
        counts.refused(),
    )
}

async fn switch(
    State(wall): State<RateLimitHandle>,
    Path(mode): Path<String>,
) -> Result<String, (StatusCode, String)> {
    let mode: Mode = mode
        .parse()
        .map_err(|e| (StatusCode::BAD_REQUEST, format!("{e}\n")))?;
    wall.set_mode(mode);
    Ok(look(State(wall)).await)
}

pub async fn serve(
    listener: TcpListener,
    stop: impl Future<Output = ()> + Send + 'static,
) -> Result<(), Box<dyn Error + Send + Sync>> {
    axum::serve(listener, app()?)
        .with_graceful_shutdown(stop)
        .await?;
    Ok(())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let port = std::env::args().nth(1).unwrap_or_else(|| "3000".to_owned());
    let listener = TcpListener::bind(format!("127.0.0.1:{port}")).await?;
    let at = listener.local_addr()?;
    println!("try   for i in 1 2 3 4 5; do curl -s http://{at}/; done; curl http://{at}/wall");
    println!("then  curl -X PUT http://{at}/wall/enforce; curl -i http://{at}/");
    let ctrl_c = async {
        tokio::signal::ctrl_c()
            .await
            .expect("no handler for Ctrl-C")
    };
    serve(listener, ctrl_c).await
}
