//! A quota for each API key, and for whoever has none a quota for each address, behind a proxy.
//!
//! Every answer says how much is left, in the fields `RateLimit` and `RateLimit-Policy`.
//!
//! ```text
//! cargo run -p floodwall-examples --example axum_api_keys -- 3000
//! ```

use std::error::Error;
use std::net::SocketAddr;

use axum::Router;
use axum::extract::Request;
use axum::http::HeaderMap;
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use axum::routing::get;
use floodwall::http::{client_address, header};
use floodwall::{BuildError, Quota, RateLimit};
use tokio::net::TcpListener;

const KEY: &str = "x-api-key";

/// A database, in earnest.
const CUSTOMERS: [(&str, &str); 2] = [("k-4711", "Alice"), ("k-0815", "Bob")];

/// Only these may say in `X-Forwarded-For` for whom they ask. By default nobody may.
const PROXIES: [&str; 2] = ["127.0.0.1", "::1"];

pub fn app() -> Result<Router, BuildError> {
    let address = client_address().behind(PROXIES)?;
    let quota = RateLimit::builder(Quota::requests(100).per_hour().burst(5).named("requests"))
        .key(header(KEY).or(address))
        .layer()?;

    Ok(Router::new()
        .route("/", get(hello))
        .layer(quota)
        // What is added later is further out, so this comes before the quota.
        .layer(from_fn(drop_unknown_keys)))
}

/// A key that nobody gave out is no key. Otherwise every guess would come with a fresh quota.
async fn drop_unknown_keys(mut request: Request, next: Next) -> Response {
    if customer(request.headers()).is_none() {
        request.headers_mut().remove(KEY);
    }
    next.run(request).await
}

fn customer(headers: &HeaderMap) -> Option<&'static str> {
    let key = headers.get(KEY)?.to_str().ok()?;
    let known = CUSTOMERS.into_iter().find(|(known, _)| *known == key);
    known.map(|(_, name)| name)
}

async fn hello(headers: HeaderMap) -> String {
    format!("hello {}\n", customer(&headers).unwrap_or("stranger"))
}

pub async fn serve(
    listener: TcpListener,
    stop: impl Future<Output = ()> + Send + 'static,
) -> Result<(), Box<dyn Error + Send + Sync>> {
    // With the address of the peer, which is who it is, or the proxy that tells who it is.
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
    println!("try each of these six times and look at the fields:");
    println!("      curl -i http://{at}/ -H 'x-api-key: k-4711'");
    println!("      curl -i http://{at}/ -H 'x-api-key: k-0815'");
    println!("      curl -i http://{at}/ -H 'x-api-key: guessed'");
    println!("      curl -i http://{at}/ -H 'x-forwarded-for: 203.0.113.9'");
    let ctrl_c = async {
        tokio::signal::ctrl_c()
            .await
            .expect("no handler for Ctrl-C")
    };
    serve(listener, ctrl_c).await
}
