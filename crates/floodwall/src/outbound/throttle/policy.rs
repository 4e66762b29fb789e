use std::sync::Arc;

use super::core::Core;
use super::{ThrottleBuilder, ThrottleDecision, ThrottleHandle, ThrottlePermit};
use crate::Now;
use crate::admission::Admission;

/// Holds back a part of the calls to what does not accept them: the less is accepted, the less is
/// sent.
///
/// Google's client-side throttling ("Handling Overload", Site Reliability Engineering, chapter 21): a
/// call is refused on the spot with the probability
/// `max(0, (requests - k * accepts) / (requests + 1))`, over the last two minutes, with k = 2. Its own
/// refusals count as requests. Unlike a [`Breaker`](crate::outbound::Breaker) it is silent until half
/// of the calls fail, and never stops all.
///
/// A call is accepted if it ends in [`Outcome::Success`](crate::Outcome::Success). It counts when it
/// has ended; those under way count for nothing yet.
///
/// Clones share the state. Refusals have the reason
/// [`Reason::Throttled`](crate::Reason::Throttled).
///
/// ```
/// use floodwall::outbound::Throttle;
///
/// let throttle = Throttle::new();
/// assert_eq!(throttle.handle().snapshot().held_back, 0.0);
/// ```
#[derive(Clone, Debug)]
pub struct Throttle {
    core: Arc<Core>,
}

impl Throttle {
    /// k = 2 over two minutes.
    pub fn new() -> Self {
        Self::builder().build().expect("these settings are sound")
    }

    /// Begins with the defaults, which each method tells.
    pub const fn builder() -> ThrottleBuilder {
        ThrottleBuilder::new()
    }

    pub(super) fn assemble(core: Core) -> Self {
        Self {
            core: Arc::new(core),
        }
    }

    /// To look at the throttle and to change its mode while requests run.
    pub fn handle(&self) -> ThrottleHandle {
        ThrottleHandle::new(Arc::clone(&self.core))
    }
}

impl Default for Throttle {
    fn default() -> Self {
        Self::new()
    }
}

/// A peek says yes: what chance will say is decided once, when it is asked in earnest.
impl<Req: ?Sized> Admission<Req> for Throttle {
    type Permit = ThrottlePermit;
    type Future = ThrottleDecision;

    fn admit(&self, _request: &Req, now: &Now) -> ThrottleDecision {
        ThrottleDecision::new(Arc::clone(&self.core), now.clone())
    }
}
