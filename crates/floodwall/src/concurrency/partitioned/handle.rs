use std::sync::Arc;

use super::shared::Shared;
use crate::concurrency::{ConcurrencyLimitHandle, ConcurrencySnapshot, PastChange};
use crate::{BuildError, Mode};

/// To look at a [`Partitioned`](super::Partitioned) limit and to change it while requests run.
#[derive(Clone, Debug)]
pub struct PartitionedHandle {
    shared: Arc<Shared>,
}

/// A [`Partitioned`](super::Partitioned) limit at one moment.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct PartitionedSnapshot {
    /// All partitions together. Who waits is told of each partition instead.
    pub total: ConcurrencySnapshot,
    /// The partitions in the order in which they were set up, and the rest.
    pub partitions: Vec<PartitionSnapshot>,
}

/// A partition at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PartitionSnapshot {
    /// Its name.
    pub name: &'static str,
    /// How many places are guaranteed to it, as the limit is now.
    pub guaranteed: u32,
    /// How many places it has; more than are guaranteed if it has borrowed.
    pub in_flight: u32,
    /// How many wait.
    pub waiting: u32,
}

impl PartitionedHandle {
    pub(super) const fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }

    /// How things stand.
    pub fn snapshot(&self) -> PartitionedSnapshot {
        let limit = self.shared.core.gate.limit();
        let partitions = self.shared.partitions.iter().enumerate();
        let seen = partitions.map(|(at, one)| PartitionSnapshot {
            name: one.name,
            guaranteed: one.guaranteed(limit),
            in_flight: one.inside(),
            waiting: self.shared.waiting_in(at),
        });
        PartitionedSnapshot {
            total: self.total().snapshot(),
            partitions: seen.collect(),
        }
    }

    /// The last changes of the limit, if it moves; see
    /// [`history`](ConcurrencyLimitHandle::history).
    pub fn history(&self) -> Vec<PastChange> {
        self.total().history()
    }

    /// Changes the limit of all together; shares stay the same parts of it.
    ///
    /// # Errors
    ///
    /// As [`set_limit`](ConcurrencyLimitHandle::set_limit).
    pub fn set_limit(&self, limit: u32) -> Result<(), BuildError> {
        self.total().set_limit(limit)?;
        self.shared.has_room();
        Ok(())
    }

    /// Changes the mode. Those who wait when it no longer enforces are let in at once.
    pub fn set_mode(&self, mode: Mode) {
        self.shared.core.set_mode(mode);
        if mode != Mode::Enforce {
            self.shared.let_all_in();
        }
    }

    fn total(&self) -> ConcurrencyLimitHandle {
        ConcurrencyLimitHandle::new(self.shared.core.clone())
    }
}
