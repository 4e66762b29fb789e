use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use floodwall_core::Priority;
use tokio::time::Instant;

use crate::Now;

/// How long a request had waited when work on it began, and how much time is left; an extension of
/// the request.
///
/// [`QueueLatencyLayer`](crate::QueueLatencyLayer) puts it there. All is final when the handler
/// runs; a layer in between reads what is known so far. Clones show the same request.
///
/// ```
/// use floodwall::{Now, QueueLatency};
/// use std::time::Duration;
///
/// async fn handler(request: http::Request<()>) -> &'static str {
///     let latency = request.extensions().get::<QueueLatency>();
///     let left = latency.and_then(|latency| latency.left(&Now::unread()));
///     match left {
///         Some(left) if left < Duration::from_millis(50) => "from the cache",
///         _ => "the whole answer",
///     }
/// }
/// # drop(handler);
/// ```
#[derive(Clone)]
pub struct QueueLatency(Arc<Track>);

/// What is known at the outermost layer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Arrived {
    pub(crate) at_layer: Instant,
    pub(crate) upstream: Option<Duration>,
    pub(crate) accept: Option<Duration>,
    pub(crate) class: Priority,
    pub(crate) deadline: Option<Instant>,
}

struct Track {
    arrived: Arrived,
    // Written by the layers further in; nanoseconds.
    queue: AtomicU64,
    readiness: AtomicU64,
    // From the outermost layer to the inner call; `NOT_YET` until then.
    begun: AtomicU64,
    // How many layers have the request and have not called what they wrap.
    holders: AtomicU32,
    // How many admitting layers have ever let it in.
    admitted: AtomicU32,
}

const NOT_YET: u64 = u64::MAX;

impl QueueLatency {
    pub(crate) fn new(arrived: Arrived) -> Self {
        Self(Arc::new(Track {
            arrived,
            queue: AtomicU64::new(0),
            readiness: AtomicU64::new(0),
            begun: AtomicU64::new(NOT_YET),
            holders: AtomicU32::new(0),
            admitted: AtomicU32::new(0),
        }))
    }

    /// From when a trusted proxy had the request until it came here; `None` if no such proxy said.
    pub fn upstream(&self) -> Option<Duration> {
        self.0.arrived.upstream
    }

    /// From when the connection was accepted, or the head was read, until the outermost layer had
    /// the request; `None` if the server did not say.
    pub fn accept(&self) -> Option<Duration> {
        self.0.arrived.accept
    }

    /// For its admission: in floodwall's own queue, waiting room, or pace.
    pub fn queue(&self) -> Duration {
        Duration::from_nanos(self.0.queue.load(Ordering::Relaxed))
    }

    /// For the readiness of the wrapped service.
    pub fn readiness(&self) -> Duration {
        Duration::from_nanos(self.0.readiness.load(Ordering::Relaxed))
    }

    /// In whatever lies between the outermost layer and the handler and is not floodwall's.
    pub fn other(&self) -> Duration {
        self.begun().map_or(Duration::ZERO, |begun| {
            begun.saturating_sub(self.queue() + self.readiness())
        })
    }

    /// From the [arrival](QueueLatency::arrival) until the handler was called, or of what is known
    /// so far if it was not.
    pub fn total(&self) -> Duration {
        let inside = self
            .begun()
            .unwrap_or_else(|| self.queue() + self.readiness());
        self.before_layer() + inside
    }

    /// One part by its name; `None` if it is not known.
    pub fn part(&self, part: Part) -> Option<Duration> {
        match part {
            Part::Upstream => self.upstream(),
            Part::Accept => self.accept(),
            Part::Queue => Some(self.queue()),
            Part::Readiness => Some(self.readiness()),
            Part::Other => Some(self.other()),
            Part::Total => Some(self.total()),
        }
    }

    /// When the request arrived, as far out as is known: where all of this is counted from.
    pub fn arrival(&self) -> Instant {
        let at_layer = self.0.arrived.at_layer;
        at_layer
            .checked_sub(self.before_layer())
            .unwrap_or(at_layer)
    }

    /// The class that the layer read.
    pub fn class(&self) -> Priority {
        self.0.arrived.class
    }

    /// Until when the caller waits, if it said, or the layer knows.
    ///
    /// An inner [`ConcurrencyLimit`](crate::ConcurrencyLimit) heeds it with
    /// `.deadline(http::extension::<QueueLatency>())`.
    pub fn deadline(&self) -> Option<Instant> {
        self.0.arrived.deadline
    }

    /// How much of the caller's time is left; zero if nothing is, `None` if there is no deadline.
    pub fn left(&self, now: &Now) -> Option<Duration> {
        let deadline = self.deadline()?;
        Some(deadline.saturating_duration_since(now.instant()))
    }

    fn before_layer(&self) -> Duration {
        let Arrived {
            upstream, accept, ..
        } = self.0.arrived;
        upstream.unwrap_or_default() + accept.unwrap_or_default()
    }

    fn begun(&self) -> Option<Duration> {
        let nanos = self.0.begun.load(Ordering::Acquire);
        (nanos != NOT_YET).then(|| Duration::from_nanos(nanos))
    }

    /// A layer has the request: what began further out was not the handler.
    pub(super) fn hold(&self) {
        self.0.holders.fetch_add(1, Ordering::AcqRel);
        self.0.begun.store(NOT_YET, Ordering::Release);
    }

    /// That layer does not have it any more, and never called what it wraps.
    pub(super) fn let_go(&self) {
        self.0.holders.fetch_sub(1, Ordering::AcqRel);
    }

    pub(super) fn add_queue(&self, waited: Duration) {
        self.0.queue.fetch_add(nanos(waited), Ordering::Relaxed);
        self.0.admitted.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn add_readiness(&self, waited: Duration) {
        self.0.readiness.fetch_add(nanos(waited), Ordering::Relaxed);
    }

    pub(super) fn begin(&self, at: Instant) {
        let since = at.saturating_duration_since(self.0.arrived.at_layer);
        self.0.begun.store(nanos(since), Ordering::Release);
        self.let_go();
    }

    /// Whether work has begun, as far as can be told by now.
    pub(crate) fn has_begun(&self) -> bool {
        self.0.holders.load(Ordering::Acquire) == 0 && self.begun().is_some()
    }

    /// Whether it was an admitting layer that let it begin: usually nobody waits after that.
    pub(crate) fn was_admitted(&self) -> bool {
        self.0.admitted.load(Ordering::Relaxed) > 0
    }
}

/// Below [`NOT_YET`] and far from where sums of a few would wrap: 146 years.
fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos())
        .unwrap_or(u64::MAX)
        .min(u64::MAX / 4)
}

impl fmt::Debug for QueueLatency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut all = f.debug_struct("QueueLatency");
        for part in Part::ALL {
            all.field(part.as_str(), &self.part(part));
        }
        all.field("deadline", &self.deadline()).finish()
    }
}

/// A part of a [`QueueLatency`]; the label `part` of its histogram.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Part {
    /// See [`QueueLatency::upstream`].
    Upstream,
    /// See [`QueueLatency::accept`].
    Accept,
    /// See [`QueueLatency::queue`].
    Queue,
    /// See [`QueueLatency::readiness`].
    Readiness,
    /// See [`QueueLatency::other`].
    Other,
    /// See [`QueueLatency::total`].
    Total,
}

impl Part {
    /// All, from the outside in; the total comes last and is the sum of the others.
    pub const ALL: [Self; 6] = [
        Self::Upstream,
        Self::Accept,
        Self::Queue,
        Self::Readiness,
        Self::Other,
        Self::Total,
    ];

    /// Its name, as in metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Upstream => "upstream",
            Self::Accept => "accept",
            Self::Queue => "queue",
            Self::Readiness => "readiness",
            Self::Other => "other",
            Self::Total => "total",
        }
    }
}
