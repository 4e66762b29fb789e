use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};

use pin_project_lite::pin_project;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Instant;

use crate::Now;

pin_project! {
    /// A connection that remembers when it was accepted, for the first request on it.
    ///
    /// Make it right after `accept`, or after the handshake of TLS, so that what it reads is HTTP.
    /// With hyper, [`stamps`](Accepted::stamps) goes to the service of the connection; with axum,
    /// [`AcceptedListener`](crate::http::AcceptedListener) does all of it.
    ///
    /// Between `accept` and the first read lies what the runtime made the connection wait. But a
    /// client may connect and send nothing for an hour, or its request byte by byte: that is no
    /// waiting of ours, and nobody may drive the measured latency up with it. So whenever a read
    /// finds nothing, the stamp moves to the next one that does. The stamp counts for one request
    /// only: on the later ones of a connection the time of its acceptance says nothing.
    ///
    /// ```
    /// use floodwall::queue_latency::Accepted;
    ///
    /// # async fn serve(listener: tokio::net::TcpListener) -> std::io::Result<()> {
    /// let (socket, _) = listener.accept().await?;
    /// let socket = Accepted::now(socket);
    /// let stamps = socket.stamps();
    /// // For each request: `if let Some(at) = stamps.take()`, put `ReceivedAt(at)` on it; or wrap
    /// // the service with `http::StampFirst::new(service, stamps)`.
    /// # drop((socket, stamps));
    /// # Ok(())
    /// # }
    /// ```
    #[derive(Debug)]
    pub struct Accepted<Io> {
        #[pin]
        io: Io,
        found_nothing: bool,
        stamps: FirstBytes,
    }
}

impl<Io> Accepted<Io> {
    /// `io` was accepted right now.
    pub fn now(io: Io) -> Self {
        Self {
            io,
            found_nothing: false,
            stamps: FirstBytes(Arc::new(Stamp {
                accepted: Now::unread().instant(),
                moved_by: AtomicU64::new(0),
            })),
        }
    }

    /// The stamp of the first request.
    pub fn stamps(&self) -> FirstBytes {
        self.stamps.clone()
    }

    /// The connection itself.
    pub const fn get_ref(&self) -> &Io {
        &self.io
    }

    /// The connection itself, to be changed.
    pub const fn get_mut(&mut self) -> &mut Io {
        &mut self.io
    }

    /// Takes the stamp away.
    pub fn into_inner(self) -> Io {
        self.io
    }
}

/// When the first request of a connection could be read; see [`Accepted`]. Clones share it.
#[derive(Clone, Debug)]
pub struct FirstBytes(Arc<Stamp>);

#[derive(Debug)]
struct Stamp {
    accepted: Instant,
    // Nanoseconds from `accepted` to the stamp; `TAKEN` when the first request has it.
    moved_by: AtomicU64,
}

const TAKEN: u64 = u64::MAX;

impl FirstBytes {
    /// The stamp, for the first who asks.
    pub fn take(&self) -> Option<Instant> {
        // Most requests are not the first; they need not write.
        if self.is_taken() {
            return None;
        }
        match self.0.moved_by.swap(TAKEN, Ordering::AcqRel) {
            TAKEN => None,
            nanos => {
                let moved_by = std::time::Duration::from_nanos(nanos);
                self.0.accepted.checked_add(moved_by)
            }
        }
    }

    fn is_taken(&self) -> bool {
        self.0.moved_by.load(Ordering::Relaxed) == TAKEN
    }

    fn move_to(&self, now: Instant) {
        let since = now.saturating_duration_since(self.0.accepted).as_nanos();
        let since = u64::try_from(since).unwrap_or(TAKEN - 1).min(TAKEN - 1);
        // Lost if it was taken meanwhile.
        let _ = self
            .0
            .moved_by
            .fetch_update(Ordering::AcqRel, Ordering::Relaxed, |at| {
                (at != TAKEN).then_some(since)
            });
    }
}

impl<Io: AsyncRead> AsyncRead for Accepted<Io> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.project();
        let polled = this.io.poll_read(cx, buf);
        if polled.is_pending() {
            *this.found_nothing = true;
        } else if std::mem::take(this.found_nothing) && !this.stamps.is_taken() {
            this.stamps.move_to(Now::unread().instant());
        }
        polled
    }
}

impl<Io: AsyncWrite> AsyncWrite for Accepted<Io> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.project().io.poll_write(cx, buf)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.project().io.poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.project().io.poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.project().io.poll_shutdown(cx)
    }
}
