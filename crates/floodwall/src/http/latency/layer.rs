use std::sync::Arc;

use tower_layer::Layer;

use super::shared::Shared;
use super::{QueueLatencyBuilder, Stamped};

/// Measures how long requests wait before work on them begins; the outermost layer.
///
/// The handler, and whatever lies in between, finds a [`QueueLatency`](crate::QueueLatency) among
/// the request's extensions. Each request that was run is recorded once, in the histograms
/// `floodwall_queue_latency_seconds` by `part` and `class`, and told to whoever
/// [asked](QueueLatencyBuilder::tell). What was refused is in `floodwall_queue_wait_seconds`.
///
/// It measures until a floodwall layer further in calls what it wraps; with several of them, the
/// innermost. Without one, until it calls what it wraps itself. It never refuses, and a stranger's
/// request cannot make it say more than was waited here: only
/// [trusted](QueueLatencyBuilder::trusted) proxies are asked what came before.
///
/// ```
/// use axum::{Extension, Router, routing::get};
/// use floodwall::{ConcurrencyLimitLayer, QueueLatency, QueueLatencyLayer};
///
/// async fn hello(Extension(latency): Extension<QueueLatency>) -> String {
///     format!("hello, after {:?}", latency.total())
/// }
///
/// let app: Router = Router::new()
///     .route("/", get(hello))
///     .layer(ConcurrencyLimitLayer::new(64))
///     .layer(QueueLatencyLayer::new()); // in axum the last one is the outermost
/// ```
///
/// Stacked below another one it keeps out: the outer one measures.
#[derive(Clone, Debug)]
pub struct QueueLatencyLayer {
    shared: Arc<Shared>,
}

impl QueueLatencyLayer {
    /// Trusts nobody, knows no deadlines, and takes all for
    /// [`Priority::NORMAL`](crate::Priority::NORMAL).
    #[must_use]
    pub fn new() -> Self {
        match Self::builder().build() {
            Ok(layer) => layer,
            Err(error) => unreachable!("the defaults are sound: {error}"),
        }
    }

    /// Begins with the defaults, which each method tells.
    pub fn builder() -> QueueLatencyBuilder {
        QueueLatencyBuilder::new()
    }

    pub(super) fn assemble(shared: Shared) -> Self {
        Self {
            shared: Arc::new(shared),
        }
    }
}

impl Default for QueueLatencyLayer {
    fn default() -> Self {
        Self::new()
    }
}

impl<S> Layer<S> for QueueLatencyLayer {
    type Service = Stamped<S>;
    fn layer(&self, inner: S) -> Stamped<S> {
        Stamped::new(inner, Arc::clone(&self.shared))
    }
}
