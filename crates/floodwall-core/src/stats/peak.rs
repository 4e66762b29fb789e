use std::time::Duration;

use super::cell::Cell;
use super::slot::Slots;
use crate::Moment;
use crate::moment::nanos;

/// The greatest duration of late: of the last one to one and a half windows.
///
/// ```
/// use floodwall_core::{Moment, stats::Peak};
/// use std::time::Duration;
///
/// let lag = Peak::new(Duration::from_secs(1));
/// lag.record(Moment::ZERO, Duration::from_millis(30));
/// lag.record(Moment::ZERO, Duration::from_millis(3));
/// assert_eq!(lag.get(Moment::ZERO), Duration::from_millis(30));
/// assert_eq!(lag.get(Moment::ZERO + Duration::from_secs(2)), Duration::ZERO);
/// ```
#[derive(Debug)]
pub struct Peak {
    slots: Slots,
    cells: [Cell; SLOTS],
}

const SLOTS: usize = 3;

impl Peak {
    /// Looks back over `window`; at least a second and at most a year.
    pub fn new(window: Duration) -> Self {
        Self {
            slots: half(window),
            cells: std::array::from_fn(|_| Cell::new()),
        }
    }

    /// Takes in a duration; kept in microseconds, at most 71 minutes.
    pub fn record(&self, now: Moment, duration: Duration) {
        let turn = self.slots.turn(now);
        let micros = u32::try_from(duration.as_micros()).unwrap_or(u32::MAX);
        self.cells[turn as usize % SLOTS].raise(turn, micros);
    }

    /// The greatest of late; zero if there was none.
    pub fn get(&self, now: Moment) -> Duration {
        let micros = turns(self.slots.turn(now))
            .map(|turn| self.cells[turn as usize % SLOTS].get(turn))
            .max();
        Duration::from_micros(u64::from(micros.unwrap_or(0)))
    }
}

/// Slots of which three are kept for a window.
pub(super) fn half(window: Duration) -> Slots {
    let year = Duration::from_secs(365 * 24 * 3600);
    Slots::of(nanos(window.clamp(Duration::from_secs(1), year)) / 2)
}

/// The turn and the two before it.
pub(super) fn turns(turn: u32) -> impl Iterator<Item = u32> {
    (0..SLOTS as u32).filter_map(move |back| turn.checked_sub(back))
}
