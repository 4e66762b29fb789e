//! Whoever is refused can read why, also while it is still sending.

use std::future::IntoFuture;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

use axum::Router;
use axum::routing::post;
use bytes::Bytes;
use floodwall::ConcurrencyLimit;
use floodwall_tests::{Http1, ask, get, text};
use http_body_util::Full;

const TEN_MEGABYTES: usize = 10 * 1_024 * 1_024;

/// An app that has no room, and refuses everything without reading it.
fn full() -> (Router, impl Sized) {
    let layer = ConcurrencyLimit::builder(1).no_queue().layer().unwrap();
    let held = ask(layer.policy()).unwrap().unwrap();
    let app = Router::new().route(
        "/",
        post(|body: Bytes| async move { body.len().to_string() }),
    );
    (app.layer(layer), held)
}

#[tokio::test]
async fn a_refused_post_of_ten_megabytes_reads_its_503_with_hyper() {
    let (app, _held) = full();
    for over_a_socket in [false, true] {
        let mut connection = if over_a_socket {
            Http1::over_a_socket(app.clone()).await
        } else {
            Http1::over_a_pipe(app.clone(), 65_536).await
        };
        let mut request = get("/");
        *request.method_mut() = http::Method::POST;
        *request.body_mut() = Full::new(Bytes::from(vec![b'x'; TEN_MEGABYTES]));
        let answer = connection.client.send_request(request).await.unwrap();
        assert_eq!(answer.status(), 503);
        assert!(answer.headers().contains_key("retry-after"));
        let body = text(answer).await;
        assert!(body.contains("no room for this request"), "{body}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_post_reads_its_503_though_the_client_writes_everything_first() {
    let (app, _held) = full();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    #[expect(clippy::disallowed_methods, reason = "this is the server of a test")]
    let server = tokio::spawn(axum::serve(listener, app).into_future());
    let heads = [
        format!("POST / HTTP/1.1\r\nhost: test\r\ncontent-length: {TEN_MEGABYTES}\r\n\r\n"),
        format!(
            "POST / HTTP/1.1\r\nhost: test\r\ntransfer-encoding: chunked\r\n\r\n{TEN_MEGABYTES:x}\r\n"
        ),
    ];
    for head in heads {
        for _ in 0..10 {
            let head = head.clone();
            let heard = tokio::task::spawn_blocking(move || write_all_then_read(address, &head));
            let heard = heard.await.unwrap();
            assert!(heard.starts_with("HTTP/1.1 503 "), "{heard:?}");
            assert!(heard.contains("retry-after: "), "{heard:?}");
            assert!(
                heard.contains("no room for this request"),
                "the body is whole: {heard:?}"
            );
        }
    }
    server.abort();
}

/// A client as simple as they come.
fn write_all_then_read(address: SocketAddr, head: &str) -> String {
    let mut socket = TcpStream::connect(address).unwrap();
    socket.write_all(head.as_bytes()).unwrap();
    let chunk = vec![b'x'; 64 * 1_024];
    for _ in 0..TEN_MEGABYTES / chunk.len() {
        // The server may close before it has all, which such a client notices here.
        if socket.write_all(&chunk).is_err() {
            break;
        }
    }
    let mut heard = Vec::new();
    let mut some = [0; 4_096];
    while let Ok(n @ 1..) = socket.read(&mut some) {
        heard.extend_from_slice(&some[..n]);
    }
    String::from_utf8(heard).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_asks_before_sending_a_body_is_refused_without_sending_it() {
    let (app, _held) = full();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    #[expect(clippy::disallowed_methods, reason = "this is the server of a test")]
    let server = tokio::spawn(axum::serve(listener, app).into_future());
    let heard = tokio::task::spawn_blocking(move || {
        let mut socket = TcpStream::connect(address).unwrap();
        let head = "POST / HTTP/1.1\r\nhost: test\r\nexpect: 100-continue\r\n";
        let head = format!("{head}content-length: {TEN_MEGABYTES}\r\n\r\n");
        socket.write_all(head.as_bytes()).unwrap();
        let mut first = [0; 13];
        socket.read_exact(&mut first).unwrap();
        String::from_utf8(first.to_vec()).unwrap()
    });
    assert_eq!(
        heard.await.unwrap(),
        "HTTP/1.1 503 ",
        "no 100, and nothing was sent"
    );
    server.abort();
}
