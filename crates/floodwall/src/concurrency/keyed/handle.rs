use std::sync::Arc;
use std::sync::atomic::Ordering;

use floodwall_core::PolicyName;

use super::shared::Shared;
use crate::Mode;
use crate::concurrency::gate::Gate;
use crate::observe::Counts;

/// To look at a [`KeyedConcurrencyLimit`](super::KeyedConcurrencyLimit) and to change its mode while
/// requests run.
#[derive(Clone, Debug)]
pub struct KeyedConcurrencyLimitHandle {
    shared: Arc<Shared>,
}

/// A [`KeyedConcurrencyLimit`](super::KeyedConcurrencyLimit) at one moment: all keys together.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct KeyedConcurrencySnapshot {
    /// Whether it refuses, only counts, or does nothing.
    pub mode: Mode,
    /// For how many keys there is room.
    pub capacity: usize,
    /// How many keys have a limit.
    pub keys: usize,
    /// How many of them are in use.
    pub busy: usize,
    /// The lowest limit that a key has, and the highest; none while no key has one.
    pub limits: Option<(u32, u32)>,
    /// How many are inside.
    pub in_flight: u64,
    /// How many wait.
    pub waiting: u64,
    /// How often a key took the slot of another that was unused, whose limit is forgotten.
    pub taken_over: u64,
    /// How many requests found no slot and shared the one that is for all of those. Above 0, there are
    /// more keys at once than there is room for.
    pub overflowed: u64,
    /// What was decided so far.
    pub counts: Counts,
}

impl KeyedConcurrencyLimitHandle {
    pub(super) const fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }

    /// The policy's name.
    pub fn name(&self) -> PolicyName {
        self.shared.name
    }

    /// How things stand. Reads all slots: not for the path of a request.
    pub fn snapshot(&self) -> KeyedConcurrencySnapshot {
        let shared = &self.shared;
        let overflow = &shared.overflow.gate;
        let mut seen = KeyedConcurrencySnapshot {
            mode: shared.mode.get(),
            capacity: shared.capacity,
            keys: 0,
            busy: 0,
            limits: None,
            in_flight: u64::from(overflow.in_flight()),
            waiting: u64::from(overflow.waiting()),
            taken_over: shared.taken_over.load(Ordering::Relaxed),
            overflowed: shared.overflowed.load(Ordering::Relaxed),
            counts: shared.observer.counters.counts(),
        };
        shared.table.visit(|core| seen.sees(&core.gate));
        seen
    }

    /// Changes the mode of all keys. What is inside is counted in every mode, so the switch is exact.
    pub fn set_mode(&self, mode: Mode) {
        self.shared.set_mode(mode);
    }
}

impl KeyedConcurrencySnapshot {
    fn sees(&mut self, gate: &Gate) {
        let (limit, inside, waiting) = (gate.limit(), gate.in_flight(), gate.waiting());
        let (low, high) = self.limits.unwrap_or((limit, limit));
        self.limits = Some((low.min(limit), high.max(limit)));
        self.keys += 1;
        self.busy += usize::from(inside > 0 || waiting > 0);
        self.in_flight += u64::from(inside);
        self.waiting += u64::from(waiting);
    }
}
