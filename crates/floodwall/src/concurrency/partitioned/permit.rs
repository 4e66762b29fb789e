use std::sync::Arc;
use std::time::Duration;

use floodwall_core::Report;

use super::shared::Shared;
use crate::Now;
use crate::admission::{End, Permit};
use crate::concurrency::ConcurrencyPermit;

/// A place of a [`Partitioned`](super::Partitioned) limit; given back when it is completed or dropped.
#[derive(Debug)]
pub struct PartitionedPermit {
    // Taken when it goes back.
    inner: Option<ConcurrencyPermit>,
    partition: usize,
    shared: Arc<Shared>,
}

impl PartitionedPermit {
    /// The place is counted as one of the partition already.
    pub(super) const fn new(
        shared: Arc<Shared>,
        partition: usize,
        inner: ConcurrencyPermit,
    ) -> Self {
        Self {
            inner: Some(inner),
            partition,
            shared,
        }
    }

    fn leave(&mut self, with: impl FnOnce(ConcurrencyPermit)) {
        if let Some(inner) = self.inner.take() {
            self.shared.leaves(self.partition);
            with(inner);
            self.shared.has_room();
        }
    }
}

impl Permit for PartitionedPermit {
    fn complete(mut self, end: &End) {
        self.leave(|inner| inner.complete(end));
    }

    fn responded(&mut self, now: &Now, hold_at_most: Option<Duration>) {
        self.inner.responded(now, hold_at_most);
    }

    fn report(&self, to: &mut Report) {
        self.inner.report(to);
    }
}

impl Drop for PartitionedPermit {
    fn drop(&mut self) {
        self.leave(drop);
    }
}
