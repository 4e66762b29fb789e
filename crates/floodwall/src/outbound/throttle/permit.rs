use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use floodwall_core::Rejection;

use super::core::Core;
use crate::Now;
use crate::admission::{End, Permit};

/// A call that a [`Throttle`](super::Throttle) let through: tells it whether it was accepted.
#[derive(Debug)]
pub struct ThrottlePermit {
    core: Option<Arc<Core>>,
}

impl ThrottlePermit {
    pub(super) const fn new(core: Arc<Core>) -> Self {
        Self { core: Some(core) }
    }

    pub(super) const fn free() -> Self {
        Self { core: None }
    }
}

impl Permit for ThrottlePermit {
    fn complete(self, end: &End) {
        if let Some(core) = self.core {
            core.ended(end.outcome(), end.now());
        }
    }
}

/// The decision of a [`Throttle`](super::Throttle): made at its first poll.
///
/// # Cancel safety
///
/// Dropped before it is polled, it has changed nothing.
#[derive(Debug)]
pub struct ThrottleDecision {
    core: Option<Arc<Core>>,
    now: Now,
}

impl ThrottleDecision {
    pub(super) const fn new(core: Arc<Core>, now: Now) -> Self {
        Self {
            core: Some(core),
            now,
        }
    }
}

impl Future for ThrottleDecision {
    type Output = Result<ThrottlePermit, Rejection>;

    fn poll(mut self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<Self::Output> {
        let core = self.core.take();
        let core = core.expect("a decision is polled to its end once");
        Poll::Ready(Core::decide(core, &self.now))
    }
}
