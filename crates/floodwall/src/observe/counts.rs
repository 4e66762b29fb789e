use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use floodwall_core::Reason;

use super::seat::{SEATS, ever, own};

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

/// Counts decisions: each thread writes numbers of its own, which are summed when somebody reads.
#[derive(Debug)]
pub(crate) struct Counters {
    /// Made when a thread first counts here.
    own: [OnceLock<Box<Sheet>>; SEATS],
    /// Of the threads that have no seat.
    shared: Sheet,
}

/// On cache lines of its own, so that who counts disturbs nobody.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Sheet {
    admitted: AtomicU64,
    would_wait: AtomicU64,
    refused: [AtomicU64; Reason::ALL.len()],
    would_refuse: [AtomicU64; Reason::ALL.len()],
}

impl Sheet {
    #[cold]
    fn boxed() -> Box<Self> {
        Box::default()
    }
}

impl Default for Counters {
    fn default() -> Self {
        Self {
            own: [const { OnceLock::new() }; SEATS],
            shared: Sheet::default(),
        }
    }
}

impl Counters {
    #[inline]
    pub(crate) fn admitted(&self) {
        self.count(|sheet| &sheet.admitted);
    }

    pub(crate) fn would_wait(&self) {
        self.count(|sheet| &sheet.would_wait);
    }

    #[inline]
    pub(crate) fn refused(&self, reason: Reason) {
        self.count(|sheet| &sheet.refused[reason.index()]);
    }

    pub(crate) fn would_refuse(&self, reason: Reason) {
        self.count(|sheet| &sheet.would_refuse[reason.index()]);
    }

    #[inline]
    fn count(&self, of: impl FnOnce(&Sheet) -> &AtomicU64) {
        match own() {
            Some(seat) => {
                let number = of(self.own[seat].get_or_init(Sheet::boxed));
                // Nobody else writes it.
                let so_far = number.load(Ordering::Relaxed);
                number.store(so_far.wrapping_add(1), Ordering::Relaxed);
            }
            None => {
                of(&self.shared).fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    pub(crate) fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        let own = self.own[..ever()].iter().filter_map(OnceLock::get);
        for sheet in own.map(AsRef::as_ref).chain([&self.shared]) {
            counts.admitted += sheet.admitted.load(Ordering::Relaxed);
            counts.would_wait += sheet.would_wait.load(Ordering::Relaxed);
            for (sum, number) in counts.refused.iter_mut().zip(&sheet.refused) {
                *sum += number.load(Ordering::Relaxed);
            }
            for (sum, number) in counts.would_refuse.iter_mut().zip(&sheet.would_refuse) {
                *sum += number.load(Ordering::Relaxed);
            }
        }
        counts
    }
}
