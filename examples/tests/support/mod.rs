//! What the tests of the examples share: a server on a port of its own, a client, and an upload
//! that lasts for as long as the test wants.
#![allow(dead_code, reason = "each test uses a part of it")]

use std::fmt::Debug;
use std::net::SocketAddr;
use std::pin::Pin;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

pub(crate) type Stop = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A test that hangs fails, and does not hang whoever runs it.
pub(crate) async fn bounded<T>(test: impl Future<Output = T>) -> T {
    let limit = Duration::from_secs(60);
    tokio::time::timeout(limit, test)
        .await
        .expect("the test hangs")
}

/// An example that serves.
pub(crate) struct Server<T> {
    pub(crate) at: SocketAddr,
    stop: oneshot::Sender<()>,
    task: JoinHandle<T>,
}

pub(crate) async fn start<T, E, F>(
    serve: impl FnOnce(TcpListener, Stop) -> F,
) -> Server<Result<T, E>>
where
    F: Future<Output = Result<T, E>> + Send + 'static,
    T: Send + 'static,
    E: Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel();
    let stopped = Box::pin(async move { stopped.await.unwrap_or(()) });
    let task = tokio::spawn(serve(listener, stopped));
    Server { at, stop, task }
}

impl<T, E: Debug> Server<Result<T, E>> {
    /// Says stop; the server is to end by itself and well.
    pub(crate) async fn stop(self) {
        self.begin_to_stop().await.unwrap().unwrap();
    }

    pub(crate) fn begin_to_stop(self) -> JoinHandle<Result<T, E>> {
        self.stop.send(()).expect("the server still runs");
        self.task
    }
}

pub(crate) fn get(path: &str) -> http::request::Builder {
    Request::get(path)
}

/// Sends a request on a connection of its own; an answer has come when all of its body has.
pub(crate) async fn send(at: SocketAddr, request: http::request::Builder) -> Response<Bytes> {
    send_body(at, request, Bytes::new()).await
}

pub(crate) async fn send_body(
    at: SocketAddr,
    request: http::request::Builder,
    body: impl Into<Bytes>,
) -> Response<Bytes> {
    let request = request
        .header("host", "localhost")
        .header("connection", "close");
    let request = request.body(Full::new(body.into())).unwrap();
    let stream = TokioIo::new(TcpStream::connect(at).await.unwrap());
    let (mut client, connection) = hyper::client::conn::http1::handshake(stream).await.unwrap();
    let connection = tokio::spawn(connection);
    let (head, body) = client.send_request(request).await.unwrap().into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    drop(client);
    // An answer before the end of the request may end the connection as it likes.
    let _ = connection.await.unwrap();
    Response::from_parts(head, body)
}

pub(crate) fn field<'r, B>(response: &'r Response<B>, name: &str) -> Option<&'r str> {
    response
        .headers()
        .get(name)
        .map(|value| value.to_str().unwrap())
}

pub(crate) fn text(response: &Response<Bytes>) -> &str {
    std::str::from_utf8(response.body()).unwrap()
}

/// An upload of which nothing has been sent but its head. What handles it is inside until the test
/// sends the rest.
pub(crate) struct Upload {
    stream: BufReader<TcpStream>,
    length: usize,
}

impl Upload {
    pub(crate) async fn begin(at: SocketAddr, path: &str, length: usize) -> Self {
        let mut stream = BufReader::new(TcpStream::connect(at).await.unwrap());
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\
             expect: 100-continue\r\ncontent-length: {length}\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        Self { stream, length }
    }

    /// Until the handler reads the body: the server says `100 Continue` then, and no sooner.
    pub(crate) async fn inside(&mut self) {
        assert_eq!(self.line().await, "HTTP/1.1 100 Continue");
        assert_eq!(self.line().await, "");
    }

    /// Sends the rest; tells the status.
    pub(crate) async fn end(mut self) -> u16 {
        let body = vec![b'x'; self.length];
        self.stream.write_all(&body).await.unwrap();
        self.status().await
    }

    /// The status of an answer that comes before the upload has ended.
    pub(crate) async fn status(mut self) -> u16 {
        let mut line = self.line().await;
        while line == "HTTP/1.1 100 Continue" || line.is_empty() {
            line = self.line().await;
        }
        let mut rest = Vec::new();
        self.stream.read_to_end(&mut rest).await.unwrap();
        let status = line
            .strip_prefix("HTTP/1.1 ")
            .and_then(|line| line.get(..3));
        status
            .unwrap_or_else(|| panic!("no status: {line:?}"))
            .parse()
            .unwrap()
    }

    async fn line(&mut self) -> String {
        let mut line = String::new();
        self.stream.read_line(&mut line).await.unwrap();
        line.trim_end().to_owned()
    }
}
