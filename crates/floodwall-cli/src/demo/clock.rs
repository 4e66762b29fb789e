//! The one place that reads the time.

use std::time::{Duration, Instant};

#[expect(
    clippy::disallowed_methods,
    reason = "real sockets are measured in real time; nobody pauses this clock"
)]
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// How long ago `start` was; zero while it is still to come.
pub(crate) fn since(start: Instant) -> Duration {
    now().saturating_duration_since(start)
}
