use std::task::{Poll, Waker};
use std::time::Duration;

use floodwall_core::queue::{self, Queue, QueueConfig, Served, Tenant};
use floodwall_core::{Moment, Priority, Reason};

use super::counts::Counts;
use super::departures::Departures;
use super::holds::Holds;
use super::slab::{Key, Slab};
use super::turns::Room;
use super::wakes::Wakes;

/// Everything of a gate that is under its lock. As many are in the queue as the counts say wait.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) queue: Option<Queue<Key>>,
    /// Those who wait, and those whose turn came or who were refused until they have looked: as
    /// many as there are futures.
    pub(super) waiters: Slab<Waiter>,
    pub(super) departures: Departures,
    pub(super) holds: Holds,
    /// How the queue is served while it is a waiting room.
    pub(super) room: Option<Room>,
    drains: Slab<Option<Waker>>,
}

#[derive(Debug)]
pub(super) enum Waiter {
    /// With the receipt of its tenant's turn, if tenants take turns.
    Granted(Option<Served>),
    Refused(Reason),
    Waiting {
        place: queue::Ticket,
        waker: Waker,
    },
}

/// Names one who waits. Whoever has it either sees [`Gate::poll_turn`](super::Gate::poll_turn)
/// ready or calls [`Gate::cancel`](super::Gate::cancel).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ticket(Key);

impl Ticket {
    pub(super) const fn key(self) -> Key {
        self.0
    }
}

/// Who comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Comer {
    pub(crate) priority: Priority,
    pub(crate) tenant: Tenant,
}

/// One whose tenant does not matter.
impl From<Priority> for Comer {
    fn from(priority: Priority) -> Self {
        Self {
            priority,
            tenant: Tenant::NOBODY,
        }
    }
}

/// Names one who waits for the end of a drain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct DrainKey(Key);

/// What became of one who came when there was no free place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Enqueued {
    /// There was one after all.
    Entered,
    /// It does not get in.
    Refused(Reason),
    /// It waits, at the longest until `expires`.
    Waiting { ticket: Ticket, expires: Moment },
}

/// Whether a batch was all that was to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Settled {
    Done,
    More,
}

impl Settled {
    pub(super) fn is_more(self) -> bool {
        self == Self::More
    }
}

impl Line {
    pub(super) fn new(queue: Option<QueueConfig>) -> Self {
        Self {
            queue: queue.map(Queue::new),
            waiters: Slab::new(),
            departures: Departures::new(),
            holds: Holds::default(),
            room: None,
            drains: Slab::new(),
        }
    }

    /// Refuses those whose time is up, and gives free places to those who wait; so many as `wakes`
    /// has room for, so that nobody has the lock for long.
    pub(super) fn settle(&mut self, counts: &Counts, now: Moment, wakes: &mut Wakes) -> Settled {
        if let Some(queue) = &mut self.queue {
            while !wakes.is_full() {
                let Some(expired) = queue.expire(now) else {
                    break;
                };
                counts.unannounce();
                self.departures.count_refused();
                let refused = Waiter::Refused(expired.reason);
                resolve(&mut self.waiters, expired.waiter.value, refused, wakes);
            }
            // If there is room in `wakes`, nobody is left whose time is up.
            while !wakes.is_full() && Room::may_grant(self.room.as_ref()) && counts.grant() {
                Room::count_grant(self.room.as_mut());
                let waiter = queue.pop(now).expect("as many are in the queue as wait");
                let granted = Waiter::Granted(waiter.served);
                resolve(&mut self.waiters, waiter.value, granted, wakes);
            }
            self.departures.observe(now, !queue.is_empty());
        }
        if counts.seen().is_drained() {
            for waker in self.drains.iter_mut() {
                if wakes.is_full() {
                    break;
                }
                if let Some(waker) = waker.take() {
                    wakes.push(waker);
                }
            }
        }
        if wakes.is_full() {
            Settled::More
        } else {
            Settled::Done
        }
    }

    /// For one who comes when all is settled.
    pub(super) fn enqueue(
        &mut self,
        counts: &Counts,
        now: Moment,
        comer: Comer,
        deadline: Option<Moment>,
        waker: &Waker,
        wakes: &mut Wakes,
    ) -> Enqueued {
        let Comer { priority, tenant } = comer;
        if counts.seen().is_draining() {
            return Enqueued::Refused(Reason::Draining);
        }
        // In a waiting room everybody waits for a turn, also when there is a free place.
        let parks = self.room.is_some();
        if !parks && counts.enter() {
            return Enqueued::Entered;
        }
        // With a free place only a deadline that has passed refuses.
        let certain = parks && counts.has_room();
        let hopeless = |at| self.is_hopeless(counts, now, comer, at);
        if !certain && deadline.is_some_and(hopeless) {
            self.departures.count_refused();
            return Enqueued::Refused(Reason::Deadline);
        }
        let Some(queue) = &mut self.queue else {
            return Enqueued::Refused(Reason::Full);
        };
        if let Some(room) = &mut self.room {
            room.comes(now, priority);
            if room.is_kept_for_others(queue, now, priority) {
                self.departures.count_refused();
                return Enqueued::Refused(Reason::Full);
            }
        }
        let waker = waker.clone();
        // Only who is the first to wait may find that a place has become free meanwhile: the others
        // find those who wait already.
        let first = queue.is_empty();
        if first && parks {
            counts.announce();
        } else if first && counts.enter_or_announce() {
            return Enqueued::Entered;
        }
        match queue.push_for(now, priority, tenant, deadline, self.waiters.next_key()) {
            Ok(pushed) => {
                if let Some(evicted) = pushed.evicted {
                    self.departures.count_refused();
                    let refused = Waiter::Refused(Reason::Evicted);
                    resolve(&mut self.waiters, evicted.value, refused, wakes);
                } else if !first {
                    counts.announce();
                }
                let key = self.waiters.insert(Waiter::Waiting {
                    place: pushed.ticket,
                    waker,
                });
                self.departures.observe(now, true);
                self.offer_turn(counts, key);
                Enqueued::Waiting {
                    ticket: Ticket(key),
                    expires: pushed.expires,
                }
            }
            Err(refused) => {
                if first {
                    counts.unannounce();
                }
                self.departures.count_refused();
                Enqueued::Refused(refused.reason)
            }
        }
    }

    /// Why one who comes when there is no free place would be refused.
    pub(super) fn would_refuse(
        &self,
        counts: &Counts,
        now: Moment,
        comer: Comer,
        deadline: Option<Moment>,
    ) -> Option<Reason> {
        let Comer { priority, tenant } = comer;
        let takes = |queue: &Queue<Key>| {
            let kept = |room: &Room| room.is_kept_for_others(queue, now, priority);
            queue.has_room_for_one_of(now, priority, tenant)
                && !self.room.as_ref().is_some_and(kept)
        };
        let reason = if !self.queue.as_ref().is_some_and(takes) {
            Reason::Full
        } else if deadline.is_some_and(|at| self.is_hopeless(counts, now, comer, at)) {
            Reason::Deadline
        } else {
            return None;
        };
        Some(reason)
    }

    /// `replaced` is a waker to drop after the lock.
    pub(super) fn poll(
        &mut self,
        counts: &Counts,
        now: Moment,
        ticket: Ticket,
        waker: &Waker,
        replaced: &mut Option<Waker>,
    ) -> Poll<Result<Option<Served>, Reason>> {
        let answer = match self.waiters.get_mut(ticket.0) {
            Some(Waiter::Granted(served)) => Ok(*served),
            Some(Waiter::Refused(reason)) => Err(*reason),
            Some(Waiter::Waiting { place, waker: kept }) => {
                let queue = self.queue.as_mut().expect("who waits is in a queue");
                let Some(expired) = queue.expire_one(now, *place) else {
                    if !kept.will_wake(waker) {
                        *replaced = Some(std::mem::replace(kept, waker.clone()));
                    }
                    return Poll::Pending;
                };
                counts.unannounce();
                self.departures.count_refused();
                self.departures.observe(now, !queue.is_empty());
                Err(expired.reason)
            }
            // Polled again after it was ready.
            None => Err(Reason::Other),
        };
        if let Some(Waiter::Waiting { waker, .. }) = self.waiters.remove(ticket.0) {
            *replaced = Some(waker);
        }
        Poll::Ready(answer)
    }

    /// What is returned is to be dropped after the lock.
    pub(super) fn cancel(
        &mut self,
        counts: &Counts,
        now: Moment,
        ticket: Ticket,
    ) -> Option<Waiter> {
        let removed = self.waiters.remove(ticket.0)?;
        match &removed {
            Waiter::Granted(served) => {
                counts.subtract();
                self.done(*served, now);
                self.departures.count(now);
            }
            Waiter::Refused(_) => {}
            Waiter::Waiting { place, .. } => {
                let queue = self.queue.as_mut().expect("who waits is in a queue");
                queue.cancel(*place).expect("who waits is in the queue");
                counts.unannounce();
            }
        }
        Some(removed)
    }

    /// One that went in by its tenant's turn has left.
    pub(super) fn done(&mut self, served: Option<Served>, now: Moment) {
        if let (Some(queue), Some(served)) = (&mut self.queue, served) {
            queue.done(served, now);
        }
    }

    pub(super) fn poll_drained(
        &mut self,
        counts: &Counts,
        key: &mut Option<DrainKey>,
        waker: &Waker,
        replaced: &mut Option<Waker>,
    ) -> Poll<()> {
        if counts.seen().is_drained() {
            *replaced = key.take().and_then(|key| self.forget_drained(key));
            return Poll::Ready(());
        }
        match key.and_then(|key| self.drains.get_mut(key.0)) {
            Some(kept) => *replaced = kept.replace(waker.clone()),
            None => *key = Some(DrainKey(self.drains.insert(Some(waker.clone())))),
        }
        Poll::Pending
    }

    pub(super) fn forget_drained(&mut self, key: DrainKey) -> Option<Waker> {
        self.drains.remove(key.0).flatten()
    }

    pub(super) fn estimate(&self, counts: &Counts, now: Moment, comer: Comer) -> Option<Duration> {
        let Comer { priority, tenant } = comer;
        let queue = self.queue.as_ref()?;
        let more_urgent: u32 = Priority::all()
            .take_while(|&other| other < priority)
            .map(|p| queue.len_of(p))
            .sum();
        let before_it = queue.ahead_of(priority, tenant);
        let owed = counts.seen().in_flight().saturating_sub(counts.limit());
        let turns = more_urgent
            .saturating_add(before_it)
            .saturating_add(owed)
            .saturating_add(1);
        self.departures.time_for(turns, now)
    }

    fn is_hopeless(&self, counts: &Counts, now: Moment, comer: Comer, deadline: Moment) -> bool {
        now + self.estimate(counts, now, comer).unwrap_or_default() >= deadline
    }
}

/// Tells one who waits what became of it.
fn resolve(waiters: &mut Slab<Waiter>, key: Key, outcome: Waiter, wakes: &mut Wakes) {
    let waiter = waiters.get_mut(key).expect("who is in the queue waits");
    if let Waiter::Waiting { waker, .. } = std::mem::replace(waiter, outcome) {
        wakes.push(waker);
    }
}
