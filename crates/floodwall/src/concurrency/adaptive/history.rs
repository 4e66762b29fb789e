use std::collections::VecDeque;
use std::fmt;
use std::time::Duration;

use floodwall_core::Moment;
use floodwall_core::limit::Change;

/// A change of a limit that an algorithm has made; see
/// [`history`](crate::concurrency::ConcurrencyLimitHandle::history).
///
/// It reads as the [`Change`] itself: `limit 40 -> 31: throughput flat, latency x1.8`.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct PastChange {
    /// How long ago it was made.
    pub ago: Duration,
    /// From what to what, and why.
    pub change: Change,
}

impl fmt::Display for PastChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.change.fmt(f)
    }
}

/// The last changes, the oldest first.
#[derive(Debug)]
pub(super) struct History(VecDeque<(Moment, Change)>);

impl History {
    const KEPT: usize = 64;

    pub(super) fn new() -> Self {
        Self(VecDeque::new())
    }

    pub(super) fn add(&mut self, at: Moment, change: Change) {
        if self.0.len() == Self::KEPT {
            self.0.pop_front();
        }
        self.0.push_back((at, change));
    }

    pub(super) fn last(&self, now: Moment) -> Option<PastChange> {
        self.0.back().map(|past| seen_from(now, past))
    }

    pub(super) fn all(&self, now: Moment) -> Vec<PastChange> {
        self.0.iter().map(|past| seen_from(now, past)).collect()
    }
}

fn seen_from(now: Moment, &(at, change): &(Moment, Change)) -> PastChange {
    PastChange {
        ago: now.since(at),
        change,
    }
}
