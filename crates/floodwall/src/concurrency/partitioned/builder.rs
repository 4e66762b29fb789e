use std::sync::Arc;

use floodwall_core::PolicyName;

use super::policy::{PartitionOf, Partitioned};
use super::shared::{ONE, Partition, Shared};
use crate::BuildError;
use crate::concurrency::adaptive::Learner;
use crate::concurrency::room::State;
use crate::concurrency::{ConcurrencyLimitBuilder, Line};
use crate::extract::{FromFn, Usual};
use crate::observe::Observer;

/// Of a [`Partitioned`] limit that nobody has told how to tell requests apart: all are of the rest.
#[derive(Clone, Copy, Debug, Default)]
pub struct Everything;

impl<Req: ?Sized> PartitionOf<Req> for Everything {
    fn partition<'a>(&'a self, _request: &'a Req) -> &'a str {
        REST
    }
}

impl<Req, F> PartitionOf<Req> for FromFn<F>
where
    Req: ?Sized,
    F: Fn(&Req) -> &'static str,
{
    fn partition<'a>(&'a self, request: &'a Req) -> &'a str {
        (self.0)(request)
    }
}

/// Who belongs to no partition.
const REST: &str = "rest";
/// More would only make each look longer.
const MOST: usize = 32;

/// Makes a [`Partitioned`] limit.
#[derive(Debug)]
#[must_use]
pub struct PartitionedBuilder<W = Everything, P = Usual, D = Usual> {
    limit: ConcurrencyLimitBuilder,
    partitions: Vec<(&'static str, f64)>,
    which: W,
    priority: P,
    deadline: D,
}

impl PartitionedBuilder {
    pub(super) const fn new(limit: ConcurrencyLimitBuilder) -> Self {
        Self {
            limit,
            partitions: Vec::new(),
            which: Everything,
            priority: Usual,
            deadline: Usual,
        }
    }
}

impl<W, P, D> PartitionedBuilder<W, P, D> {
    /// One partition more, and the part of the limit that is guaranteed to it: 0 to 1, kept to a
    /// millionth and rounded down to whole places; all together are at most 1. One with 0 only
    /// borrows.
    pub fn partition(mut self, name: &'static str, share: f64) -> Self {
        self.partitions.push((name, share));
        self
    }

    /// Reads the name of a request's partition. One that was not set up is of the rest (`rest`), which
    /// has no share.
    pub fn by<Req: ?Sized, F>(self, which: F) -> PartitionedBuilder<FromFn<F>, P, D>
    where
        F: Fn(&Req) -> &'static str,
    {
        self.by_reader(FromFn(which))
    }

    /// The same, with a reader of one's own.
    pub fn by_reader<V>(self, which: V) -> PartitionedBuilder<V, P, D> {
        PartitionedBuilder {
            limit: self.limit,
            partitions: self.partitions,
            which,
            priority: self.priority,
            deadline: self.deadline,
        }
    }

    /// Reads a request's priority, which orders the line of its partition.
    pub fn priority<Q>(self, priority: Q) -> PartitionedBuilder<W, Q, D> {
        PartitionedBuilder {
            limit: self.limit,
            partitions: self.partitions,
            which: self.which,
            priority,
            deadline: self.deadline,
        }
    }

    /// Reads a request's deadline: it waits no longer than that.
    pub fn deadline<E>(self, deadline: E) -> PartitionedBuilder<W, P, E> {
        PartitionedBuilder {
            limit: self.limit,
            partitions: self.partitions,
            which: self.which,
            priority: self.priority,
            deadline,
        }
    }

    /// Builds the policy.
    ///
    /// # Errors
    ///
    /// If a share is no number from 0 to 1, all together are above 1, two partitions have one name or
    /// there are more than 32, or the limit cannot be built. A guarantee is kept by those who
    /// wait, so the limit must have a queue; and it cannot have a waiting room.
    pub fn build(self) -> Result<Partitioned<W, P, D>, BuildError> {
        let partitions = partitions(&self.partitions)?;
        let mut limit = self.limit;
        if limit.room.state() != State::Off {
            let problem = "a partitioned limit has a line for each partition instead: leave it out";
            return Err(BuildError::new("waiting_room", problem));
        }
        let queue = std::mem::replace(&mut limit.queue, Line::None);
        let name = PolicyName::new(&limit.name)?;
        let observer = Arc::new(Observer::new("concurrency", name));
        let (core, _, _) = limit.make(name, Learner::RING, observer)?;
        let (Some(queue), _) = queue.make(core.gate.limit())? else {
            let problem = "a guarantee is kept by those who wait: leave `no_queue` out";
            return Err(BuildError::new("queue", problem));
        };
        let places = queue.capacity().saturating_mul(partitions.len() as u32);
        core.shadow.set_places(places);
        let shared = Shared::new(core, partitions, &queue);
        Ok(Partitioned::assemble(
            self.which,
            self.priority,
            self.deadline,
            shared,
        ))
    }

    /// Builds the policy as a layer for HTTP services.
    ///
    /// # Errors
    ///
    /// As [`build`](PartitionedBuilder::build).
    #[cfg(feature = "http")]
    pub fn layer(self) -> Result<crate::http::AdmitLayer<Partitioned<W, P, D>>, BuildError> {
        self.build().map(crate::http::AdmitLayer::around)
    }
}

fn partitions(wanted: &[(&'static str, f64)]) -> Result<Vec<Partition>, BuildError> {
    let wrong = |problem: String| Err(BuildError::new("partition", problem));
    if wanted.len() > MOST {
        return wrong(format!("{} partitions: have {MOST} at most", wanted.len()));
    }
    let mut made: Vec<Partition> = Vec::with_capacity(wanted.len() + 1);
    for &(name, share) in wanted {
        if !(0.0..=1.0).contains(&share) {
            return wrong(format!("`{name}` has a share of {share}: set 0 to 1"));
        }
        if name == REST {
            return wrong(format!(
                "`{REST}` are those of no partition: name it otherwise"
            ));
        }
        if made.iter().any(|other| other.name == name) {
            return wrong(format!("two are called `{name}`: name them differently"));
        }
        // In range as checked above.
        made.push(Partition::new(
            name,
            (share * f64::from(ONE)).round() as u32,
        ));
    }
    let total: u64 = made.iter().map(|one| u64::from(one.share)).sum();
    if total > u64::from(ONE) {
        let total: f64 = wanted.iter().map(|&(_, share)| share).sum();
        return wrong(format!("shares of {total} together: all are at most 1"));
    }
    made.push(Partition::new(REST, 0));
    Ok(made)
}
