use floodwall_core::PolicyName;
use floodwall_core::rate::SetStats;

use super::core::Core;
use crate::Mode;
use crate::observe::Counts;
use crate::spare::Owned;

/// To look at a [`RateLimit`](super::RateLimit) and to change its mode while requests run.
///
/// ```
/// use floodwall::{Mode, RateLimit};
///
/// let handle = RateLimit::new("100/s")?.handle();
/// handle.set_mode(Mode::Shadow);
/// assert_eq!(handle.snapshot().mode, Mode::Shadow);
/// # Ok::<(), floodwall::BuildError>(())
/// ```
#[derive(Clone, Debug)]
pub struct RateLimitHandle {
    core: Owned<Core>,
}

/// A [`RateLimit`](super::RateLimit) at one moment.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RateSnapshot {
    /// Whether it refuses, only counts, or does nothing.
    pub mode: Mode,
    /// Whether it takes nothing new.
    pub draining: bool,
    /// How many wait for their turn, where quotas are paced.
    pub waiting: u32,
    /// What it has decided so far.
    pub counts: Counts,
    /// What the table of keys tells.
    pub table: SetStats,
}

impl RateLimitHandle {
    pub(super) const fn new(core: Owned<Core>) -> Self {
        Self { core }
    }

    /// The policy's name.
    pub fn name(&self) -> PolicyName {
        self.core.name
    }

    /// How things stand. Counts the live cells of a table by reading all of it.
    pub fn snapshot(&self) -> RateSnapshot {
        RateSnapshot {
            mode: self.core.mode.get(),
            draining: self.core.is_draining(),
            waiting: self
                .core
                .pace
                .as_ref()
                .map_or(0, super::pace::Pace::waiting),
            counts: self.core.observer.counters.counts(),
            table: self.core.quotas.stats(self.core.origin.now()),
        }
    }

    /// Changes the mode.
    pub fn set_mode(&self, mode: Mode) {
        self.core.mode.set(mode);
    }

    /// Takes nothing new from now on: arrivals are refused with
    /// [`Reason::Draining`](crate::Reason::Draining).
    pub fn drain(&self) {
        self.core.set_draining(true);
    }

    /// Takes back a [`drain`](RateLimitHandle::drain).
    pub fn resume(&self) {
        self.core.set_draining(false);
    }
}
