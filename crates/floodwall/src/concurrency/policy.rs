use std::pin::Pin;
use std::task::{Context, Poll};

use floodwall_core::Rejection;

use super::adaptive::LimitChoice;
use super::builder::Readers;
use super::core::Core;
use super::tenants::{Alike, TenantOf};
use super::{Acquire, ConcurrencyLimitBuilder, ConcurrencyLimitHandle, ConcurrencyPermit};
use crate::Now;
use crate::admission::Admission;
use crate::extract::{DeadlineOf, PriorityOf, Usual};
use crate::spare::Owned;

/// At most so many requests inside at once; the others wait in a bounded, ordered queue.
///
/// Clones share the limit. `P` reads the priority of a request and `D` its deadline; without them
/// every request is [`Priority::NORMAL`](crate::Priority::NORMAL) and has none. With
/// [`fair_by`](ConcurrencyLimitBuilder::fair_by), `T` reads whose it is.
///
/// # Cancel safety
///
/// A caller that leaves while it waits gives its place in the queue back, and a place inside that
/// it was just granted goes to the next.
///
/// # Panics
///
/// Waiting needs tokio's time driver and panics without it (`enable_time` on the runtime's
/// builder). Admission into free capacity and refusals work on any executor.
///
/// ```
/// use floodwall::{ConcurrencyLimit, Priority, concurrency::QueueConfig, extract::priority_fn};
/// use std::time::Duration;
///
/// struct Job { urgent: bool }
///
/// let limit = ConcurrencyLimit::builder(8)
///     .queue(QueueConfig::builder().capacity(32).max_wait(Duration::from_millis(50)))
///     .priority(priority_fn(|job: &Job| if job.urgent { Priority::HIGH } else { Priority::LOW }))
///     .build()?;
/// assert_eq!(limit.handle().snapshot().limit, 8);
/// # Ok::<(), floodwall::BuildError>(())
/// ```
#[derive(Clone, Debug)]
pub struct ConcurrencyLimit<P = Usual, D = Usual, T = Alike> {
    priority: P,
    deadline: D,
    tenants: T,
    core: Owned<Core>,
}

impl ConcurrencyLimit {
    /// At most `limit` inside; as many as four times that, but at least 16, wait for up to 100 ms.
    ///
    /// # Panics
    ///
    /// If `limit` is 0. [`builder`](ConcurrencyLimit::builder) returns an error instead.
    #[must_use]
    pub fn new(limit: u32) -> Self {
        match Self::builder(limit).build() {
            Ok(policy) => policy,
            Err(error) => panic!("{error}"),
        }
    }

    /// Begins with `limit` and the defaults, which each method tells.
    pub fn builder(limit: u32) -> ConcurrencyLimitBuilder {
        ConcurrencyLimitBuilder::begin(LimitChoice::fixed(limit))
    }

    /// As many inside as the service can use, which is found out while it runs; as many as four times
    /// that, but at least 16, wait for as long as is of use,
    /// at most 100 ms. More settings: [`adaptive`](super::adaptive()).
    ///
    /// ```
    /// use floodwall::ConcurrencyLimit;
    ///
    /// let limit = ConcurrencyLimit::adaptive();
    /// assert_eq!(limit.handle().snapshot().limit, 20);
    /// ```
    #[must_use]
    pub fn adaptive() -> Self {
        match super::adaptive().build() {
            Ok(policy) => policy,
            Err(error) => panic!("{error}"),
        }
    }
}

impl<P, D, T> ConcurrencyLimit<P, D, T> {
    pub(super) fn assemble(readers: Readers<P, D, T>, core: Core) -> Self {
        Self {
            priority: readers.priority,
            deadline: readers.deadline,
            tenants: readers.tenants,
            core: Owned::new(core),
        }
    }

    /// To look at the limit and to change it while requests run.
    pub fn handle(&self) -> ConcurrencyLimitHandle {
        ConcurrencyLimitHandle::new(self.core.clone())
    }
}

impl<Req, P, D, T> Admission<Req> for ConcurrencyLimit<P, D, T>
where
    Req: ?Sized,
    P: PriorityOf<Req>,
    D: DeadlineOf<Req>,
    T: TenantOf<Req>,
{
    type Permit = ConcurrencyPermit;
    type Future = Acquire;

    fn peek(&self, request: &Req, now: &Now) -> Result<(), Rejection> {
        let deadline = self.deadline.deadline(request, now);
        let tenant = self.tenants.tenant(request, &self.core.tenants.secret);
        self.core
            .peek(self.priority.priority(request), tenant, deadline, now)
    }

    fn check(&self, request: &Req, now: &Now) -> Result<(), Rejection> {
        let deadline = self.deadline.deadline(request, now);
        let tenant = self.tenants.tenant(request, &self.core.tenants.secret);
        self.core
            .check(self.priority.priority(request), tenant, deadline, now)
    }

    fn admit(&self, request: &Req, now: &Now) -> Acquire {
        let deadline = self.deadline.deadline(request, now);
        let priority = self.priority.priority(request);
        let tenant = self.tenants.tenant(request, &self.core.tenants.secret);
        let tenant = tenant.map_err(|missing| self.core.tenants.miss(&missing));
        Acquire::new(self.core.lend(), priority, deadline).of(tenant)
    }

    fn decide(&self, request: &Req, now: &Now) -> Result<Acquire, Rejection> {
        let deadline = self.deadline.deadline(request, now);
        let priority = self.priority.priority(request);
        let tenant = self.tenants.tenant(request, &self.core.tenants.secret);
        self.core.check(priority, tenant, deadline, now)?;
        let tenant = tenant.map_err(|missing| self.core.tenants.miss(&missing));
        Ok(Acquire::new(self.core.lend(), priority, deadline).of(tenant))
    }

    fn decides_early(&self) -> bool {
        true
    }

    #[inline(always)]
    fn poll_into(
        decision: Pin<&mut Acquire>,
        cx: &mut Context<'_>,
        place: &mut Option<ConcurrencyPermit>,
        refused: &mut Option<Rejection>,
    ) -> Poll<bool> {
        decision.get_mut().poll_into(cx, place, refused)
    }
}
