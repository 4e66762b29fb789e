use std::time::Duration;

use super::cell::Cell;
use super::slot::Slots;
use crate::Moment;
use crate::moment::nanos;

/// Counts events over a sliding window, for any number of threads.
///
/// The window is cut into ten slots; the oldest one counts by the part of it that is still inside.
/// So the number is exact for an even stream and off by at most a tenth of the window's length for any other.
/// A write is one addition; memory is 128 bytes.
///
/// ```
/// use floodwall_core::{Moment, stats::Window};
/// use std::time::Duration;
///
/// let window = Window::new(Duration::from_secs(10));
/// window.count(Moment::ZERO);
/// let later = Moment::ZERO + Duration::from_secs(5);
/// assert_eq!(window.sum(later), 1.0);
/// assert_eq!(window.sum(later + Duration::from_secs(10)), 0.0);
/// ```
#[derive(Debug)]
pub struct Window {
    slots: Slots,
    cells: [Cell; CELLS],
}

/// More than are read, so that who counts for a moment that is past still finds its slot.
const CELLS: usize = 16;
const SLOTS: u32 = 10;

impl Window {
    /// A window of `length`; at least a second and at most a year.
    pub fn new(length: Duration) -> Self {
        let year = Duration::from_secs(365 * 24 * 3600);
        let length = length.clamp(Duration::from_secs(1), year);
        Self {
            slots: Slots::of(nanos(length) / u64::from(SLOTS)),
            cells: std::array::from_fn(|_| Cell::new()),
        }
    }

    /// Counts one event at `now`. A moment that lies further back than the window counts nothing.
    pub fn count(&self, now: Moment) {
        let turn = self.slots.turn(now);
        self.cells[index(turn)].add(turn);
    }

    /// Takes back an event that was counted at `at`, if its slot is still there.
    pub fn take_back(&self, at: Moment) {
        let turn = self.slots.turn(at);
        self.cells[index(turn)].take_back(turn);
    }

    /// How many events lie inside the window that ends at `now`.
    pub fn sum(&self, now: Moment) -> f64 {
        self.sum_at(&self.look(now))
    }

    /// Events per second in the window that ends at `now`. What came before the origin of time is
    /// no part of it: in the first seconds the window is as long as the time since then, and at
    /// least one slot.
    pub fn per_second(&self, now: Moment) -> f64 {
        self.per_second_at(&self.look(now))
    }

    /// The same of several: what depends on the moment alone is computed once, if all are as long as
    /// the first.
    pub fn per_second_each<const N: usize>(all: [&Self; N], now: Moment) -> [f64; N] {
        let Some(first) = all.first() else {
            return [0.0; N];
        };
        let look = first.look(now);
        all.map(|window| {
            if window.slots.length() == first.slots.length() {
                window.per_second_at(&look)
            } else {
                window.per_second(now)
            }
        })
    }

    fn look(&self, now: Moment) -> Look {
        let (turn, over) = self.slots.split(now);
        let slot = self.slots.length();
        let full = slot.saturating_mul(u64::from(SLOTS));
        Look {
            turn,
            left: 1.0 - over as f64 / slot as f64,
            seconds: Duration::from_nanos(now.as_nanos().clamp(slot, full)).as_secs_f64(),
        }
    }

    fn per_second_at(&self, look: &Look) -> f64 {
        self.sum_at(look) / look.seconds
    }

    fn sum_at(&self, look: &Look) -> f64 {
        let count = |turn: u32| u64::from(self.cells[index(turn)].get(turn));
        let first = look.turn.saturating_sub(SLOTS - 1);
        let inner: u64 = (first..=look.turn).map(count).sum();
        let oldest = look.turn.checked_sub(SLOTS).map_or(0, count);
        inner as f64 + oldest as f64 * look.left
    }
}

/// What depends on the moment alone, whatever was counted.
struct Look {
    /// The slot that it lies in.
    turn: u32,
    /// The part of the oldest slot that is still inside.
    left: f64,
    /// How long the window is by now.
    seconds: f64,
}

fn index(turn: u32) -> usize {
    turn as usize % CELLS
}
