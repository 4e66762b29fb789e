use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use floodwall_core::Rejection;

use super::BreakerPermit;
use super::core::Core;
use crate::Now;

/// The decision of a [`Breaker`](super::Breaker): made at its first poll.
///
/// # Cancel safety
///
/// Dropped before it is polled, it has changed nothing.
#[derive(Debug)]
pub struct BreakerDecision {
    core: Option<Arc<Core>>,
    now: Now,
}

impl BreakerDecision {
    pub(super) const fn new(core: Arc<Core>, now: Now) -> Self {
        Self {
            core: Some(core),
            now,
        }
    }
}

impl Future for BreakerDecision {
    type Output = Result<BreakerPermit, Rejection>;

    fn poll(mut self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<Self::Output> {
        let core = self.core.take();
        let core = core.expect("a decision is polled to its end once");
        Poll::Ready(Core::decide(core, &self.now))
    }
}
