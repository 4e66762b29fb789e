use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use floodwall_core::rate::KeyHash;
use floodwall_core::{Level, Rejection};

use super::core::{Asked, Core};
use super::{NoRetries, ShedBuilder, ShedHandle, Shedding};
use crate::admission::{Admission, Matches};
use crate::extract::{KeyOf, PriorityOf, Unkeyed, Usual};
use crate::spare::Owned;
use crate::{Mode, Now};

/// Sheds the least urgent requests while the service is pressed.
///
/// Clones share the state. `P` reads the priority of a request, `T` its tenant, and `R` tells
/// retries; without them all requests are [`Priority::NORMAL`](crate::Priority::NORMAL), take turns
/// in being shed, and are first attempts.
///
/// Put it before the queue that it watches, as [`all`](crate::all)`((quota, shed, limit))`.
///
/// ```
/// use floodwall::{ConcurrencyLimit, Shed, all};
/// # #[cfg(feature = "http")] {
/// use floodwall::http::header;
///
/// let priority = header("x-priority").trusted(["10.0.0.0/8"])?;
/// let limit = ConcurrencyLimit::builder(64).priority(priority.clone()).build()?;
/// let shed = Shed::builder().priority(priority).queue(&limit.handle()).build()?;
/// let policy = all((shed, limit));
/// # drop(policy);
/// # }
/// # Ok::<(), floodwall::BuildError>(())
/// ```
#[derive(Debug)]
pub struct Shed<P = Usual, T = Unkeyed, R = NoRetries> {
    readers: Arc<Readers<P, T, R>>,
    core: Owned<Core>,
}

#[derive(Debug)]
struct Readers<P, T, R> {
    priority: P,
    tenant: T,
    retries: R,
}

impl Shed {
    /// Begins with the defaults, which each method tells. Without a queue and without a source of
    /// pressure it sheds nothing.
    pub fn builder() -> ShedBuilder {
        ShedBuilder::new()
    }
}

impl<P, T, R> Shed<P, T, R> {
    pub(super) fn assemble(priority: P, tenant: T, retries: R, core: Core) -> Self {
        let readers = Readers {
            priority,
            tenant,
            retries,
        };
        Self {
            readers: Arc::new(readers),
            core: Owned::new(core),
        }
    }

    /// To look at it and to change its mode while requests run.
    pub fn handle(&self) -> ShedHandle {
        ShedHandle::new(self.core.clone())
    }

    /// The level that a request has now.
    pub fn level_of<Req: ?Sized>(&self, request: &Req, now: &Now) -> Level
    where
        P: PriorityOf<Req>,
        T: KeyOf<Req>,
        R: Matches<Req>,
    {
        self.core
            .level(&self.read(request), self.core.origin.at(now))
    }

    fn read<Req: ?Sized>(&self, request: &Req) -> Asked
    where
        P: PriorityOf<Req>,
        T: KeyOf<Req>,
        R: Matches<Req>,
    {
        Asked {
            priority: self.readers.priority.priority(request),
            tenant: self.tenant(request),
            retry: self.readers.retries.matches(request),
        }
    }

    /// Who cannot be told apart takes turns with the others: shedding needs no key to be fair.
    fn tenant<Req: ?Sized>(&self, request: &Req) -> Option<KeyHash>
    where
        T: KeyOf<Req>,
    {
        let mut hasher = self.core.cohorts.secret()?.hasher();
        let read = self.readers.tenant.key(request, &mut hasher);
        read.is_ok().then(|| hasher.finish_key())
    }
}

impl<P, T, R> Clone for Shed<P, T, R> {
    fn clone(&self) -> Self {
        Self {
            readers: Arc::clone(&self.readers),
            core: self.core.clone(),
        }
    }
}

impl<Req, P, T, R> Admission<Req> for Shed<P, T, R>
where
    Req: ?Sized,
    P: PriorityOf<Req>,
    T: KeyOf<Req>,
    R: Matches<Req>,
{
    type Permit = ();
    type Future = Shedding;

    fn peek(&self, request: &Req, now: &Now) -> Result<(), Rejection> {
        if self.core.enforces_all()
            && self
                .core
                .would_shed(&self.read(request), self.core.origin.at(now))
        {
            return Err(self.core.refusal());
        }
        Ok(())
    }

    fn check(&self, request: &Req, now: &Now) -> Result<(), Rejection> {
        // Which of a percentage are shed is for `admit` to choose, or it would be chosen twice.
        if !self.core.enforces_all() {
            return Ok(());
        }
        let asked = self.read(request);
        self.core.check(&asked, self.core.origin.at(now)).map(drop)
    }

    fn passed_over(&self, request: &Req, now: &Now, refusal: &Rejection) {
        // What the client's own quota refused is no demand that anybody could serve.
        if !refusal.reason().is_clients_own() && self.core.mode.get() != Mode::Off {
            let at = self.core.origin.at(now);
            let level = self.core.level(&self.read(request), at);
            self.core.shedder.arrived(level);
        }
    }

    fn admit(&self, request: &Req, now: &Now) -> Shedding {
        let (asked, at) = (self.read(request), self.core.origin.at(now));
        Shedding::new(self.core.lend(), asked, at)
    }

    fn decide(&self, request: &Req, now: &Now) -> Result<Shedding, Rejection> {
        let (asked, at) = (self.read(request), self.core.origin.at(now));
        let level = if self.core.enforces_all() {
            Some(self.core.check(&asked, at)?)
        } else {
            None
        };
        Ok(Shedding::new(self.core.lend(), asked, at).of(level))
    }

    fn decides_early(&self) -> bool {
        true
    }

    #[inline]
    fn poll_into(
        decision: Pin<&mut Shedding>,
        _cx: &mut Context<'_>,
        place: &mut Option<()>,
        refused: &mut Option<Rejection>,
    ) -> Poll<bool> {
        let is_in = decision.get_mut().decide(refused);
        *place = is_in.then_some(());
        Poll::Ready(is_in)
    }
}
