use std::sync::{Arc, Mutex, PoisonError};
use std::task::Waker;

use floodwall_core::queue::{Queue, QueueConfig, Ticket};
use floodwall_core::{Moment, Priority, Reason};

/// Those who wait, each partition's in a queue of their own. Everything here is under one lock.
#[derive(Debug)]
pub(super) struct Line {
    queues: Vec<Queue<Arc<Seat>>>,
}

/// What one who waits looks at.
#[derive(Debug)]
pub(super) struct Seat(Mutex<Told>);

#[derive(Debug)]
pub(super) enum Told {
    Waits(Waker),
    Granted,
    Refused(Reason),
}

/// Who waits where.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) partition: usize,
    pub(super) ticket: Ticket,
    pub(super) seat: Arc<Seat>,
    pub(super) expires: Moment,
}

impl Seat {
    pub(super) fn new(waker: Waker) -> Arc<Self> {
        Arc::new(Self(Mutex::new(Told::Waits(waker))))
    }

    /// Returns the waker that is not needed any more, to be used or dropped outside of all locks.
    pub(super) fn tell(&self, told: Told) -> Option<Waker> {
        let mut seat = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match std::mem::replace(&mut *seat, told) {
            Told::Waits(waker) => Some(waker),
            Told::Granted | Told::Refused(_) => None,
        }
    }

    /// The decision, if there is one.
    pub(super) fn decided(&self) -> Option<Result<(), Reason>> {
        match *self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            Told::Waits(_) => None,
            Told::Granted => Some(Ok(())),
            Told::Refused(reason) => Some(Err(reason)),
        }
    }
}

impl Line {
    pub(super) fn new(config: &QueueConfig, partitions: usize) -> Self {
        let queue = |_| Queue::new(config.clone());
        Self {
            queues: (0..partitions).map(queue).collect(),
        }
    }

    /// Joins the line of a partition. Somebody less urgent of the same partition may lose its place.
    pub(super) fn join(
        &mut self,
        partition: usize,
        now: Moment,
        priority: Priority,
        deadline: Option<Moment>,
        seat: &Arc<Seat>,
    ) -> Result<(Place, Option<Arc<Seat>>), Reason> {
        let queue = &mut self.queues[partition];
        match queue.push(now, priority, deadline, Arc::clone(seat)) {
            Ok(pushed) => {
                let place = Place {
                    partition,
                    ticket: pushed.ticket,
                    seat: Arc::clone(seat),
                    expires: pushed.expires,
                };
                Ok((place, pushed.evicted.map(|evicted| evicted.value)))
            }
            Err(refused) => Err(refused.reason),
        }
    }

    /// Takes out one whose time is up.
    pub(super) fn expire(&mut self, now: Moment) -> Option<(Arc<Seat>, Reason)> {
        self.queues.iter_mut().find_map(|queue| {
            let expired = queue.expire(now)?;
            Some((expired.waiter.value, expired.reason))
        })
    }

    /// Takes out whom to serve next in `partition`; nobody's time is up.
    pub(super) fn pop(&mut self, partition: usize, now: Moment) -> Option<Arc<Seat>> {
        self.queues[partition].pop(now).map(|waiter| waiter.value)
    }

    /// Whether it still waited.
    pub(super) fn leave(&mut self, place: &Place) -> bool {
        self.queues[place.partition].cancel(place.ticket).is_some()
    }

    pub(super) fn len_of(&self, partition: usize) -> u32 {
        self.queues[partition].len()
    }

    pub(super) fn has_room_for(&self, partition: usize, now: Moment, priority: Priority) -> bool {
        self.queues[partition].has_room_for(now, priority)
    }
}
