use std::time::Duration;

use floodwall_core::limit::Sample;
use floodwall_core::{Moment, Outcome};

/// What is known of one who is inside, for the sample that it becomes.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct Stay {
    since: Moment,
    head: Option<Moment>,
    left: Option<Moment>,
    in_flight: u32,
    outcome: Outcome,
}

impl Stay {
    pub(in super::super) const fn begin(since: Moment, in_flight: u32) -> Self {
        Self {
            since,
            head: None,
            left: None,
            in_flight,
            // Unless somebody says otherwise, its caller has left.
            outcome: Outcome::Cancelled,
        }
    }

    /// The head of the response is there.
    pub(in super::super) fn responded(&mut self, at: Moment) {
        self.head.get_or_insert(at);
    }

    pub(in super::super) fn ended(&mut self, outcome: Outcome, at: Moment) {
        self.outcome = outcome;
        self.left = Some(at);
    }

    /// When it left, if that was said.
    pub(in super::super) const fn left(&self) -> Option<Moment> {
        self.left
    }

    pub(in super::super) fn sample(&self, at: Moment, queued: Duration, binding: bool) -> Sample {
        Sample::new(at, self.head.unwrap_or(at).since(self.since))
            .queued(queued)
            .in_flight(self.in_flight)
            .binding(binding)
            .outcome(self.outcome)
    }
}
