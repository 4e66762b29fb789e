use std::task::{Context, Poll};

use ::http::Request;
use tokio::time::Instant;
use tower_service::Service;

use crate::http::Head;
use crate::queue_latency::FirstBytes;

/// When the server had the request, before any layer saw it: an extension that the server puts on
/// a request.
///
/// It is for servers that know: the time at which the head of the request was read, or, for the
/// first request of a connection, the time at which that was accepted. Later requests of the same
/// connection have nothing to do with its acceptance. [`Accepted`](crate::queue_latency::Accepted)
/// finds out what is right.
///
/// ```
/// use floodwall::{Now, http::ReceivedAt};
///
/// let mut request = http::Request::new(());
/// request.extensions_mut().insert(ReceivedAt(Now::unread().instant()));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReceivedAt(pub Instant);

pub(super) fn received(head: &Head) -> Option<Instant> {
    if head.extensions.is_empty() {
        return None;
    }
    let said = head.extensions.get().map(|ReceivedAt(at)| *at);
    #[cfg(feature = "axum")]
    let said = said.or_else(|| super::axum::received(head));
    said
}

/// The service of one connection, which puts a [`ReceivedAt`] on its first request.
///
/// ```
/// use floodwall::{http::StampFirst, queue_latency::Accepted};
/// # use std::convert::Infallible;
///
/// # async fn serve(listener: tokio::net::TcpListener) -> std::io::Result<()> {
/// let service = tower::service_fn(async |_: http::Request<()>| {
///     Ok::<_, Infallible>(http::Response::new(()))
/// });
/// let (socket, _) = listener.accept().await?;
/// let socket = Accepted::now(socket);
/// let service = StampFirst::new(service, socket.stamps());
/// // Now serve `socket` with `service`, as hyper does with `serve_connection`.
/// # drop((socket, service));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct StampFirst<S> {
    inner: S,
    stamps: FirstBytes,
}

impl<S> StampFirst<S> {
    /// `inner` serves the connection that `stamps` belong to.
    pub const fn new(inner: S, stamps: FirstBytes) -> Self {
        Self { inner, stamps }
    }
}

impl<S: Service<Request<B>>, B> Service<Request<B>> for StampFirst<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> S::Future {
        if let Some(at) = self.stamps.take() {
            request.extensions_mut().insert(ReceivedAt(at));
        }
        self.inner.call(request)
    }
}
