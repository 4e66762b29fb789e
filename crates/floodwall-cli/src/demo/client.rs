//! Callers that keep their connections, and hang up when the answer does not come.

use std::{
    io,
    net::SocketAddr,
    sync::{Mutex, PoisonError},
    time::Instant,
};

use axum::body::Bytes;
use http::{Request, header::HOST};
use http_body_util::{BodyExt, Empty};
use hyper::client::conn::http1::{self, Connection, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::{net::TcpStream, time::timeout_at};

/// Tells the server how urgent a request is, 0 to 7.
pub(crate) const PRIORITY: &str = "x-priority";

/// How a request ended, as its caller saw it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    Answered(u16),
    TimedOut,
    /// No connection, or a broken one.
    Failed,
}

impl Ending {
    pub(crate) fn is_success(self) -> bool {
        self == Self::Answered(200)
    }
}

/// Whether somebody was told to come back later, or not at all.
pub(crate) fn is_refusal(status: u16) -> bool {
    matches!(status, 429 | 503)
}

/// Any number of connections to one server, kept for the next request when idle.
#[derive(Debug)]
pub(crate) struct Client {
    server: SocketAddr,
    host: String,
    idle: Mutex<Vec<Open>>,
}

impl Client {
    pub(crate) fn new(server: SocketAddr) -> Self {
        Self {
            server,
            host: server.to_string(),
            idle: Mutex::default(),
        }
    }

    /// One request and its whole answer; at `deadline` the connection is closed.
    pub(crate) async fn call(&self, priority: u8, deadline: Instant) -> Ending {
        match timeout_at(deadline.into(), self.exchange(priority)).await {
            Ok(Ok(status)) => Ending::Answered(status),
            Ok(Err(_)) => Ending::Failed,
            Err(_) => Ending::TimedOut,
        }
    }

    async fn exchange(&self, priority: u8) -> anyhow::Result<u16> {
        let kept = self.idle().pop();
        let mut open = match kept {
            Some(open) => open,
            None => Open::connect(self.server).await?,
        };
        let request = Request::get("/")
            .header(HOST, &self.host)
            .header(PRIORITY, u32::from(priority))
            .body(Empty::new())?;
        let status = open.exchange(request).await?;
        if !open.ended {
            self.idle().push(open);
        }
        Ok(status)
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Open>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A connection that is driven by whoever uses it: no task of its own, and dropped means closed.
#[derive(Debug)]
struct Open {
    sender: SendRequest<Empty<Bytes>>,
    connection: Connection<TokioIo<TcpStream>, Empty<Bytes>>,
    ended: bool,
}

impl Open {
    async fn connect(server: SocketAddr) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(server).await?;
        configure(&stream)?;
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        Ok(Self {
            sender,
            connection,
            ended: false,
        })
    }

    async fn exchange(&mut self, request: Request<Empty<Bytes>>) -> hyper::Result<u16> {
        let Self {
            sender,
            connection,
            ended,
        } = self;
        let talk = async {
            sender.ready().await?;
            let answer = sender.send_request(request).await?;
            let status = answer.status().as_u16();
            answer.into_body().collect().await?;
            Ok(status)
        };
        tokio::pin!(talk);
        tokio::select! {
            biased;
            answer = &mut talk => answer,
            _ = connection => {
                *ended = true;
                // A server may answer and close: what it said is still in the channel.
                talk.await
            }
        }
    }
}

fn configure(stream: &TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    // Thousands of callers hang up each second. Closed the polite way, each would hold its port for
    // another minute, and a long demo would run out of ports.
    stream.set_zero_linger()
}
