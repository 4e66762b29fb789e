//! The concurrency limit with its waiting line: no runtime, no clock.
//!
//! How many are inside and how many wait is one word ([`Counts`]); the queue and the wakers are
//! under one mutex. The order of operations, which the loom models explore:
//!
//! 1. Enter: one compare-and-swap, only if there is room **and nobody waits**. Nobody barges.
//! 2. Wait: under the lock, one compare-and-swap on the same word takes a free place or announces
//!    the waiter.
//! 3. Leave: one subtraction. Who finds by it that somebody waits takes the lock and settles; until
//!    then nobody takes the place by 1, because somebody waits.
//! 4. Settle, under the lock: those whose time is up are refused; then, while there is a free
//!    place, one compare-and-swap moves one from waiting to inside. They are woken after the lock
//!    was given back.
//! 5. Cancel, under the lock: a granted place is subtracted, and the line settled; one who waits is
//!    removed. So it is with the place of one whose tenant's turn is over.
//! 6. In a waiting room ([`turns`]) nobody takes a place by 1 or 2, and 4 gives places only in a turn.
//! 7. A smaller limit is only stored: those inside beyond it are owed, and leave in their own
//!    time. A larger one is stored, then settled.
//!
//! So whenever the lock is free, nobody waits, or no place is free, or a turn is under way, or one who
//! left is about to take the lock. Draining shuts the fast ways of 1 and 3 in the same word, so that
//! the last one to leave is sure to tell.

mod binding;
mod counts;
mod departures;
mod drain;
mod holds;
mod line;
mod room;
mod slab;
mod sync;
mod turns;
mod wakes;

use std::sync::PoisonError;
use std::task::{Poll, Waker};
use std::time::Duration;

use floodwall_core::queue::{QueueConfig, Served};
use floodwall_core::{Moment, Priority, Reason};

use self::counts::Counts;
use self::line::Line;
use self::sync::{AtomicBool, Mutex, MutexGuard, Ordering};
use self::wakes::Wakes;

pub(crate) use self::holds::HoldId;
pub(crate) use self::line::{Comer, DrainKey, Enqueued, Ticket};
pub(crate) use self::turns::{Role, RoomRules};

/// Lets at most so many in at once, and lets the others wait in order of priority.
#[derive(Debug)]
pub(crate) struct Gate {
    counts: Counts,
    has_queue: bool,
    /// A hint that reading the holds may be worth the lock.
    has_holds: AtomicBool,
    /// A hint that there may be turns to take.
    has_room: AtomicBool,
    line: Mutex<Line>,
}

impl Gate {
    pub(crate) const RETRY_WITHOUT_QUEUE: Duration = Duration::from_secs(1);

    /// A gate for `limit`; 0 lets nobody in until it is raised. Without a queue nobody waits.
    pub(crate) fn new(limit: u32, queue: Option<QueueConfig>) -> Self {
        Self {
            counts: Counts::new(limit),
            has_queue: queue.is_some(),
            has_holds: AtomicBool::new(false),
            has_room: AtomicBool::new(false),
            line: Mutex::new(Line::new(queue)),
        }
    }

    /// Enters if there is a free place and nobody waits for one. Every true is followed by one
    /// [`Gate::leave`].
    pub(crate) fn try_enter(&self) -> bool {
        self.counts.enter()
    }

    /// Whether [`Gate::try_enter`] would be true.
    pub(crate) fn has_room(&self) -> bool {
        self.counts.has_room()
    }

    /// Counts one more inside, whatever the limit says: for modes that decide nothing. Tells
    /// whether there was a place. Followed by one [`Gate::leave`].
    pub(crate) fn force_enter(&self) -> bool {
        self.counts.force_enter()
    }

    /// Waits for a place. The caller has found [`Gate::try_enter`] false and its deadline not yet
    /// passed.
    ///
    /// A wait that by the recent rate of departures would end after `deadline` is refused at once.
    /// `Entered` is followed by one [`Gate::leave`].
    pub(crate) fn enqueue(
        &self,
        now: Moment,
        comer: impl Into<Comer>,
        deadline: Option<Moment>,
        waker: &Waker,
    ) -> Enqueued {
        self.enqueue_told(now, comer, deadline, waker).0
    }

    /// The same; with a refusal, how long to stay away, as [`Gate::retry_after`] would tell.
    pub(crate) fn enqueue_told(
        &self,
        now: Moment,
        comer: impl Into<Comer>,
        deadline: Option<Moment>,
        waker: &Waker,
    ) -> (Enqueued, Duration) {
        if let Some(decided) = self.enqueue_nowhere() {
            return (decided, Self::RETRY_WITHOUT_QUEUE);
        }
        let mut wakes = Wakes::new();
        let mut line = self.lock_settled(now, &mut wakes);
        if self.reclaim_overdue(&mut line, now) {
            drop(line);
            line = self.lock_settled(now, &mut wakes);
        }
        let comer = comer.into();
        let enqueued = line.enqueue(&self.counts, now, comer, deadline, waker, &mut wakes);
        // Whoever was evicted may have had a turn to take.
        line.mind_turn(&self.counts, &mut wakes);
        let retry_after = match enqueued {
            Enqueued::Refused(_) => self.stay_away(&line, now),
            _ => Duration::ZERO,
        };
        drop(line);
        wakes.wake_all();
        (enqueued, retry_after)
    }

    /// What [`Gate::enqueue`] decides if there is no queue and nothing to take back: without the lock,
    /// and at any time.
    pub(crate) fn enqueue_nowhere(&self) -> Option<Enqueued> {
        self.is_never_reclaimed_nor_queued()
            .then(|| self.enter_or_refuse())
    }

    /// Why one who has just found [`Gate::try_enter`] false is refused, if there is no queue and nothing
    /// to take back.
    pub(crate) fn reason_without_queue(&self) -> Option<Reason> {
        self.is_never_reclaimed_nor_queued()
            .then(|| self.full_or_draining())
    }

    /// Why one who comes now would be refused, if it would, and how long it had better stay away then.
    /// Changes nothing, unless it `counts` as refused. The clock is read only if there is no free place.
    pub(crate) fn refusal(
        &self,
        comer: impl Into<Comer>,
        deadline: Option<Moment>,
        now: impl FnOnce() -> Moment,
        counts: bool,
    ) -> Option<(Reason, Duration)> {
        if self.has_room() {
            return None;
        }
        // It goes away, so when there is room again says nothing.
        if self.is_draining() {
            if counts {
                self.count_refused();
            }
            return Some((Reason::Draining, Self::RETRY_WITHOUT_QUEUE));
        }
        if self.is_never_reclaimed_nor_queued() {
            return Some((Reason::Full, Self::RETRY_WITHOUT_QUEUE));
        }
        let now = now();
        let mut line = self.lock();
        if line.holds.is_overdue(now) {
            return None;
        }
        let reason = line.would_refuse(&self.counts, now, comer.into(), deadline)?;
        if counts {
            line.departures.count_refused();
        }
        Some((reason, self.stay_away(&line, now)))
    }

    /// Counts one who was refused before anybody looked at the gate.
    pub(crate) fn count_refused(&self) {
        if self.has_queue {
            self.lock().departures.count_refused();
        }
    }

    /// Whether the turn of one who waits has come. Keeps `waker` if not.
    ///
    /// Once it is ready, the ticket means nothing any more; `Ok` is followed by one
    /// [`Gate::leave_served`], or [`Gate::leave`] if tenants do not take turns.
    pub(crate) fn poll_turn(
        &self,
        ticket: Ticket,
        now: Moment,
        waker: &Waker,
    ) -> Poll<Result<Option<Served>, Reason>> {
        let mut replaced = None;
        let mut wakes = Wakes::new();
        let mut line = self.lock();
        let answer = line.poll(&self.counts, now, ticket, waker, &mut replaced);
        line.mind_turn(&self.counts, &mut wakes);
        drop(line);
        wakes.wake_all();
        drop(replaced);
        answer
    }

    /// Leaves the line; a place that was granted meanwhile goes to the next. Does nothing for a
    /// ticket that has been ready.
    pub(crate) fn cancel(&self, ticket: Ticket, now: impl FnOnce() -> Moment) {
        let now = now();
        let mut line = self.lock();
        let removed = line.cancel(&self.counts, now, ticket);
        self.settle(line, now, &mut Wakes::new());
        drop(removed);
    }

    /// Gives a place back. Reads the clock only if somebody waits or the gate is draining.
    pub(crate) fn leave(&self, now: impl FnOnce() -> Moment) {
        if !self.counts.leave() {
            self.has_left(now());
        }
    }

    /// The same for one that may have gone in by its tenant's turn.
    pub(crate) fn leave_served(&self, served: Option<Served>, now: impl FnOnce() -> Moment) {
        match served {
            None => self.leave(now),
            Some(served) => self.leave_to_the_next(served, now()),
        }
    }

    /// One that went in by its tenant's turn has left, and its place was taken back before.
    pub(crate) fn done(&self, served: Served, now: Moment) {
        self.lock().done(Some(served), now);
    }

    /// Begins a hold of a place that was entered before: once `until` has passed, the next arrival
    /// that finds the gate full takes the place back.
    pub(crate) fn hold(&self, until: Moment) -> HoldId {
        let mut line = self.lock();
        self.has_holds.store(true, Ordering::Relaxed);
        line.holds.begin(until)
    }

    /// Ends a hold. If false, the place was taken back already, and the holder must not leave.
    #[must_use]
    pub(crate) fn end_hold(&self, id: HoldId) -> bool {
        let mut line = self.lock();
        let held = line.holds.end(id);
        self.has_holds
            .store(!line.holds.is_empty(), Ordering::Relaxed);
        held
    }

    /// Changes the limit. Those inside beyond a smaller one may stay; a larger one lets in those
    /// who wait.
    pub(crate) fn set_limit(&self, limit: u32, now: Moment) {
        if self.counts.set_limit(limit) < limit {
            self.settle(self.lock(), now, &mut Wakes::new());
        }
    }

    /// Changes the set-up of the queue. False if there is none to change.
    pub(crate) fn set_queue(&self, config: QueueConfig) -> bool {
        let line = &mut *self.lock();
        match (&mut line.queue, &mut line.room) {
            (Some(queue), Some(room)) => room.set_base(config, queue),
            (Some(queue), None) => queue.set_config(config),
            (None, _) => return false,
        }
        true
    }

    pub(crate) fn limit(&self) -> u32 {
        self.counts.limit()
    }

    /// How many are inside; more than the limit after it was made smaller.
    pub(crate) fn in_flight(&self) -> u32 {
        self.counts.seen().in_flight()
    }

    pub(crate) fn waiting(&self) -> u32 {
        self.counts.seen().waiting()
    }

    pub(crate) fn waiting_of(&self, priority: Priority) -> u32 {
        self.lock()
            .queue
            .as_ref()
            .map_or(0, |queue| queue.len_of(priority))
    }

    /// For how long the one who came first has waited.
    pub(crate) fn oldest_wait(&self, now: Moment) -> Duration {
        self.lock()
            .queue
            .as_ref()
            .map_or(Duration::ZERO, |queue| queue.oldest_wait(now))
    }

    /// How many places become free per second while somebody waits; none if that is not known
    /// from the last second or so.
    pub(crate) fn departures_per_second(&self, now: Moment) -> Option<f64> {
        self.lock().departures.per_second(now)
    }

    /// How long one who was refused had better stay away, in whole seconds from 1 to 30, without
    /// jitter: until those who wait now have had their turn, and longer the more are refused, so
    /// that those of the last second find room when they all come back. Without a queue nothing is
    /// known about departures: a second.
    pub(crate) fn retry_after(&self, now: Moment) -> Duration {
        if !self.has_queue {
            return Self::RETRY_WITHOUT_QUEUE;
        }
        self.stay_away(&self.lock(), now)
    }

    fn stay_away(&self, line: &Line, now: Moment) -> Duration {
        if !self.has_queue {
            return Self::RETRY_WITHOUT_QUEUE;
        }
        let waiting = self.waiting().saturating_add(1);
        let queue = line
            .departures
            .time_for(waiting, now)
            .map_or(0.0, |time| time.as_secs_f64());
        let depth = line.departures.refused_for_each(now).unwrap_or(0.0);
        Duration::from_secs((queue + depth).ceil().clamp(1.0, 30.0) as u64)
    }

    /// How long one who comes now would wait; none if that is not known.
    pub(crate) fn estimate_wait(&self, now: Moment, priority: Priority) -> Option<Duration> {
        self.lock().estimate(&self.counts, now, priority.into())
    }
}

#[cfg(test)]
impl Gate {
    /// [`Gate::refusal`] for tests of the reason alone.
    pub(crate) fn would_refuse(
        &self,
        comer: impl Into<Comer>,
        deadline: Option<Moment>,
        now: impl FnOnce() -> Moment,
    ) -> Option<Reason> {
        self.refusal(comer, deadline, now, false)
            .map(|(reason, _)| reason)
    }

    /// [`Gate::poll_turn`] for tests where tenants do not take turns.
    pub(crate) fn poll_wait(
        &self,
        ticket: Ticket,
        now: Moment,
        waker: &Waker,
    ) -> Poll<Result<(), Reason>> {
        let answer = self.poll_turn(ticket, now, waker);
        answer.map_ok(|served| assert_eq!(served, None))
    }
}

impl Gate {
    fn is_never_reclaimed_nor_queued(&self) -> bool {
        !self.has_queue && !self.has_holds.load(Ordering::Relaxed)
    }

    /// For a gate without a queue: the same decision, without the lock.
    fn enter_or_refuse(&self) -> Enqueued {
        if self.counts.enter() {
            Enqueued::Entered
        } else {
            Enqueued::Refused(self.full_or_draining())
        }
    }

    fn full_or_draining(&self) -> Reason {
        if self.is_draining() {
            Reason::Draining
        } else {
            Reason::Full
        }
    }

    /// Takes back the places of those who are overdue, if there is none free.
    fn reclaim_overdue(&self, line: &mut Line, now: Moment) -> bool {
        if line.holds.is_empty() || self.counts.seen().in_flight() < self.counts.limit() {
            return false;
        }
        let mut reclaimed = false;
        while line.holds.take_overdue(now) {
            self.counts.subtract();
            reclaimed = true;
        }
        self.has_holds
            .store(!line.holds.is_empty(), Ordering::Relaxed);
        reclaimed
    }

    /// One has left while somebody waits or the gate is draining.
    #[cold]
    fn has_left(&self, now: Moment) {
        let mut line = self.lock();
        line.departures.count(now);
        self.settle(line, now, &mut Wakes::new());
    }

    /// The place is free only when it is known whose turn is over.
    #[cold]
    fn leave_to_the_next(&self, served: Served, now: Moment) {
        let mut line = self.lock();
        line.done(Some(served), now);
        self.counts.subtract();
        line.departures.count(now);
        self.settle(line, now, &mut Wakes::new());
    }

    /// Settles, gives the lock back, wakes.
    fn settle<'a>(&'a self, mut line: MutexGuard<'a, Line>, now: Moment, wakes: &mut Wakes) {
        while line.settle(&self.counts, now, wakes).is_more() {
            drop(line);
            wakes.wake_all();
            line = self.lock();
        }
        line.mind_turn(&self.counts, wakes);
        drop(line);
        wakes.wake_all();
    }

    /// Takes the lock at a moment when there is nothing to settle. There may be somebody to wake.
    fn lock_settled(&self, now: Moment, wakes: &mut Wakes) -> MutexGuard<'_, Line> {
        let mut line = self.lock();
        while line.settle(&self.counts, now, wakes).is_more() {
            drop(line);
            wakes.wake_all();
            line = self.lock();
        }
        line.mind_turn(&self.counts, wakes);
        line
    }

    /// A panic under the lock can only come from a waker, and never between two changes that belong
    /// together: what is behind a poisoned lock is whole.
    fn lock(&self) -> MutexGuard<'_, Line> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(all(test, floodwall_loom))]
pub(crate) use self::sync::explored::PLAIN_LOADS;

#[cfg(all(test, floodwall_loom))]
mod loom;
#[cfg(all(test, not(floodwall_loom)))]
mod tests;
