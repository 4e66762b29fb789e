//! The order with tower-http, outermost first: trace, CORS, floodwall, timeout, compression.
//!
//! ```text
//! cargo run -p floodwall-examples --example with_tower_http -- 3000
//! ```

use std::error::Error;
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::http::header::{HeaderName, RETRY_AFTER};
use axum::http::{HeaderValue, Method, Response, StatusCode};
use axum::routing::get;
use floodwall::http::{AdmitLayer, Refused, client_address};
use floodwall::{BuildError, ConcurrencyLimit, RateLimit, all};
use tokio::net::TcpListener;
use tower::ServiceBuilder;
use tower_http::compression::CompressionLayer;
use tower_http::cors::CorsLayer;
use tower_http::timeout::TimeoutLayer;
use tower_http::trace::TraceLayer;
use tracing::Span;

pub const SHOP: &str = "https://shop.example";

pub fn app() -> Result<Router, BuildError> {
    let quota = RateLimit::builder("100/h burst 5")
        .key(client_address())
        .build()?;
    let wall = AdmitLayer::around(all((quota, ConcurrencyLimit::new(64))));

    // CORS is outside of floodwall: a script may only read a 429 that bears its fields, and a
    // preflight is answered by them and costs no quota.
    let cors = CorsLayer::new()
        .allow_origin(HeaderValue::from_static(SHOP))
        .allow_methods([Method::GET])
        .expose_headers([
            RETRY_AFTER,
            HeaderName::from_static("ratelimit"),
            HeaderName::from_static("ratelimit-policy"),
        ]);

    // Timeout and compression are inside. Time spent in floodwall's queue is bounded there; the
    // timeout is for the handler. And a place is held until the compressed body has been sent.
    let timeout =
        TimeoutLayer::with_status_code(StatusCode::GATEWAY_TIMEOUT, Duration::from_secs(5));

    Ok(Router::new()
        .route("/", get(|| async { "hello ".repeat(1_000) }))
        .layer(
            ServiceBuilder::new()
                .layer(TraceLayer::new_for_http().on_response(log))
                .layer(cors)
                .layer(wall)
                .layer(timeout)
                .layer(CompressionLayer::new()),
        ))
}

/// Trace is outermost, so it sees refusals too. A mark tells them from a 503 of the handler.
fn log<B>(response: &Response<B>, latency: Duration, _span: &Span) {
    match response.extensions().get::<Refused>() {
        Some(refused) => println!(
            "{}: {} says {}",
            response.status(),
            refused.policy(),
            refused.reason()
        ),
        None => println!("{} after {latency:?}", response.status()),
    }
}

pub async fn serve(
    listener: TcpListener,
    stop: impl Future<Output = ()> + Send + 'static,
) -> Result<(), Box<dyn Error + Send + Sync>> {
    let app = app()?.into_make_service_with_connect_info::<SocketAddr>();
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
    println!("a preflight:      curl -i -X OPTIONS http://{at}/ -H 'origin: {SHOP}' \\");
    println!("                       -H 'access-control-request-method: GET'");
    println!(
        "and, six times:   curl -i --compressed http://{at}/ -H 'origin: {SHOP}' -o /dev/null -D -"
    );
    let ctrl_c = async {
        tokio::signal::ctrl_c()
            .await
            .expect("no handler for Ctrl-C")
    };
    serve(listener, ctrl_c).await
}
