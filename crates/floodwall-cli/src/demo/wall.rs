//! The floodwall of the second run: all that differs between the two.

use std::time::Duration;

use axum::Router;
use floodwall::{BuildError, ConcurrencyLimit, QueueConfig, http::header};

use super::client::PRIORITY;

/// Puts floodwall in front of `router`, which has `workers` workers.
pub(crate) fn protect(router: Router, workers: u32) -> Result<Router, BuildError> {
    // Two rounds of work may wait: enough that no worker is ever idle in a flood, and short enough
    // that nobody who is served has waited long.
    let queue = QueueConfig::builder()
        .capacity(2 * workers)
        .max_wait(Duration::from_millis(25));
    let limit = ConcurrencyLimit::builder(workers)
        .queue(queue)
        // Only this program talks to its server.
        .priority(header(PRIORITY).trusting_everyone())
        .layer()?;
    Ok(router.layer(limit))
}
