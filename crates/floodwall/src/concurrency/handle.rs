use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use floodwall_core::queue::QueueConfigBuilder;
use floodwall_core::shed::Backlog;
use floodwall_core::{PolicyName, Priority, Reason};

use super::adaptive::PastChange;
use super::builder::{check_limit, check_room};
use super::core::Core;
use super::gate::DrainKey;
use super::load::WeakLimit;
use super::tenants::Turning;
use super::{WaitingRoom, fair};
use crate::observe::Counts;
use crate::spare::Owned;
use crate::{BuildError, Mode};

/// To look at a [`ConcurrencyLimit`](super::ConcurrencyLimit) and to change it while requests run.
///
/// ```
/// use floodwall::ConcurrencyLimit;
///
/// let limit = ConcurrencyLimit::new(8);
/// let handle = limit.handle();
/// handle.set_limit(4)?;
/// assert_eq!(handle.snapshot().limit, 4);
/// assert!(handle.set_limit(0).is_err());
/// # Ok::<(), floodwall::BuildError>(())
/// ```
#[derive(Clone, Debug)]
pub struct ConcurrencyLimitHandle {
    core: Owned<Core>,
}

/// A [`ConcurrencyLimit`](super::ConcurrencyLimit) at one moment.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ConcurrencySnapshot {
    /// How many may be inside.
    pub limit: u32,
    /// How many are inside; more than the limit for a while after it shrank, and in shadow mode.
    pub in_flight: u32,
    /// How many wait.
    pub waiting: u32,
    /// How many wait, by priority.
    pub waiting_by_class: [u32; Priority::COUNT],
    /// Whether it refuses, only counts, or does nothing.
    pub mode: Mode,
    /// Whether it takes nothing new.
    pub draining: bool,
    /// How many fit into the waiting room by what is known now; `None` while it is not open.
    pub room: Option<u32>,
    /// For how long the one who came first has waited.
    pub oldest_wait: Duration,
    /// How many places become free per second while somebody waits; `None` if that is not known
    /// from the last second or so.
    pub departures_per_second: Option<f64>,
    /// What it has decided so far.
    pub counts: Counts,
    /// What moves the limit, if it moves.
    pub adaptive: Option<AdaptiveSnapshot>,
}

/// What moves a limit, at one moment.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct AdaptiveSnapshot {
    /// The name of the algorithm.
    pub algorithm: &'static str,
    /// Whether it has panicked: the limit stays where it is, then.
    pub lost: bool,
    /// How many samples it was told.
    pub samples: u64,
    /// How many it was not told, because it did not keep up.
    pub missed: u64,
    /// The last change that it told.
    pub last_change: Option<PastChange>,
}

impl ConcurrencyLimitHandle {
    pub(super) const fn new(core: Owned<Core>) -> Self {
        Self { core }
    }

    pub(crate) fn downgrade(&self) -> WeakLimit {
        WeakLimit::new(&self.core)
    }

    /// The policy's name.
    pub fn name(&self) -> PolicyName {
        self.core.name
    }

    /// How things stand.
    pub fn snapshot(&self) -> ConcurrencySnapshot {
        let gate = &self.core.gate;
        let now = self.core.origin.now();
        let mut waiting_by_class = [0; Priority::COUNT];
        for priority in Priority::all() {
            waiting_by_class[priority.index()] = gate.waiting_of(priority);
        }
        ConcurrencySnapshot {
            limit: gate.limit(),
            in_flight: gate.in_flight(),
            waiting: gate.waiting(),
            waiting_by_class,
            mode: self.core.mode.get(),
            draining: gate.is_draining(),
            room: gate.room_size(),
            oldest_wait: gate.oldest_wait(now),
            departures_per_second: gate.departures_per_second(now),
            counts: self.core.observer.counters.counts(),
            adaptive: self.core.learner.as_ref().map(|learner| AdaptiveSnapshot {
                algorithm: learner.name(),
                lost: learner.is_lost(),
                samples: learner.learned(),
                missed: learner.missed(),
                last_change: learner.last_change(now),
            }),
        }
    }

    /// The last changes of a limit that moves, the oldest first: up to 64. Nobody's if it is fixed.
    ///
    /// Each reads as in the events: `limit 40 -> 31: throughput flat, latency x1.8`.
    pub fn history(&self) -> Vec<PastChange> {
        let now = self.core.origin.now();
        let learner = self.core.learner.as_ref();
        learner.map_or_else(Vec::new, |learner| learner.past_changes(now))
    }

    /// How many wait, as one load of a word that every request reads anyway.
    pub(crate) fn waiting(&self) -> u32 {
        self.core.gate.waiting()
    }

    pub(crate) fn limit(&self) -> u32 {
        self.core.gate.limit()
    }

    /// Somebody was shed because of those who wait for this limit, and so does not wait for it.
    pub(crate) fn held_back(&self) {
        let Core { gate, .. } = &*self.core;
        if gate.in_flight() >= gate.limit() || gate.holds_back() {
            self.core.held_back();
        }
    }

    /// What a shedder must know of the queue.
    pub(crate) fn backlog(&self) -> Backlog {
        const NO_ROOM: [Reason; 4] = [
            Reason::Full,
            Reason::Evicted,
            Reason::QueueTimeout,
            Reason::Deadline,
        ];
        let counts = self.core.observer.counters.counts();
        Backlog {
            waiting: self.core.gate.waiting(),
            places: self.core.shadow.places(),
            granted: counts.admitted,
            refused: NO_ROOM.iter().map(|&why| counts.refused_for(why)).sum(),
        }
    }

    /// How long a request of `priority` that came now would wait, by the recent rate of departures;
    /// `None` if that is not known. Where tenants take turns: one of a tenant of whom nobody waits yet.
    pub fn estimate_wait(&self, priority: Priority) -> Option<Duration> {
        let now = self.core.origin.now();
        self.core.gate.estimate_wait(now, priority)
    }

    /// Changes the limit. Growing lets waiters in; shrinking takes no place away, it gives back
    /// none until the number inside is below the new limit.
    ///
    /// # Errors
    ///
    /// If `limit` is 0: to let nothing in, [`drain`](ConcurrencyLimitHandle::drain). If it is adaptive:
    /// its algorithm alone moves it.
    pub fn set_limit(&self, limit: u32) -> Result<(), BuildError> {
        check_limit(limit)?;
        if let Some(learner) = &self.core.learner {
            let problem = format!(
                "`{}` moves it and would move it back: bound it with `floor` and `ceiling` when it is \
                 built, or begin with a fixed limit",
                learner.name()
            );
            return Err(BuildError::new("limit", problem));
        }
        self.core.gate.set_limit(limit, self.core.origin.now());
        self.core.observer.limit_is(limit);
        Ok(())
    }

    /// Changes the set-up of the queue; those who wait already keep their place and their time. From then
    /// on it follows no adaptive limit. Whether tenants take turns stays as it was built.
    ///
    /// # Errors
    ///
    /// If the set-up is unsound, or the limit was built without a queue.
    pub fn set_queue(&self, queue: QueueConfigBuilder) -> Result<(), BuildError> {
        let turning = if self.core.tenants.on {
            Turning::Always
        } else {
            Turning::Never
        };
        let queue = fair::queue(queue, turning)?.build();
        let queue = queue.map_err(|error| BuildError::caused("queue", error))?;
        let places = queue.capacity();
        let set = || self.core.gate.set_queue(queue);
        let follow = self.core.learner.as_ref().and_then(|it| it.follow.as_ref());
        let is_set = match follow {
            Some(follow) => follow.end(set),
            None => set(),
        };
        if is_set {
            self.core.shadow.set_places(places);
            return Ok(());
        }
        let problem = "this limit was built without one and refuses what finds no place";
        Err(BuildError::new("queue", problem))
    }

    /// Opens the waiting room, closes it, or leaves that to itself. Those who wait keep their place;
    /// when it closes, those for whom there is room enter at once.
    ///
    /// # Errors
    ///
    /// If the settings are unsound, or the limit was built without a queue.
    pub fn set_waiting_room(&self, room: WaitingRoom) -> Result<(), BuildError> {
        let Core { gate, origin, .. } = &*self.core;
        check_room(&room, gate.has_queue())?;
        self.core.room.set(room, gate, origin.now());
        Ok(())
    }

    /// Changes the mode. What is inside is counted in every mode, so the switch is exact. Those who
    /// wait when it no longer enforces are let in at once.
    pub fn set_mode(&self, mode: Mode) {
        self.core.set_mode(mode);
    }

    /// Takes nothing new from now on: arrivals are refused with
    /// [`Reason::Draining`](crate::Reason::Draining), those who wait are served or time out.
    ///
    /// The future is ready when nobody is inside and nobody waits.
    ///
    /// # Cancel safety
    ///
    /// The draining has begun when this returns; dropping the future does not end it.
    pub fn drain(&self) -> Drained {
        self.core.gate.drain();
        Drained {
            core: self.core.clone(),
            key: None,
        }
    }

    /// Takes back a [`drain`](ConcurrencyLimitHandle::drain): lets in again what comes.
    pub fn resume(&self) {
        self.core.gate.undrain();
    }

    /// Sets the gauge of the limit in the `metrics` facade, as after a recorder was installed late.
    /// The other series follow events; a series that was first needed before there was a recorder
    /// stays silent.
    pub fn publish(&self) {
        self.core.observer.limit_is(self.core.gate.limit());
    }
}

/// Ready when a draining limit is empty; see [`ConcurrencyLimitHandle::drain`].
#[derive(Debug)]
#[must_use = "draining goes on without it, but only this tells when it is over"]
pub struct Drained {
    core: Owned<Core>,
    key: Option<DrainKey>,
}

impl Future for Drained {
    type Output = ();
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let Self { core, key } = self.get_mut();
        core.gate.poll_drained(key, cx.waker())
    }
}

impl Drop for Drained {
    fn drop(&mut self) {
        if let Some(key) = self.key.take() {
            self.core.gate.forget_drained(key);
        }
    }
}
