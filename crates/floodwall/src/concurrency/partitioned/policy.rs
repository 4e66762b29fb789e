use std::sync::Arc;

use floodwall_core::{Reason, Rejection};

use super::builder::{Everything, PartitionedBuilder};
use super::future::PartitionedAcquire;
use super::handle::PartitionedHandle;
use super::permit::PartitionedPermit;
use super::shared::Shared;
use crate::admission::Admission;
use crate::concurrency::ConcurrencyLimitBuilder;
use crate::extract::{DeadlineOf, PriorityOf, Usual};
use crate::{Mode, Now};

/// Names the partition of a request.
pub trait PartitionOf<Req: ?Sized> {
    /// Its name. One that was not set up is that of the rest, which has no share of its own.
    fn partition<'a>(&'a self, request: &'a Req) -> &'a str;
}

/// One limit, fixed or adaptive, whose places are shared out: each partition has a share that is
/// guaranteed to it, and what one does not use the others borrow.
///
/// Below the limit anybody may enter, whatever shares say. When it is full, those who come wait, each in
/// the line of its partition, and a place that becomes free goes to the partition that has least of its
/// share. So the total is never above the limit; whoever has borrowed is not thrown out; and a
/// partition that is below its guarantee gets each place that comes back until it has it. Compare
/// Netflix's concurrency-limits, where a partition may enter beyond a full limit.
///
/// Within a partition, priority, deadlines and newest-first are as in a
/// [`ConcurrencyLimit`](crate::ConcurrencyLimit).
///
/// # Cancel safety
///
/// A caller that leaves while it waits gives its place in the line back, and a place inside that it was
/// just granted goes to the next.
///
/// # Panics
///
/// Waiting needs tokio's time driver, as of a [`ConcurrencyLimit`](crate::ConcurrencyLimit).
///
/// ```
/// use floodwall::ConcurrencyLimit;
/// use floodwall::concurrency::Partitioned;
///
/// struct Job { nightly: bool }
///
/// let limit = Partitioned::builder(ConcurrencyLimit::builder(10))
///     .partition("live", 0.7)
///     .partition("batch", 0.3)
///     .by(|job: &Job| if job.nightly { "batch" } else { "live" })
///     .build()?;
/// assert_eq!(limit.handle().snapshot().partitions[0].guaranteed, 7);
/// # Ok::<(), floodwall::BuildError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Partitioned<W = Everything, P = Usual, D = Usual> {
    which: W,
    priority: P,
    deadline: D,
    shared: Arc<Shared>,
}

impl Partitioned {
    /// Begins with the limit of all together; its queue is that of each partition.
    pub fn builder(limit: ConcurrencyLimitBuilder) -> PartitionedBuilder {
        PartitionedBuilder::new(limit)
    }
}

impl<W, P, D> Partitioned<W, P, D> {
    pub(super) fn assemble(which: W, priority: P, deadline: D, shared: Shared) -> Self {
        Self {
            which,
            priority,
            deadline,
            shared: Arc::new(shared),
        }
    }

    /// To look at the partitions and to change the limit while requests run.
    pub fn handle(&self) -> PartitionedHandle {
        PartitionedHandle::new(Arc::clone(&self.shared))
    }

    /// The last one is the rest.
    fn partition_of<Req: ?Sized>(&self, request: &Req) -> usize
    where
        W: PartitionOf<Req>,
    {
        let name = self.which.partition(request);
        let partitions = &self.shared.partitions;
        let known = partitions.iter().position(|one| one.name == name);
        known.unwrap_or(partitions.len() - 1)
    }
}

impl<Req, W, P, D> Admission<Req> for Partitioned<W, P, D>
where
    Req: ?Sized,
    W: PartitionOf<Req>,
    P: PriorityOf<Req>,
    D: DeadlineOf<Req>,
{
    type Permit = PartitionedPermit;
    type Future = PartitionedAcquire;

    fn peek(&self, request: &Req, now: &Now) -> Result<(), Rejection> {
        let shared = &self.shared;
        let core = &shared.core;
        let (priority, deadline) = (
            self.priority.priority(request),
            self.deadline.deadline(request, now),
        );
        let reason = if core.gate.is_draining() {
            Reason::Draining
        } else if core.mode.get() != Mode::Enforce {
            return Ok(());
        } else if deadline.is_some_and(|deadline| deadline <= now.instant()) {
            Reason::Deadline
        } else if shared.would_take(self.partition_of(request), core.origin.at(now), priority) {
            return Ok(());
        } else {
            Reason::Full
        };
        Err(core.refusal(reason, now, std::time::Duration::ZERO))
    }

    fn check(&self, request: &Req, now: &Now) -> Result<(), Rejection> {
        self.peek(request, now).inspect_err(|refusal| {
            self.shared
                .core
                .count(self.priority.priority(request), refusal);
        })
    }

    fn admit(&self, request: &Req, now: &Now) -> PartitionedAcquire {
        PartitionedAcquire::new(
            Arc::clone(&self.shared),
            self.partition_of(request),
            self.priority.priority(request),
            self.deadline.deadline(request, now),
        )
    }
}
