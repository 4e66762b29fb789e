use std::time::Duration;

use floodwall_core::limit::Sample;
use floodwall_core::{Moment, Outcome};

/// What is known of one who is inside, for the sample that it becomes.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct Stay {
    since: Moment,
    /// When the head of its response was there; [`Moment::MAX`] if that was not told.
    head: Moment,
    in_flight: u32,
}

/// One who has left.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct Left {
    pub(in super::super) stay: Stay,
    /// When, if that was said.
    pub(in super::super) at: Option<Moment>,
    pub(in super::super) outcome: Outcome,
    pub(in super::super) queued: Duration,
}

impl Stay {
    /// Of one whom nobody learns from.
    pub(in super::super) const NONE: Self = Self::begin(Moment::ZERO, 0);

    pub(in super::super) const fn begin(since: Moment, in_flight: u32) -> Self {
        Self {
            since,
            head: Moment::MAX,
            in_flight,
        }
    }

    /// The head of the response is there.
    pub(in super::super) fn responded(&mut self, at: Moment) {
        self.head = self.head.min(at);
    }
}

impl Left {
    pub(in super::super) fn sample(&self, at: Moment, binding: bool) -> Sample {
        let stay = self.stay;
        Sample::new(at, stay.head.min(at).since(stay.since))
            .held(at.since(stay.since))
            .queued(self.queued)
            .in_flight(stay.in_flight)
            .binding(binding)
            .outcome(self.outcome)
    }
}
