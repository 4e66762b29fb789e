use std::sync::Arc;

use floodwall_core::Outcome;

use super::core::{Core, Let};
use crate::Now;
use crate::admission::{End, Permit};

/// A call that a [`Breaker`](super::Breaker) let through: tells it how the call ended. Dropped without
/// that, it teaches nothing, and makes room for another probe.
#[derive(Debug)]
pub struct BreakerPermit {
    held: Option<(Arc<Core>, Let)>,
}

impl BreakerPermit {
    pub(super) const fn new(core: Arc<Core>, by: Let) -> Self {
        Self {
            held: Some((core, by)),
        }
    }

    pub(super) const fn free() -> Self {
        Self { held: None }
    }

    fn end(&mut self, outcome: Outcome, now: &Now) {
        if let Some((core, by)) = self.held.take() {
            core.ended(by, outcome, now);
        }
    }
}

impl Permit for BreakerPermit {
    fn complete(mut self, end: &End) {
        self.end(end.outcome(), end.now());
    }
}

impl Drop for BreakerPermit {
    fn drop(&mut self) {
        self.end(Outcome::Cancelled, &Now::unread());
    }
}
