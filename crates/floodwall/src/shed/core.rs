use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use floodwall_core::rate::KeyHash;
use floodwall_core::shed::{ShedState, Shedder};
use floodwall_core::{Level, Moment, PolicyName, Priority, Reason, Rejection};

use super::levels::Cohorts;
use super::source::Source;
use crate::clock::Origin;
use crate::concurrency::ConcurrencyLimitHandle;
use crate::mode::ModeSwitch;
use crate::observe::{Observer, ShedSeries};
use crate::spare::{Lendable, spares};
use crate::{Mode, Now};

/// What all clones of one shedder share.
#[derive(Debug)]
pub(super) struct Core {
    pub(super) name: PolicyName,
    pub(super) shedder: Shedder,
    pub(super) cohorts: Cohorts,
    pub(super) sources: Vec<Source>,
    pub(super) queue: Option<ConcurrencyLimitHandle>,
    /// Of the queue's limit, as it was seen last.
    pub(super) limit: AtomicU32,
    pub(super) origin: Origin,
    pub(super) mode: ModeSwitch,
    pub(super) enforce_percent: AtomicU64,
    /// Numbers those that are to be shed, so that a percentage of them can be chosen evenly.
    pub(super) chosen: AtomicU64,
    /// What is shed is told to come back after, in seconds: worked out with each new cut-off.
    pub(super) retry_after: AtomicU64,
    /// Until when somebody is at a new cut-off, in nanoseconds; 0 is nobody.
    pub(super) ticking: AtomicU64,
    pub(super) observer: Observer,
    pub(super) series: ShedSeries,
    pub(super) lendable: Lendable,
}

spares!(Core, lendable);

/// How long others wait for somebody who makes a new cut-off.
const TICK_AT_MOST: Duration = Duration::from_secs(1);

/// What was read from a request.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked {
    pub(super) priority: Priority,
    pub(super) tenant: Option<KeyHash>,
    pub(super) retry: bool,
}

/// What is to become of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    LetIn(Level),
    /// It would be shed, but only so many per cent are.
    Spared(Level),
    Shed(Level),
}

impl Core {
    /// Decides, after a new cut-off if it is time for one. Counts nothing.
    pub(super) fn decide(&self, asked: &Asked, at: Moment) -> Verdict {
        if let Some(queue) = &self.queue {
            self.shedder.saw_waiting(queue.waiting());
            self.saw_limit(queue.limit());
        }
        if self.shedder.is_due(at) {
            self.tick(at);
        }
        self.judge(self.level(asked, at))
    }

    pub(super) fn judge(&self, level: Level) -> Verdict {
        if self.shedder.cut_off().admits(level) {
            Verdict::LetIn(level)
        } else if self.is_spared() {
            Verdict::Spared(level)
        } else {
            Verdict::Shed(level)
        }
    }

    /// At once, and not with the next cut-off: what moves the limit judges it by what is let in.
    fn saw_limit(&self, limit: u32) {
        let before = self.limit.load(Ordering::Relaxed);
        if limit != before {
            let before = self.limit.swap(limit, Ordering::Relaxed);
            if before > 0 && limit > before {
                self.shedder
                    .limit_grew(f64::from(limit) / f64::from(before));
            }
        }
    }

    /// As [`Core::decide`], without changing anything: not with a cut-off that is out of date.
    pub(super) fn would_shed(&self, asked: &Asked, at: Moment) -> bool {
        if self.shedder.is_due(at) {
            return false;
        }
        let level = self.level(asked, at);
        !self.shedder.cut_off().admits(level)
    }

    pub(super) fn level(&self, asked: &Asked, at: Moment) -> Level {
        self.cohorts
            .level(&self.shedder, asked.priority, asked.tenant, asked.retry, at)
    }

    /// A new cut-off, if it is time for one.
    pub(super) fn refresh(&self, at: Moment) {
        if self.shedder.is_due(at) {
            self.tick(at);
        }
    }

    /// Makes a new cut-off, one caller at a time. Sources are code of the user: were one to hang, its
    /// caller hangs with it, and the others go on after [`TICK_AT_MOST`] without that source.
    #[cold]
    fn tick(&self, at: Moment) {
        let now = self.origin.instant(at).map_or_else(Now::unread, Now::at);
        let before = self.ticking.load(Ordering::Relaxed);
        let mine = (at + TICK_AT_MOST).as_nanos();
        let taken = at.as_nanos() < before
            || self
                .ticking
                .compare_exchange(before, mine, Ordering::Acquire, Ordering::Relaxed)
                .is_err();
        if taken {
            return;
        }
        let told = self
            .sources
            .iter()
            .filter_map(|source| source.pressure(&now));
        let pressure = told.fold(0.0, f64::max);
        let backlog = self.queue.as_ref().map(ConcurrencyLimitHandle::backlog);
        self.shedder.tick(at, pressure, backlog);
        let state = self.shedder.state();
        let waiting = backlog.map_or(0, |backlog| backlog.waiting);
        self.retry_after
            .store(retry_after(&state, waiting), Ordering::Relaxed);
        self.series.publish(&state);
        // Unless it took so long that somebody else has taken over.
        let _ = self
            .ticking
            .compare_exchange(mine, 0, Ordering::Release, Ordering::Relaxed);
    }

    /// Whether this one, which is to be shed, is let in all the same.
    fn is_spared(&self) -> bool {
        let percent = self.enforce_percent.load(Ordering::Relaxed);
        if percent >= 100 {
            return false;
        }
        let number = self.chosen.fetch_add(1, Ordering::Relaxed) % 100;
        // Evenly: of any hundred in a row just so many are shed.
        (number * percent) / 100 == ((number + 1) * percent) / 100
    }

    pub(super) fn refusal(&self) -> Rejection {
        let seconds = self.retry_after.load(Ordering::Relaxed);
        Rejection::new(self.name, Reason::Shed).with_retry_after(Duration::from_secs(seconds))
    }

    pub(super) fn enforces_all(&self) -> bool {
        self.mode.get() == Mode::Enforce && self.enforce_percent.load(Ordering::Relaxed) >= 100
    }
}

/// Until those who wait have had their turn, and longer the deeper the overload: when those who were
/// shed in a second come back, it takes that long to serve them all.
fn retry_after(state: &ShedState, waiting: u32) -> u64 {
    let depth = state.share / (1.0 - state.share).max(1.0 / 31.0);
    let queue = state
        .capacity_per_second
        .filter(|capacity| *capacity > 0.0)
        .map_or(0.0, |capacity| f64::from(waiting) / capacity);
    (queue + depth).ceil().clamp(1.0, 30.0) as u64
}
