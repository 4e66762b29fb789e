use std::time::Duration;

use crate::{Moment, Outcome};

/// One request that was inside and has left, as a limit algorithm sees it.
///
/// ```
/// use floodwall_core::limit::{Sample, Teaches};
/// use floodwall_core::{Moment, Outcome};
/// use std::time::Duration;
///
/// let at = Moment::ZERO + Duration::from_secs(3);
/// let sample = Sample::new(at, Duration::from_millis(12))
///     .queued(Duration::from_millis(40))
///     .in_flight(7)
///     .binding(true)
///     .outcome(Outcome::Overload);
/// assert_eq!(sample.teaches(), Teaches::Dropped);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Sample {
    /// When its place became free.
    pub at: Moment,
    /// From taking the place to the head of the response: what the service itself needed, without
    /// the wait in floodwall's own queue.
    pub service: Duration,
    /// From taking the place to its being free again: as long as `service`, and the time that the
    /// body of the response needed.
    pub held: Duration,
    /// The wait in floodwall's own queue before that.
    pub queued: Duration,
    /// How many were inside when it had taken its place, itself included.
    pub in_flight: u32,
    /// Whether the limit held somebody back: when this one left, somebody waited for its place, or
    /// somebody had been refused since the one before it left.
    pub binding: bool,
    /// How the work ended.
    pub outcome: Outcome,
}

impl Sample {
    /// A success that needed `service` and left at `at`, alone inside and with nobody waiting.
    pub const fn new(at: Moment, service: Duration) -> Self {
        Self {
            at,
            service,
            held: service,
            queued: Duration::ZERO,
            in_flight: 1,
            binding: false,
            outcome: Outcome::Success,
        }
    }

    /// For how long it held its place: for its service time when not said.
    #[must_use]
    pub const fn held(mut self, held: Duration) -> Self {
        self.held = held;
        self
    }

    /// The wait in the queue before: none when not said.
    #[must_use]
    pub const fn queued(mut self, queued: Duration) -> Self {
        self.queued = queued;
        self
    }

    /// How many were inside, itself included: 1 when not said.
    #[must_use]
    pub const fn in_flight(mut self, in_flight: u32) -> Self {
        self.in_flight = in_flight;
        self
    }

    /// Whether the limit held somebody back: not when not said.
    #[must_use]
    pub const fn binding(mut self, binding: bool) -> Self {
        self.binding = binding;
        self
    }

    /// How it ended: a success when not said.
    #[must_use]
    pub const fn outcome(mut self, outcome: Outcome) -> Self {
        self.outcome = outcome;
        self
    }

    /// What the published algorithms make of the outcome.
    pub const fn teaches(&self) -> Teaches {
        match self.outcome {
            Outcome::Success => Teaches::Latency,
            Outcome::Overload => Teaches::Dropped,
            Outcome::Cancelled | Outcome::Failure | Outcome::Refused => Teaches::Nothing,
        }
    }
}

/// What a [`Sample`] says about the limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Teaches {
    /// Its service time counts.
    Latency,
    /// The service pushed back: it counts as one that was dropped.
    Dropped,
    /// Nothing: it failed for a reason of its own, was refused further in, or was given up.
    Nothing,
}
