//! gRPC with tonic: who used up the own quota gets status 8 (`RESOURCE_EXHAUSTED`), who finds no
//! room 14 (`UNAVAILABLE`), both with `grpc-retry-pushback-ms`: how long to stay away.
//!
//! The service is the usual health check; its `Watch` is a stream and holds a place to its end.
//!
//! ```text
//! cargo run -p floodwall-examples --example tonic_grpc -- serve 3000
//! cargo run -p floodwall-examples --example tonic_grpc -- call 3000
//! ```

use std::error::Error;

use floodwall::http::{AdmitLayer, client_address, grpc_timeout};
use floodwall::{ConcurrencyLimit, RateLimit, all};
use tokio::net::TcpListener;
use tonic::Status;
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Channel, Endpoint, Server};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;

type BoxError = Box<dyn Error + Send + Sync>;

pub async fn serve(listener: TcpListener, stop: impl Future<Output = ()>) -> Result<(), BoxError> {
    // The feature `tonic` of floodwall reads the peer's address that tonic knows.
    let quota = RateLimit::builder("100/h burst 5")
        .key(client_address())
        .build()?;
    // Who says with `grpc-timeout` how long it waits is refused as soon as waiting is hopeless.
    let limit = ConcurrencyLimit::builder(2)
        .no_queue()
        .deadline(grpc_timeout())
        .build()?;

    let (_reporter, health) = tonic_health::server::health_reporter();
    Server::builder()
        .layer(AdmitLayer::around(all((quota, limit))))
        .add_service(health)
        .serve_with_incoming_shutdown(TcpIncoming::from(listener), stop)
        .await?;
    Ok(())
}

async fn call(at: &str) -> Result<(), BoxError> {
    let channel = Endpoint::from_shared(format!("http://{at}"))?
        .connect()
        .await?;
    let mut client = HealthClient::new(channel);

    println!("two streams take both places, so the next call finds no room:");
    let streams = [watch(&mut client).await, watch(&mut client).await];
    check(&mut client).await;
    drop(streams);

    println!("the streams are gone, so there is room until the quota is used up:");
    for _ in 0..6 {
        check(&mut client).await;
    }
    Ok(())
}

type Client = HealthClient<Channel>;

async fn check(client: &mut Client) {
    match client.check(HealthCheckRequest::default()).await {
        Ok(_) => println!("  fine"),
        Err(status) => println!("  {}", told(&status)),
    }
}

async fn watch(client: &mut Client) -> Option<impl Sized + use<>> {
    let answer = client.watch(HealthCheckRequest::default()).await;
    answer
        .inspect_err(|status| println!("  {}", told(status)))
        .ok()
}

fn told(status: &Status) -> String {
    let pushback = pushback_ms(status).map_or_else(String::new, |ms| format!(", in {ms} ms"));
    format!(
        "status {}: {}{pushback}",
        status.code() as i32,
        status.message()
    )
}

/// What a client that retries should heed.
pub fn pushback_ms(status: &Status) -> Option<i64> {
    let pushback = status.metadata().get("grpc-retry-pushback-ms")?;
    pushback.to_str().ok()?.parse().ok()
}

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    let mut arguments = std::env::args().skip(1);
    let what = arguments.next().unwrap_or_else(|| "serve".to_owned());
    let port = arguments.next().unwrap_or_else(|| "3000".to_owned());
    let at = format!("127.0.0.1:{port}");
    if what == "call" {
        return call(&at).await;
    }

    let listener = TcpListener::bind(&at).await?;
    let at = listener.local_addr()?;
    println!("listening on {at}; try, in another window:");
    println!(
        "      cargo run -p floodwall-examples --example tonic_grpc -- call {}",
        at.port()
    );
    let ctrl_c = async {
        tokio::signal::ctrl_c()
            .await
            .expect("no handler for Ctrl-C")
    };
    serve(listener, ctrl_c).await
}
