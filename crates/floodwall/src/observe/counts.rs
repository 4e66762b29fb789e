use std::sync::atomic::{AtomicU64, Ordering};

use floodwall_core::Reason;

/// How often a policy decided what, since it was built.
///
/// Each decision counts once: in shadow mode what would have been refused or had to wait counts as
/// that, though it is let in. Switched off, a policy decides nothing.
///
/// ```
/// use floodwall::{Reason, rate_limit::RateLimit};
///
/// let counts = RateLimit::new("5/s")?.handle().snapshot().counts;
/// assert_eq!(counts.admitted, 0);
/// assert_eq!(counts.refused_for(Reason::Quota), 0);
/// # Ok::<(), floodwall::BuildError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counts {
    /// Requests let in; in shadow mode those that would have been let in at once.
    pub admitted: u64,
    /// Requests that shadow mode let in though they would have had to wait.
    pub would_wait: u64,
    refused: [u64; Reason::ALL.len()],
    would_refuse: [u64; Reason::ALL.len()],
}

impl Counts {
    /// Requests refused, for whatever reason.
    pub fn refused(&self) -> u64 {
        self.refused.iter().sum()
    }

    /// Requests refused for `reason`.
    pub const fn refused_for(&self, reason: Reason) -> u64 {
        self.refused[reason.index()]
    }

    /// Requests that shadow mode let in though `reason` would have refused them.
    pub const fn would_refuse_for(&self, reason: Reason) -> u64 {
        self.would_refuse[reason.index()]
    }

    /// Requests that shadow mode let in though it would have refused them.
    pub fn would_refuse(&self) -> u64 {
        self.would_refuse.iter().sum()
    }
}

#[derive(Debug, Default)]
pub(crate) struct Counters {
    admitted: AtomicU64,
    would_wait: AtomicU64,
    refused: [AtomicU64; Reason::ALL.len()],
    would_refuse: [AtomicU64; Reason::ALL.len()],
}

impl Counters {
    pub(crate) fn admitted(&self) {
        self.admitted.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn would_wait(&self) {
        self.would_wait.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn refused(&self, reason: Reason) {
        self.refused[reason.index()].fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn would_refuse(&self, reason: Reason) {
        self.would_refuse[reason.index()].fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn counts(&self) -> Counts {
        let read = |all: &[AtomicU64; Reason::ALL.len()]| {
            std::array::from_fn(|i| all[i].load(Ordering::Relaxed))
        };
        Counts {
            admitted: self.admitted.load(Ordering::Relaxed),
            would_wait: self.would_wait.load(Ordering::Relaxed),
            refused: read(&self.refused),
            would_refuse: read(&self.would_refuse),
        }
    }
}
