//! How long something takes.

use std::time::{Duration, Instant};

/// By the clock on the wall.
pub(crate) fn time<T>(work: impl FnOnce() -> T) -> (Duration, T) {
    let start = now();
    let done = work();
    (now().duration_since(start), done)
}

#[allow(
    clippy::disallowed_methods,
    reason = "what the work costs in wall time is the question"
)]
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// What this thread has computed so far: the processor's time where the system tells it, else that
/// of the clock on the wall.
pub(crate) fn computed() -> Duration {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanos = told.split(' ').next().and_then(|first| first.parse().ok());
    nanos.map_or_else(since_begin, Duration::from_nanos)
}

fn since_begin() -> Duration {
    static BEGIN: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
    now().duration_since(*BEGIN.get_or_init(now))
}
