use std::io;
use std::net::SocketAddr;

use ::axum::extract::ConnectInfo;
use ::axum::extract::connect_info::Connected;
use ::axum::serve::{IncomingStream, Listener};
use tokio::time::Instant;

use crate::http::Head;
use crate::queue_latency::{Accepted, FirstBytes};

/// A listener for `axum::serve` whose connections remember when they were accepted.
///
/// Serve with `into_make_service_with_connect_info::<AcceptInfo>()`: that brings the stamp to
/// [`QueueLatencyLayer`](crate::QueueLatencyLayer), and the client's address to everything in
/// floodwall that asks for it.
///
/// ```no_run
/// use axum::{Router, routing::get};
/// use floodwall::QueueLatencyLayer;
/// use floodwall::http::{AcceptInfo, AcceptedListener};
///
/// # async fn serve() -> std::io::Result<()> {
/// let app: Router = Router::new()
///     .route("/", get(|| async { "hello" }))
///     .layer(QueueLatencyLayer::new());
/// let listener = AcceptedListener::new(tokio::net::TcpListener::bind("0.0.0.0:3000").await?);
/// axum::serve(listener, app.into_make_service_with_connect_info::<AcceptInfo>()).await
/// # }
/// ```
#[derive(Debug)]
pub struct AcceptedListener<L>(L);

impl<L> AcceptedListener<L> {
    /// Accepts what `listener` accepts.
    pub const fn new(listener: L) -> Self {
        Self(listener)
    }
}

impl<L: Listener> Listener for AcceptedListener<L> {
    type Io = Accepted<L::Io>;
    type Addr = L::Addr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        let (io, from) = self.0.accept().await;
        (Accepted::now(io), from)
    }

    fn local_addr(&self) -> io::Result<Self::Addr> {
        self.0.local_addr()
    }
}

/// What axum's `ConnectInfo` carries behind an [`AcceptedListener`]: who is at the other end, and
/// when the connection was accepted.
#[derive(Clone, Debug)]
pub struct AcceptInfo {
    peer: SocketAddr,
    stamps: FirstBytes,
}

impl AcceptInfo {
    /// Who is at the other end of the connection.
    pub const fn peer(&self) -> SocketAddr {
        self.peer
    }
}

impl<L: Listener<Addr = SocketAddr>> Connected<IncomingStream<'_, AcceptedListener<L>>>
    for AcceptInfo
{
    fn connect_info(stream: IncomingStream<'_, AcceptedListener<L>>) -> Self {
        Self {
            peer: *stream.remote_addr(),
            stamps: stream.io().stamps(),
        }
    }
}

pub(super) fn received(head: &Head) -> Option<Instant> {
    let ConnectInfo(info) = head.extensions.get::<ConnectInfo<AcceptInfo>>()?;
    info.stamps.take()
}
