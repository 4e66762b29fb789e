use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use floodwall_core::Moment;

use super::super::gate::Gate;
use super::{State, WaitingRoom};

/// Whether requests park, and what `auto` knows about the length of turns.
#[derive(Debug)]
pub(in super::super) struct Switch {
    /// Read by everyone who comes; what the gate says counts.
    state: AtomicU8,
    settings: Mutex<WaitingRoom>,
    /// When a turn was last measured, and when one was last long.
    probed: AtomicU64,
    is_probing: AtomicBool,
    long_at: AtomicU64,
    long_in_a_row: AtomicU32,
}

const OFF: u8 = 0;
const SHUT: u8 = 1;
const OPEN: u8 = 2;
/// Open, and closes by itself.
const OPENED: u8 = 3;

impl Switch {
    /// So many long turns in a row open the room: one alone may be a page fault.
    const ENOUGH: u32 = 2;
    /// After so long without a long turn it closes.
    const CALM: Duration = Duration::from_secs(1);
    const PROBE_EVERY: Duration = Duration::from_millis(1);

    pub(in super::super) fn new(settings: WaitingRoom, gate: &Gate) -> Self {
        let switch = Self {
            state: AtomicU8::new(OFF),
            settings: Mutex::new(WaitingRoom::off()),
            probed: AtomicU64::new(0),
            is_probing: AtomicBool::new(false),
            long_at: AtomicU64::new(0),
            long_in_a_row: AtomicU32::new(0),
        };
        switch.set(settings, gate, Moment::ZERO);
        switch
    }

    pub(in super::super) fn state(&self) -> State {
        match self.state.load(Ordering::Relaxed) {
            OFF => State::Off,
            SHUT => State::Shut,
            _ => State::Open,
        }
    }

    pub(in super::super) fn set(&self, settings: WaitingRoom, gate: &Gate, now: Moment) {
        let state = match settings.state() {
            State::Open => OPEN,
            State::Shut => SHUT,
            State::Off => OFF,
        };
        *self.settings() = settings;
        self.long_in_a_row.store(0, Ordering::Relaxed);
        self.state.store(state, Ordering::SeqCst);
        self.apply(gate, now);
    }

    /// Whether the lengths of turns matter.
    pub(super) fn is_automatic(&self) -> bool {
        matches!(self.state.load(Ordering::Relaxed), SHUT | OPENED)
    }

    pub(super) fn grants(&self) -> Option<u32> {
        self.settings().grants()
    }

    /// Whether to measure this turn: if so, [`Switch::probe_ends`] follows. Each turn is measured
    /// once, by the first who comes in it.
    pub(super) fn begins_probe(&self, now: Moment) -> bool {
        let probed = Moment::from_nanos(self.probed.load(Ordering::Relaxed));
        now.since(probed) >= Self::PROBE_EVERY && !self.is_probing.swap(true, Ordering::Relaxed)
    }

    pub(super) fn probe_ends(&self, now: Moment) {
        self.probed.store(now.as_nanos(), Ordering::Relaxed);
        self.is_probing.store(false, Ordering::Relaxed);
    }

    /// While the room is closed: a turn took so long.
    pub(super) fn turn_took(&self, length: Duration, gate: &Gate, now: Moment) {
        let long = self.settings().long();
        if length < long {
            self.long_in_a_row.store(0, Ordering::Relaxed);
            return;
        }
        let in_a_row = self.long_in_a_row.fetch_add(1, Ordering::Relaxed) + 1;
        if in_a_row >= Self::ENOUGH {
            self.long_at.store(now.as_nanos(), Ordering::Relaxed);
            self.change(SHUT, OPENED, gate, now);
        }
    }

    /// While the room is open: a turn took so long, or somebody waited for so long. Closes it if
    /// that has been short for a while.
    pub(super) fn lasted(&self, length: Duration, gate: &Gate, now: Moment) {
        if self.state.load(Ordering::Relaxed) != OPENED {
            return;
        }
        if length >= self.settings().long() / 2 {
            self.long_at.store(now.as_nanos(), Ordering::Relaxed);
            return;
        }
        let long_at = Moment::from_nanos(self.long_at.load(Ordering::Relaxed));
        if now.since(long_at) > Self::CALM {
            self.long_in_a_row.store(0, Ordering::Relaxed);
            self.change(OPENED, SHUT, gate, now);
        }
    }

    fn change(&self, from: u8, to: u8, gate: &Gate, now: Moment) {
        let changed = self
            .state
            .compare_exchange(from, to, Ordering::SeqCst, Ordering::Relaxed);
        if changed.is_ok() {
            self.apply(gate, now);
        }
    }

    /// Without a lock, because it wakes those who wait: so whoever changed the state last applies
    /// it last.
    fn apply(&self, gate: &Gate, now: Moment) {
        loop {
            let state = self.state.load(Ordering::SeqCst);
            if matches!(state, OPEN | OPENED) {
                let rules = self.settings().rules();
                gate.open_room(rules, now);
            } else {
                gate.close_room(now);
            }
            if self.state.load(Ordering::SeqCst) == state {
                return;
            }
        }
    }

    fn settings(&self) -> MutexGuard<'_, WaitingRoom> {
        self.settings.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
