//! Two walls to begin with.

use std::time::Duration;

use super::{Stack, StackBuilder};
use crate::concurrency::adaptive;

impl Stack {
    /// Begins with a limit that finds itself and keeps answers quick: whoever waits for longer than a
    /// quarter of `target` is refused, and the limit comes down while the service itself needs more
    /// than the other three quarters in the mean, even if less comes out then.
    ///
    /// So what is let in takes `target` at most, as long as the service can be that quick at all: one
    /// that needs longer when it is alone ends at a limit of 1. It is a mean, and not a promise to
    /// each. All can be changed as in [`builder`](Stack::builder), the limit by
    /// [`concurrency`](StackBuilder::concurrency).
    ///
    /// ```
    /// use floodwall::{Stack, http::path};
    /// use std::time::Duration;
    ///
    /// let stack = Stack::for_latency(Duration::from_millis(200)).exempt(path("/healthz")).build()?;
    /// assert!(stack.describe().to_string().contains("wait for up to 50ms"));
    /// # Ok::<(), floodwall::BuildError>(())
    /// ```
    ///
    /// A target of 0 is told as an error by [`build`](StackBuilder::build).
    pub fn for_latency(target: Duration) -> StackBuilder {
        let wait = target / 4;
        let limit = adaptive().latency_ceiling(target.saturating_sub(wait));
        Self::builder().concurrency(limit.queue(wait))
    }

    /// Begins with a limit that finds itself and gets as much done as the service can do, however long
    /// each takes: no ceiling on latency, and up to half a second in the queue, so that bursts are
    /// worked off and not refused.
    ///
    /// ```
    /// use floodwall::Stack;
    ///
    /// let stack = Stack::for_throughput().build()?;
    /// assert!(stack.describe().to_string().contains("wait for up to 500ms"));
    /// # Ok::<(), floodwall::BuildError>(())
    /// ```
    pub fn for_throughput() -> StackBuilder {
        Self::builder().concurrency(adaptive().queue(Duration::from_millis(500)))
    }
}
