use std::time::Duration;

use crate::Moment;

/// When something may happen next, by the times of the samples.
#[derive(Clone, Copy, Debug)]
pub(super) struct Due(Moment);

impl Due {
    pub(super) const fn at(moment: Moment) -> Self {
        Self(moment)
    }

    /// Whether its time is past. `longest` is how far ahead it can have been set.
    pub(super) fn is_past(&mut self, now: Moment, longest: Duration) -> bool {
        // Set by a sample from far ahead, it would keep everything waiting until then.
        if self.0.since(now) > longest.saturating_mul(2) {
            self.0 = now + longest;
        }
        now > self.0
    }
}
