use std::convert::Infallible;
use std::error::Error;

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tower::Service;

/// One HTTP/1 connection with a client and a server at its ends.
#[derive(Debug)]
pub struct Http1 {
    /// The client's end.
    pub client: http1::SendRequest<Full<Bytes>>,
    client_task: JoinHandle<()>,
    server_task: JoinHandle<()>,
}

/// One HTTP/2 connection with a client and a server at its ends.
#[derive(Debug)]
pub struct Http2 {
    /// The client's end; clones share the connection.
    pub client: http2::SendRequest<Full<Bytes>>,
    client_task: JoinHandle<()>,
    server_task: JoinHandle<()>,
}

#[expect(
    clippy::disallowed_methods,
    reason = "this is the server of a test, not a library"
)]
fn spawn(task: impl Future<Output = ()> + Send + 'static) -> JoinHandle<()> {
    tokio::spawn(task)
}

async fn sockets() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (near, far) = tokio::join!(TcpStream::connect(address), listener.accept());
    (near.unwrap(), far.unwrap().0)
}

macro_rules! common {
    ($connection:ty) => {
        impl $connection {
            /// The client is gone without a word: its end of the connection closes, and the server
            /// is done with it.
            pub async fn hang_up(self) {
                self.client_task.abort();
                drop(self.client);
                let _ = self.client_task.await;
                // Not awaited: where nothing moves any more, a paused clock would run on.
                crate::until("the server is done with this client", || {
                    self.server_task.is_finished()
                })
                .await;
            }

            /// Whether the server still serves this connection.
            pub fn is_served(&self) -> bool {
                !self.server_task.is_finished()
            }
        }
    };
}

common!(Http1);
common!(Http2);

impl Http1 {
    /// Serves `service` at the other end of a pipe that holds `buffer` bytes.
    ///
    /// # Panics
    ///
    /// If hyper finds no connection, which cannot be.
    pub async fn over_a_pipe<S, B>(service: S, buffer: usize) -> Self
    where
        S: Service<Request<Incoming>, Response = Response<B>, Error = Infallible>,
        S: Clone + Send + 'static,
        S::Future: Send,
        B: Body<Data: Send, Error: Into<Box<dyn Error + Send + Sync>>> + Send + 'static,
    {
        let (near, far) = tokio::io::duplex(buffer);
        Self::between(near, far, service).await
    }

    /// Serves `service` over a socket of the loopback interface.
    ///
    /// # Panics
    ///
    /// If there is no such interface.
    pub async fn over_a_socket<S, B>(service: S) -> Self
    where
        S: Service<Request<Incoming>, Response = Response<B>, Error = Infallible>,
        S: Clone + Send + 'static,
        S::Future: Send,
        B: Body<Data: Send, Error: Into<Box<dyn Error + Send + Sync>>> + Send + 'static,
    {
        let (near, far) = sockets().await;
        Self::between(near, far, service).await
    }

    /// Serves `service` at `far`, for a client at `near`.
    ///
    /// # Panics
    ///
    /// If hyper finds no connection between them.
    pub async fn between<C, D, S, B>(near: C, far: D, service: S) -> Self
    where
        C: AsyncRead + AsyncWrite + Send + Unpin + 'static,
        D: AsyncRead + AsyncWrite + Send + Unpin + 'static,
        S: Service<Request<Incoming>, Response = Response<B>, Error = Infallible>,
        S: Clone + Send + 'static,
        S::Future: Send,
        B: Body<Data: Send, Error: Into<Box<dyn Error + Send + Sync>>> + Send + 'static,
    {
        let server = hyper::server::conn::http1::Builder::new()
            .serve_connection(TokioIo::new(far), TowerToHyperService::new(service))
            .with_upgrades();
        let server_task = spawn(async {
            let _ = server.await;
        });
        let (client, connection) = http1::handshake(TokioIo::new(near)).await.unwrap();
        let client_task = spawn(async {
            let _ = connection.with_upgrades().await;
        });
        Self {
            client,
            client_task,
            server_task,
        }
    }
}

impl Http2 {
    /// Serves `service` at the other end of a pipe that holds `buffer` bytes.
    ///
    /// # Panics
    ///
    /// If hyper finds no connection, which cannot be.
    pub async fn over_a_pipe<S, B>(service: S, buffer: usize) -> Self
    where
        S: Service<Request<Incoming>, Response = Response<B>, Error = Infallible>,
        S: Clone + Send + 'static,
        S::Future: Send,
        B: Body<Data: Send, Error: Into<Box<dyn Error + Send + Sync>>> + Send + 'static,
    {
        Self::serving(TowerToHyperService::new(service), buffer).await
    }

    /// The same for a service of hyper's kind: it is called by the connection itself, so that a
    /// panic in `call` costs the connection.
    ///
    /// # Panics
    ///
    /// If hyper finds no connection, which cannot be.
    pub async fn serving<S, B>(service: S, buffer: usize) -> Self
    where
        S: hyper::service::Service<Request<Incoming>, Response = Response<B>, Error = Infallible>,
        S: Send + 'static,
        S::Future: Send,
        B: Body<Data: Send, Error: Into<Box<dyn Error + Send + Sync>>> + Send + 'static,
    {
        let (near, far) = tokio::io::duplex(buffer);
        Self::between(near, far, service).await
    }

    /// Serves `service` over a socket of the loopback interface.
    ///
    /// # Panics
    ///
    /// If there is no such interface.
    pub async fn over_a_socket<S, B>(service: S) -> Self
    where
        S: Service<Request<Incoming>, Response = Response<B>, Error = Infallible>,
        S: Clone + Send + 'static,
        S::Future: Send,
        B: Body<Data: Send, Error: Into<Box<dyn Error + Send + Sync>>> + Send + 'static,
    {
        let (near, far) = sockets().await;
        Self::between(near, far, TowerToHyperService::new(service)).await
    }

    /// Serves `service` at `far`, for a client at `near`.
    ///
    /// # Panics
    ///
    /// If hyper finds no connection between them.
    pub async fn between<C, D, S, B>(near: C, far: D, service: S) -> Self
    where
        C: AsyncRead + AsyncWrite + Send + Unpin + 'static,
        D: AsyncRead + AsyncWrite + Send + Unpin + 'static,
        S: hyper::service::Service<Request<Incoming>, Response = Response<B>, Error = Infallible>,
        S: Send + 'static,
        S::Future: Send,
        B: Body<Data: Send, Error: Into<Box<dyn Error + Send + Sync>>> + Send + 'static,
    {
        let server = hyper::server::conn::http2::Builder::new(TokioExecutor::new())
            .serve_connection(TokioIo::new(far), service);
        let server_task = spawn(async {
            let _ = server.await;
        });
        let (client, connection) = http2::handshake(TokioExecutor::new(), TokioIo::new(near))
            .await
            .unwrap();
        let client_task = spawn(async {
            let _ = connection.await;
        });
        Self {
            client,
            client_task,
            server_task,
        }
    }
}

/// A GET of `path`.
///
/// # Panics
///
/// If it is no path.
pub fn get(path: &str) -> Request<Full<Bytes>> {
    let request = Request::get(path).header("host", "test");
    request.body(Full::default()).unwrap()
}

/// A GET of `/` with an empty body of axum's type.
pub fn blank() -> Request<axum::body::Body> {
    Request::new(axum::body::Body::empty())
}

/// The whole body of an answer as text.
///
/// # Panics
///
/// If the body breaks off, or is no text.
pub async fn text<B: Body<Error: std::fmt::Debug>>(answer: Response<B>) -> String {
    let bytes = answer.into_body().collect().await.unwrap().to_bytes();
    String::from_utf8(bytes.into()).unwrap()
}
