use std::sync::Arc;

use floodwall_core::Rejection;

use super::core::Core;
use super::{BreakerBuilder, BreakerDecision, BreakerHandle, BreakerPermit};
use crate::Now;
use crate::admission::Admission;

/// Holds back calls to what fails, so that it can recover and nobody waits in vain.
///
/// Proportional unless told otherwise: it refuses about as large a share of the calls as fails more
/// than usual, judged each second over the last ten. When a part of the calls fails, the rest goes
/// on; an on-off breaker stops nearly all. [`BreakerBuilder::classic`] is that one.
///
/// One breaker is for one thing that can break: a host, a database. Clones share the state. Refusals
/// have the reason [`Reason::Breaker`](crate::Reason::Breaker). What counts as an error: see the
/// [module](crate::outbound#what-they-learn-from).
///
/// ```
/// use floodwall::outbound::{Breaker, BreakerState};
///
/// let breaker = Breaker::new();
/// assert_eq!(breaker.handle().snapshot().state, BreakerState::Closed);
/// ```
#[derive(Clone, Debug)]
pub struct Breaker {
    core: Arc<Core>,
}

impl Breaker {
    /// The proportional one, with the defaults of
    /// [`ProportionalConfig`](crate::outbound::ProportionalConfig).
    pub fn new() -> Self {
        Self::builder().build().expect("these settings are sound")
    }

    /// Begins with the defaults, which each method tells.
    pub const fn builder() -> BreakerBuilder {
        BreakerBuilder::new()
    }

    pub(super) fn assemble(core: Core) -> Self {
        Self {
            core: Arc::new(core),
        }
    }

    /// To look at the breaker and to change its mode while requests run.
    pub fn handle(&self) -> BreakerHandle {
        BreakerHandle::new(Arc::clone(&self.core))
    }
}

impl Default for Breaker {
    fn default() -> Self {
        Self::new()
    }
}

impl<Req: ?Sized> Admission<Req> for Breaker {
    type Permit = BreakerPermit;
    type Future = BreakerDecision;

    fn peek(&self, _request: &Req, now: &Now) -> Result<(), Rejection> {
        self.core.peek(now)
    }

    fn check(&self, _request: &Req, now: &Now) -> Result<(), Rejection> {
        self.core
            .peek(now)
            .inspect_err(|refusal| self.core.count(refusal))
    }

    fn admit(&self, _request: &Req, now: &Now) -> BreakerDecision {
        BreakerDecision::new(Arc::clone(&self.core), now.clone())
    }
}
