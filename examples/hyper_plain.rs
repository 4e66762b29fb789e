//! A plain hyper server: the wall is a tower layer, and who is calling is said by hand.
//!
//! ```text
//! cargo run -p floodwall-examples --example hyper_plain -- 3000
//! ```

use std::convert::Infallible;
use std::error::Error;
use std::pin::pin;

use bytes::Bytes;
use floodwall::http::{AdmitLayer, PeerAddr, client_address};
use floodwall::{ConcurrencyLimit, RateLimit, all};
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tower::ServiceBuilder;

async fn hello(_request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    Ok(Response::new(Full::from("hello\n")))
}

pub async fn serve(
    listener: TcpListener,
    stop: impl Future<Output = ()>,
) -> Result<(), Box<dyn Error + Send + Sync>> {
    // Made once: what the clones for the connections share is in it.
    let quota = RateLimit::builder("100/h burst 5")
        .key(client_address())
        .build()?;
    let wall = AdmitLayer::around(all((quota, ConcurrencyLimit::new(64))));

    let connections = GracefulShutdown::new();
    let mut stop = pin!(stop);
    loop {
        let (socket, peer) = tokio::select! {
            accepted = listener.accept() => accepted?,
            () = &mut stop => break,
        };
        let service = ServiceBuilder::new()
            // floodwall cannot know which server this is, so the server tells it who is calling.
            .map_request(move |mut request: Request<Incoming>| {
                request.extensions_mut().insert(PeerAddr(peer));
                request
            })
            .layer(wall.clone())
            .service_fn(hello);
        let connection = http1::Builder::new()
            .timer(TokioTimer::new()) // so that hyper cuts off those who send their head too slowly
            .serve_connection(TokioIo::new(socket), TowerToHyperService::new(service));
        let connection = connections.watch(connection);
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                eprintln!("{peer}: {error}");
            }
        });
    }
    connections.shutdown().await;
    Ok(())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let port = std::env::args().nth(1).unwrap_or_else(|| "3000".to_owned());
    let listener = TcpListener::bind(format!("127.0.0.1:{port}")).await?;
    let at = listener.local_addr()?;
    println!("try six times   curl -i http://{at}/");
    println!("and as another  curl -i http://{at}/ --interface 127.0.0.2");
    let ctrl_c = async {
        tokio::signal::ctrl_c()
            .await
            .expect("no handler for Ctrl-C")
    };
    serve(listener, ctrl_c).await
}
