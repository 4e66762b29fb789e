//! A page that says how loaded the service is, in words for people and in plain numbers for an
//! autoscaler, on a port of its own that no flood reaches.
//!
//! ```text
//! cargo run -p floodwall-examples --example axum_signals -- 3000
//! ```

use std::error::Error;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::routing::post;
use floodwall::http::AdmitLayer;
use floodwall::{BuildError, ConcurrencyLimit, Signals};
use tokio::net::TcpListener;

pub struct Apps {
    pub public: Router,
    pub admin: Router,
}

pub fn apps(public_port: u16) -> Result<Apps, BuildError> {
    let signals = Signals::builder()
        // Callers give up after two seconds.
        .patience(Duration::from_secs(2))
        .listens_on(public_port)
        .monitor("answer", || 42.0)
        .build()?;
    // Samples the runtime, memory, the accept queue and the monitor above.
    signals.spawn()?;

    let limit = ConcurrencyLimit::new(2);
    signals.watch_limit(&limit.handle())?;
    let public = Router::new()
        .route("/count", post(count))
        .layer(AdmitLayer::around(signals.observe(limit)));
    // `/signals` and `/autoscale`
    let admin = Router::new().fallback_service(signals.endpoint());
    Ok(Apps { public, admin })
}

/// Holds its place for as long as the client takes to send.
async fn count(upload: Bytes) -> String {
    format!("{} bytes\n", upload.len())
}

pub async fn serve(
    listener: TcpListener,
    admin: TcpListener,
    stop: impl Future<Output = ()> + Send + 'static,
) -> Result<(), Box<dyn Error + Send + Sync>> {
    let apps = apps(listener.local_addr()?.port())?;
    let public = axum::serve(listener, apps.public).with_graceful_shutdown(stop);
    tokio::select! {
        ended = async { public.await } => ended?,
        ended = async { axum::serve(admin, apps.admin).await } => ended?,
    }
    Ok(())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let port = std::env::args().nth(1).unwrap_or_else(|| "3000".to_owned());
    let listener = TcpListener::bind(format!("127.0.0.1:{port}")).await?;
    let admin = TcpListener::bind("127.0.0.1:0").await?;
    let (at, admin_at) = (listener.local_addr()?, admin.local_addr()?);
    println!("try   curl -s http://{admin_at}/signals");
    println!("and   curl -s http://{admin_at}/autoscale");
    println!("while this one holds a place, for ten seconds:");
    println!("      (sleep 10; echo x) | curl -s -X POST -T - http://{at}/count");
    let ctrl_c = async {
        tokio::signal::ctrl_c()
            .await
            .expect("no handler for Ctrl-C")
    };
    serve(listener, admin, ctrl_c).await
}
