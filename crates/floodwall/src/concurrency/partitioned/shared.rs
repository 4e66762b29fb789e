use std::sync::{Arc, PoisonError};
use std::task::Waker;

#[cfg(floodwall_loom)]
use loom::sync::{
    Mutex, MutexGuard,
    atomic::{AtomicU32, Ordering, fence},
};
#[cfg(not(floodwall_loom))]
use std::sync::{
    Mutex, MutexGuard,
    atomic::{AtomicU32, Ordering, fence},
};

use floodwall_core::queue::QueueConfig;
use floodwall_core::{Moment, Priority, Reason};

use super::line::{Line, Place, Seat, Told};
use crate::concurrency::core::Core;
use crate::concurrency::gate::Enqueued;
use crate::spare::Owned;

/// A whole limit, in the unit in which shares are kept.
pub(super) const ONE: u32 = 1_000_000;

/// What all clones of one partitioned limit share.
///
/// The gate of the core has no queue of its own, and is what the total never exceeds. Who finds it full
/// announces itself in `waiting` and looks again; who leaves gives the place back and looks for
/// `waiting` then. Between each two there is a fence, so one of them sees the other.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) core: Owned<Core>,
    pub(super) partitions: Vec<Partition>,
    waiting: AtomicU32,
    line: Mutex<Line>,
}

#[derive(Debug)]
pub(super) struct Partition {
    pub(super) name: &'static str,
    /// In millionths of the limit.
    pub(super) share: u32,
    /// A count for the order of the line; nothing is decided by its moment.
    pub(super) inside: AtomicU32,
}

/// What became of one who came.
#[derive(Debug)]
pub(super) enum Came {
    Entered,
    Refused(Reason),
    Waits(Place),
}

impl Shared {
    pub(super) fn new(core: Core, partitions: Vec<Partition>, queue: &QueueConfig) -> Self {
        Self {
            core: Owned::new(core),
            waiting: AtomicU32::new(0),
            line: Mutex::new(Line::new(queue, partitions.len())),
            partitions,
        }
    }

    /// Takes a free place for which nobody waits.
    pub(super) fn try_enter(&self, partition: usize) -> bool {
        let entered = self.waiting.load(Ordering::Relaxed) == 0 && self.core.gate.try_enter();
        if entered {
            self.counts_in(partition);
        }
        entered
    }

    pub(super) fn come(
        &self,
        partition: usize,
        now: Moment,
        priority: Priority,
        deadline: Option<Moment>,
        waker: &Waker,
    ) -> Came {
        // A full gate may take back the place of a body that nobody reads.
        let entered = self.core.gate.enqueue(now, priority, None, Waker::noop());
        if entered == Enqueued::Entered {
            if self.waiting.load(Ordering::Relaxed) == 0 {
                self.counts_in(partition);
                return Came::Entered;
            }
            self.core.gate.leave(|| now);
        }
        let seat = Seat::new(waker.clone());
        let mut wakes = Vec::new();
        let mut line = self.lock();
        self.settle(&mut line, now, &mut wakes);
        let came = match line.join(partition, now, priority, deadline, &seat) {
            Err(reason) => Came::Refused(reason),
            Ok((place, evicted)) => {
                match evicted {
                    Some(evicted) => {
                        wakes.extend(evicted.tell(Told::Refused(Reason::Evicted)));
                    }
                    None => {
                        self.waiting.fetch_add(1, Ordering::Relaxed);
                    }
                }
                fence(Ordering::SeqCst);
                // A place may have become free before it was announced that somebody waits.
                self.settle(&mut line, now, &mut wakes);
                Came::Waits(place)
            }
        };
        unlock(line, wakes);
        came
    }

    /// The decision about one who waits; `waker` is kept if there is none.
    pub(super) fn look(
        &self,
        place: &Place,
        now: Moment,
        waker: &Waker,
    ) -> Option<Result<(), Reason>> {
        let waker = waker.clone();
        let mut wakes = Vec::new();
        let mut line = self.lock();
        self.settle(&mut line, now, &mut wakes);
        let decided = place.seat.decided();
        let before = match decided {
            None => place.seat.tell(Told::Waits(waker)),
            Some(_) => None,
        };
        unlock(line, wakes);
        drop(before);
        decided
    }

    /// Waits no longer. Returns whether it had a place by then, which is to be given back.
    pub(super) fn give_up(&self, place: &Place) -> bool {
        let mut line = self.lock();
        if line.leave(place) {
            self.waiting.fetch_sub(1, Ordering::Relaxed);
        }
        let decided = place.seat.decided();
        drop(line);
        decided == Some(Ok(()))
    }

    pub(super) fn counts_in(&self, partition: usize) {
        self.partitions[partition]
            .inside
            .fetch_add(1, Ordering::Relaxed);
    }

    /// Before a place is given back.
    pub(super) fn leaves(&self, partition: usize) {
        self.partitions[partition]
            .inside
            .fetch_sub(1, Ordering::Relaxed);
        if self.waiting.load(Ordering::Relaxed) > 0 {
            self.core.held_back();
        }
    }

    /// After a place was given back, or the limit grew: it goes to one who waits.
    pub(super) fn has_room(&self) {
        fence(Ordering::SeqCst);
        if self.waiting.load(Ordering::Relaxed) > 0 {
            let now = self.core.origin.now();
            let mut wakes = Vec::new();
            let mut line = self.lock();
            self.settle(&mut line, now, &mut wakes);
            unlock(line, wakes);
        }
    }

    /// It decides nothing any more: all who wait are let in.
    pub(super) fn let_all_in(&self) {
        let now = self.core.origin.now();
        let mut wakes = Vec::new();
        let mut line = self.lock();
        self.settle(&mut line, now, &mut wakes);
        while let Some((partition, seat)) = self.next(&mut line, now) {
            self.core.gate.force_enter();
            wakes.extend(self.grant(partition, &seat));
        }
        unlock(line, wakes);
    }

    /// Whether one who comes now would find a place, or one to wait at.
    pub(super) fn would_take(&self, partition: usize, now: Moment, priority: Priority) -> bool {
        let gate = &self.core.gate;
        let free = self.waiting.load(Ordering::Relaxed) == 0 && gate.in_flight() < gate.limit();
        free || self.lock().has_room_for(partition, now, priority)
    }

    /// How many wait.
    pub(super) fn waiting_in(&self, partition: usize) -> u32 {
        self.lock().len_of(partition)
    }

    /// Refuses those whose time is up, and gives free places to those who wait.
    fn settle(&self, line: &mut Line, now: Moment, wakes: &mut Vec<Waker>) {
        while let Some((seat, reason)) = line.expire(now) {
            self.waiting.fetch_sub(1, Ordering::Relaxed);
            wakes.extend(seat.tell(Told::Refused(reason)));
        }
        while self.waiting.load(Ordering::Relaxed) > 0 && self.core.gate.try_enter() {
            match self.next(line, now) {
                Some((partition, seat)) => wakes.extend(self.grant(partition, &seat)),
                None => {
                    self.core.gate.leave(|| now);
                    break;
                }
            }
        }
    }

    fn grant(&self, partition: usize, seat: &Seat) -> Option<Waker> {
        self.waiting.fetch_sub(1, Ordering::Relaxed);
        self.counts_in(partition);
        seat.tell(Told::Granted)
    }

    /// Of those who wait, one of the partition that has least of its share: so one that is below its
    /// guarantee goes before one that is above, and what is left over is shared out likewise.
    fn next(&self, line: &mut Line, now: Moment) -> Option<(usize, Arc<Seat>)> {
        let waiting = (0..self.partitions.len()).filter(|&at| line.len_of(at) > 0);
        let next = waiting.min_by(|&a, &b| self.partitions[a].compare_use(&self.partitions[b]))?;
        Some((next, line.pop(next, now)?))
    }

    fn lock(&self) -> MutexGuard<'_, Line> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Partition {
    pub(super) fn new(name: &'static str, share: u32) -> Self {
        Self {
            name,
            share,
            inside: AtomicU32::new(0),
        }
    }

    /// How many places are its own.
    pub(super) fn guaranteed(&self, limit: u32) -> u32 {
        (u64::from(limit) * u64::from(self.share) / u64::from(ONE)) as u32
    }

    pub(super) fn inside(&self) -> u32 {
        self.inside.load(Ordering::Relaxed)
    }

    /// Compares what is inside, by share; those without a share come after all others.
    fn compare_use(&self, other: &Self) -> std::cmp::Ordering {
        let own = u64::from(self.inside()) * u64::from(other.share);
        let others = u64::from(other.inside()) * u64::from(self.share);
        (self.share == 0)
            .cmp(&(other.share == 0))
            .then(own.cmp(&others))
            .then(self.inside().cmp(&other.inside()))
    }
}

/// Wakes after the lock was given back.
fn unlock(line: MutexGuard<'_, Line>, wakes: Vec<Waker>) {
    drop(line);
    wakes.into_iter().for_each(Waker::wake);
}

#[cfg(all(test, floodwall_loom))]
#[path = "loom.rs"]
mod loom_models;
