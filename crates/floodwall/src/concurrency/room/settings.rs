use std::ops::RangeInclusive;
use std::time::Duration;

use floodwall_core::queue::QueueConfig;

use super::super::gate::RoomRules;
use crate::BuildError;

/// A mode of [`ConcurrencyLimit`](crate::ConcurrencyLimit) for handlers that block the thread of
/// their runtime.
///
/// A handler that computes for a millisecond inside its async function is alone on its thread: the
/// next request is not even read before it is done. The limit never sees more than one, and the
/// real queue is in the sockets, where nothing orders or bounds it. In the waiting room a request
/// parks in its first poll, also when a place is free. Then the runtime looks at its sockets, what
/// came there parks as well, and one of all who wait is let in, by priority. So that queue becomes
/// visible, ordered and bounded.
///
/// - Who has waited longer than `max_wait` is refused. So is, on arrival, who finds the room full
///   and nobody less urgent in it; otherwise the newest of the least urgent class has to leave.
/// - The room holds what is served within the target, by the rate of departures that is measured.
///   While requests of a more urgent class come, the others are refused from half of that on.
/// - The time in the room counts as time in the queue: in the permit's report, the metrics, and
///   `Retry-After`. Deadlines, shares, drain and `at_most` hold as in the queue. The bounds of the
///   room take the place of the queue's capacity and order; of the two longest waits the shorter
///   one counts.
///
/// Choose [`on`](WaitingRoom::on) where handlers are known to block, or where they hand their work
/// to a small pool of blocking threads (set the limit to the size of the pool then). It costs each
/// request a yield and a lock. [`auto`](WaitingRoom::auto) opens the room when turns of the runtime
/// become long, and closes it when they are short again. It sees nothing of work on blocking
/// threads.
///
/// One limit is for one runtime: on a runtime with several workers a turn lets in as many as there
/// are workers, but the turns of several runtimes wait for each other. Outside of tokio the yield is
/// one to the executor, not to a reactor.
///
/// One who waits and is no longer polled by its task can hold a turn up, at the longest until its
/// time is up.
///
/// ```
/// use floodwall::{ConcurrencyLimit, concurrency::WaitingRoom};
/// use std::time::Duration;
///
/// let room = WaitingRoom::on().target(Duration::from_millis(20));
/// let limit = ConcurrencyLimit::builder(8).waiting_room(room).build()?;
/// assert!(limit.handle().snapshot().room.is_some());
///
/// let error = ConcurrencyLimit::builder(8)
///     .waiting_room(WaitingRoom::on().places(10..=5))
///     .build()
///     .unwrap_err();
/// assert_eq!(error.field(), "waiting_room");
/// # Ok::<(), floodwall::BuildError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[must_use]
pub struct WaitingRoom {
    state: State,
    target: Duration,
    max_wait: Option<Duration>,
    places: (u32, u32),
    per_turn: Option<u32>,
    long_turn: Duration,
}

/// Whether requests park.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum State {
    Off,
    /// It opens by itself.
    Shut,
    Open,
}

impl WaitingRoom {
    /// No request parks; this is how a limit is built. It costs nothing.
    pub const fn off() -> Self {
        Self {
            state: State::Off,
            target: Duration::from_millis(30),
            max_wait: None,
            places: (4, 1_024),
            per_turn: None,
            long_turn: Duration::from_millis(5),
        }
    }

    /// Every request parks.
    pub const fn on() -> Self {
        let mut room = Self::off();
        room.state = State::Open;
        room
    }

    /// Requests park while the turns of the runtime are long.
    ///
    /// While it is closed, the length of a turn is measured without a task: a waker that is handed
    /// to the runtime as one that yields, at most once a millisecond. Two long turns in a row open
    /// it. It closes after a second in which no turn was half as long and nobody waited for that
    /// long; and when nothing came for a second.
    pub const fn auto() -> Self {
        let mut room = Self::off();
        room.state = State::Shut;
        room
    }

    /// Within this time those who wait should be served: 30 ms when not said. Several times what a
    /// handler takes is right; less leaves nobody to choose from.
    pub const fn target(mut self, target: Duration) -> Self {
        self.target = target;
        self
    }

    /// Who has waited for this long is refused: a sixth more than the target when not said, because
    /// the rate of departures is never known exactly.
    pub const fn max_wait(mut self, wait: Duration) -> Self {
        self.max_wait = Some(wait);
        self
    }

    /// At least and at most so many may wait, whatever the rate of departures: 4 to 1,024 when not
    /// said.
    pub fn places(mut self, places: RangeInclusive<u32>) -> Self {
        self.places = (*places.start(), *places.end());
        self
    }

    /// How many are let in between two looks at the reactor: as many as the runtime has workers
    /// when not said, so 1 on a current-thread runtime.
    pub const fn per_turn(mut self, grants: u32) -> Self {
        self.per_turn = Some(grants);
        self
    }

    /// From this length on a turn counts as long for [`auto`](WaitingRoom::auto): 5 ms when not
    /// said, at most a second.
    pub const fn long_turn(mut self, length: Duration) -> Self {
        self.long_turn = length;
        self
    }

    pub(in super::super) fn check(&self) -> Result<(), BuildError> {
        let wrong = |problem: String| Err(BuildError::new("waiting_room", problem));
        let (least, most) = self.places;
        let max_wait = self.longest();
        if self.target.is_zero() {
            return wrong("a target of 0 leaves no time to wait: 30 ms is usual".to_owned());
        }
        if max_wait < self.target || max_wait > QueueConfig::MAX_WAIT {
            let (target, most) = (self.target, QueueConfig::MAX_WAIT);
            return wrong(format!(
                "a max_wait of {max_wait:?}: set it from the target, {target:?}, to {most:?}"
            ));
        }
        if least == 0 || least > most || most > QueueConfig::MAX_CAPACITY {
            let largest = QueueConfig::MAX_CAPACITY;
            return wrong(format!(
                "places {least} to {most}: set a range from at least 1 to at most {largest}"
            ));
        }
        if self.per_turn == Some(0) {
            return wrong("per_turn 0 would let nobody in: set at least 1".to_owned());
        }
        if self.long_turn.is_zero() || self.long_turn > Duration::from_secs(1) {
            let length = self.long_turn;
            return wrong(format!(
                "a long_turn of {length:?}: set it from more than 0 to 1 s"
            ));
        }
        Ok(())
    }

    pub(super) fn rules(&self) -> RoomRules {
        let (least, most) = self.places;
        RoomRules {
            target: self.target,
            max_wait: self.longest(),
            least,
            most,
        }
    }

    pub(in super::super) const fn state(&self) -> State {
        self.state
    }

    pub(super) const fn grants(&self) -> Option<u32> {
        self.per_turn
    }

    pub(super) const fn long(&self) -> Duration {
        self.long_turn
    }

    fn longest(&self) -> Duration {
        self.max_wait
            .unwrap_or_else(|| self.target.saturating_add(self.target / 6))
    }
}

impl Default for WaitingRoom {
    fn default() -> Self {
        Self::off()
    }
}
