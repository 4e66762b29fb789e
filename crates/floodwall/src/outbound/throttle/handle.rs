use std::sync::Arc;

use floodwall_core::PolicyName;

use super::core::Core;
use crate::Mode;
use crate::observe::Counts;

/// To look at a [`Throttle`](super::Throttle) and to change its mode while requests run.
///
/// ```
/// use floodwall::{Mode, outbound::Throttle};
///
/// let handle = Throttle::new().handle();
/// handle.set_mode(Mode::Off);
/// assert_eq!(handle.snapshot().requests, 0);
/// ```
#[derive(Clone, Debug)]
pub struct ThrottleHandle {
    core: Arc<Core>,
}

/// A [`Throttle`](super::Throttle) at one moment.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ThrottleSnapshot {
    /// Whether it refuses, only counts, or does nothing.
    pub mode: Mode,
    /// Requests of the window, those that it refused included.
    pub requests: u64,
    /// Those that were accepted.
    pub accepts: u64,
    /// The share of the calls that is held back, 0 to 1.
    pub held_back: f64,
    /// What it has decided so far.
    pub counts: Counts,
}

impl ThrottleHandle {
    pub(super) const fn new(core: Arc<Core>) -> Self {
        Self { core }
    }

    /// The throttle's name.
    pub fn name(&self) -> PolicyName {
        self.core.name
    }

    /// How things stand.
    pub fn snapshot(&self) -> ThrottleSnapshot {
        let at = self.core.now();
        let ((requests, accepts), held_back) = {
            let mut rule = self.core.rule();
            (rule.counts(at), rule.probability(at))
        };
        ThrottleSnapshot {
            mode: self.core.mode.get(),
            requests,
            accepts,
            held_back,
            counts: self.core.observer.counters.counts(),
        }
    }

    /// Changes the mode.
    pub fn set_mode(&self, mode: Mode) {
        self.core.mode.set(mode);
    }
}
