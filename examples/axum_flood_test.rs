//! A shop that is tested for its worst day: `cargo test` floods this very router, with the layers that
//! run in production, in virtual time. The test is `tests/axum_flood_test.rs`.
//!
//! ```text
//! cargo run -p floodwall-examples --example axum_flood_test -- 3000
//! cargo test -p floodwall-examples --test axum_flood_test -- --nocapture
//! ```

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::routing::{get, post};
use floodwall::http::{AdmitLayer, Head, path};
use floodwall::{ConcurrencyLimit, Priority, QueueConfig, exempt, extract};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::time::sleep;

/// Ten connections to a database that needs 10 ms for each query: 1,000 requests per second.
#[derive(Clone)]
struct Database(Arc<Semaphore>);

impl Database {
    async fn query(&self) {
        let _connection = self.0.acquire().await.expect("it is never closed");
        sleep(Duration::from_millis(10)).await;
    }
}

pub fn app() -> Result<Router, Box<dyn Error>> {
    let limit = ConcurrencyLimit::builder(10)
        .priority(extract::priority_fn(|head: &Head| match head.uri.path() {
            "/checkout" => Priority::CRITICAL,
            _ => Priority::NORMAL,
        }))
        .queue(
            QueueConfig::builder()
                .capacity(40)
                .max_wait(Duration::from_millis(50)),
        )
        .build()?;
    Ok(Router::new()
        .route("/", get(shelf))
        .route("/checkout", post(checkout))
        .route("/healthz", get(|| async { "ok" }))
        .with_state(Database(Arc::new(Semaphore::new(10))))
        .layer(AdmitLayer::around(exempt(path("/healthz"), limit))))
}

async fn shelf(State(database): State<Database>) -> &'static str {
    database.query().await;
    "books, mostly\n"
}

async fn checkout(State(database): State<Database>) -> &'static str {
    database.query().await;
    "thank you\n"
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let port = std::env::args().nth(1).unwrap_or_else(|| "3000".to_owned());
    let listener = TcpListener::bind(format!("127.0.0.1:{port}")).await?;
    println!("try   curl -i http://{}/", listener.local_addr()?);
    Ok(axum::serve(listener, app()?).await?)
}
