use crate::atomic::{AtomicU64, Ordering};

/// What belongs to one slot of time: a number that forgets itself when the slot comes round again.
///
/// The slot's turn and the number share one word, so that nobody has to clear anything and a late
/// writer does not bring an old turn back.
#[derive(Debug)]
pub(super) struct Cell(AtomicU64);

const NUMBER: u64 = u32::MAX as u64;

impl Cell {
    pub(super) fn new() -> Self {
        Self(AtomicU64::new(0))
    }

    /// Adds one to what belongs to `turn`; says whether it did. A turn that is over takes nothing.
    pub(super) fn add(&self, turn: u32) -> bool {
        let mut seen = self.0.load(Ordering::Relaxed);
        loop {
            let next = match (seen >> 32).cmp(&u64::from(turn)) {
                // Half of the range is room for those who add at the same time.
                std::cmp::Ordering::Equal if seen & NUMBER < NUMBER / 2 => {
                    self.0.fetch_add(1, Ordering::Relaxed);
                    return true;
                }
                std::cmp::Ordering::Equal => return true,
                std::cmp::Ordering::Less => u64::from(turn) << 32 | 1,
                std::cmp::Ordering::Greater => return false,
            };
            match self
                .0
                .compare_exchange_weak(seen, next, Ordering::Relaxed, Ordering::Relaxed)
            {
                Ok(_) => return true,
                Err(now) => seen = now,
            }
        }
    }

    /// Takes one back from what belongs to `turn`, if there is any.
    pub(super) fn take_back(&self, turn: u32) {
        let fewer = |seen: u64| {
            let there = seen >> 32 == u64::from(turn) && seen & NUMBER > 0;
            there.then(|| seen - 1)
        };
        // Who finds nothing to take back has nothing to do.
        let _ = self
            .0
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, fewer);
    }

    /// Raises what belongs to `turn` to at least `number`.
    pub(super) fn raise(&self, turn: u32, number: u32) {
        // The turn is above the number, so the greater word is the newer or the higher one.
        self.0
            .fetch_max(u64::from(turn) << 32 | u64::from(number), Ordering::Relaxed);
    }

    /// What belongs to `turn`.
    pub(super) fn get(&self, turn: u32) -> u32 {
        let seen = self.0.load(Ordering::Relaxed);
        if seen >> 32 == u64::from(turn) {
            (seen & NUMBER) as u32
        } else {
            0
        }
    }
}
