use std::sync::atomic::{AtomicU32, Ordering};

use floodwall_core::Reason;

/// The limit as it would be if shadow mode refused: who it would have refused holds no place here,
/// though all of them are inside in truth.
#[derive(Debug)]
pub(super) struct Shadow {
    /// Those who would be inside or wait.
    held: AtomicU32,
    /// How many may wait.
    places: AtomicU32,
}

/// What would become of one who comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Enters,
    Waits,
    Refused(Reason),
}

impl Shadow {
    pub(super) const fn new(places: u32) -> Self {
        Self {
            held: AtomicU32::new(0),
            places: AtomicU32::new(places),
        }
    }

    pub(super) fn places(&self) -> u32 {
        self.places.load(Ordering::Relaxed)
    }

    pub(super) fn set_places(&self, places: u32) {
        self.places.store(places, Ordering::Relaxed);
    }

    /// Followed by one [`Shadow::leave`] unless it is refused.
    pub(super) fn enter(&self, limit: u32) -> Verdict {
        let room = limit.saturating_add(self.places.load(Ordering::Relaxed));
        let join = |held: u32| (held < room).then(|| held + 1);
        match self
            .held
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, join)
        {
            Ok(held) if held < limit => Verdict::Enters,
            Ok(_) => Verdict::Waits,
            Err(_) => Verdict::Refused(Reason::Full),
        }
    }

    pub(super) fn leave(&self) {
        self.held.fetch_sub(1, Ordering::Relaxed);
    }
}
