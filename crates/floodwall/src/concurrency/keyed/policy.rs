use std::sync::Arc;

use floodwall_core::Rejection;
use floodwall_core::queue::Tenant;

use super::builder::KeyedConcurrencyLimitBuilder;
use super::future::{Asked, KeyedAcquire};
use super::handle::KeyedConcurrencyLimitHandle;
use super::shared::Shared;
use crate::Now;
use crate::admission::Admission;
use crate::concurrency::{ConcurrencyLimitBuilder, ConcurrencyPermit};
use crate::extract::{DeadlineOf, KeyOf, PriorityOf, Unkeyed, Usual};

/// A limit of its own for each key: for each upstream that is called, or each tenant that calls.
///
/// There is room for a fixed number of keys. A new one takes a free slot, or that of the key that was
/// unused for longest, whose limit is forgotten then, with what it has learned. A slot is unused when
/// nobody is inside and nobody waits. While all that a key can have are in use, it shares one slot
/// with all others in that need, which is [counted](super::KeyedConcurrencySnapshot::overflowed).
///
/// A slot takes a few kilobytes and no more, most of it for the last 32 samples and 64 changes of a limit
/// that moves. Keys of strangers can push
/// out those who are idle, but none that is in use; give it twice as many slots as there are keys at
/// once.
///
/// # Cancel safety
///
/// As of a [`ConcurrencyLimit`](super::super::ConcurrencyLimit).
///
/// # Panics
///
/// As a [`ConcurrencyLimit`](super::super::ConcurrencyLimit); and a request whose key has no limit
/// yet panics with what the closure panics that makes it.
///
/// ```
/// use floodwall::concurrency::KeyedConcurrencyLimit;
/// use floodwall::{adaptive, extract::key_fn};
/// use std::hash::Hash;
///
/// struct Call { host: String }
///
/// let per_host = KeyedConcurrencyLimit::builder(|| adaptive().ceiling(100).no_queue())
///     .key(key_fn(|call: &Call, to| call.host.hash(to)))
///     .capacity(64)
///     .build()?;
/// # drop(per_host);
/// # Ok::<(), floodwall::BuildError>(())
/// ```
#[derive(Clone, Debug)]
pub struct KeyedConcurrencyLimit<K = Unkeyed, P = Usual, D = Usual> {
    key: K,
    priority: P,
    deadline: D,
    shared: Arc<Shared>,
}

impl KeyedConcurrencyLimit {
    /// Begins with what makes the limit of each key. All have the name and the mode of the first that
    /// it makes; who reads priority and deadline is set here and not there.
    pub fn builder(
        each: impl Fn() -> ConcurrencyLimitBuilder + Send + Sync + 'static,
    ) -> KeyedConcurrencyLimitBuilder {
        KeyedConcurrencyLimitBuilder::new(Box::new(each))
    }
}

impl<K, P, D> KeyedConcurrencyLimit<K, P, D> {
    pub(super) fn assemble(key: K, priority: P, deadline: D, shared: Shared) -> Self {
        Self {
            key,
            priority,
            deadline,
            shared: Arc::new(shared),
        }
    }

    /// To look at all limits together, and to change their mode.
    pub fn handle(&self) -> KeyedConcurrencyLimitHandle {
        KeyedConcurrencyLimitHandle::new(Arc::clone(&self.shared))
    }

    fn ask<Req: ?Sized>(&self, request: &Req, now: &Now) -> Asked
    where
        K: KeyOf<Req>,
        P: PriorityOf<Req>,
        D: DeadlineOf<Req>,
    {
        let mut hasher = self.shared.hasher();
        let key = self.key.key(request, &mut hasher);
        Asked {
            shared: Arc::clone(&self.shared),
            key: key.map(|()| hasher.finish_key()),
            priority: self.priority.priority(request),
            deadline: self.deadline.deadline(request, now),
        }
    }

    fn check_asked(&self, asked: &Asked, now: &Now) -> Result<(), Rejection> {
        let count = |refusal: &Rejection| {
            let observer = &self.shared.observer;
            observer.refused(asked.priority, refusal.reason(), refusal.retry_after());
        };
        let key = asked.key.map_err(|missing| self.shared.missing(&missing));
        match self.shared.look(key.inspect_err(count)?) {
            Some(core) => core.check(asked.priority, Ok(Tenant::NOBODY), asked.deadline, now),
            None => Ok(()),
        }
    }
}

impl<Req, K, P, D> Admission<Req> for KeyedConcurrencyLimit<K, P, D>
where
    Req: ?Sized,
    K: KeyOf<Req>,
    P: PriorityOf<Req>,
    D: DeadlineOf<Req>,
{
    type Permit = ConcurrencyPermit;
    type Future = KeyedAcquire;

    fn peek(&self, request: &Req, now: &Now) -> Result<(), Rejection> {
        let asked = self.ask(request, now);
        let key = asked.key.map_err(|missing| self.shared.missing(&missing))?;
        match self.shared.look(key) {
            Some(core) => core.peek(asked.priority, Ok(Tenant::NOBODY), asked.deadline, now),
            None => Ok(()),
        }
    }

    fn check(&self, request: &Req, now: &Now) -> Result<(), Rejection> {
        self.check_asked(&self.ask(request, now), now)
    }

    fn admit(&self, request: &Req, now: &Now) -> KeyedAcquire {
        KeyedAcquire::new(self.ask(request, now))
    }

    fn decide(&self, request: &Req, now: &Now) -> Result<KeyedAcquire, Rejection> {
        let asked = self.ask(request, now);
        self.check_asked(&asked, now)?;
        Ok(KeyedAcquire::new(asked))
    }

    fn decides_early(&self) -> bool {
        true
    }
}
