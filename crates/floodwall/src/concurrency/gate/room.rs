use floodwall_core::Moment;

use super::sync::Ordering;
use super::turns::{Role, Room, RoomRules};
use super::wakes::Wakes;
use super::{Gate, Ticket};

/// The gate as a waiting room.
impl Gate {
    /// From now on whoever comes waits for a turn, or changes the rules if that is so already.
    /// Does nothing for a gate without a queue.
    pub(crate) fn open_room(&self, rules: RoomRules, now: Moment) {
        let mut guard = self.lock();
        let line = &mut *guard;
        let Some(queue) = &mut line.queue else { return };
        match &mut line.room {
            Some(room) => room.set_rules(rules, queue),
            None => line.room = Some(Room::new(rules, queue)),
        }
        // Whoever is woken to take a turn sees this.
        self.has_room.store(true, Ordering::Release);
        self.settle(guard, now, &mut Wakes::new());
    }

    /// From now on places are given away as they become free.
    pub(crate) fn close_room(&self, now: Moment) {
        let mut guard = self.lock();
        let line = &mut *guard;
        if let (Some(room), Some(queue)) = (line.room.take(), &mut line.queue) {
            room.close(queue);
        }
        self.has_room.store(false, Ordering::Release);
        self.settle(guard, now, &mut Wakes::new());
    }

    /// Lets in all who wait, whatever the limit says.
    pub(crate) fn let_all_in(&self, now: Moment) {
        let limit = self.counts.set_limit(u32::MAX);
        let mut line = self.lock();
        if let Some(room) = &mut line.room {
            room.grants = u32::MAX;
        }
        self.settle(line, now, &mut Wakes::new());
        if let Some(room) = &mut self.lock().room {
            room.grants = 0;
        }
        self.counts.set_limit(limit);
    }

    pub(crate) const fn has_queue(&self) -> bool {
        self.has_queue
    }

    /// How many fit into the waiting room, if it is open.
    pub(crate) fn room_size(&self) -> Option<u32> {
        self.lock().room.as_ref().map(|room| room.size)
    }

    /// Takes the turn if it is up to the one of `ticket`. To be asked whenever it is polled, and
    /// right after it began to wait.
    ///
    /// Those in the second are woken when it is dropped, which is to be after the role was played:
    /// it may panic.
    pub(crate) fn take_turn(&self, ticket: Ticket, now: Moment) -> (Role, Wakes) {
        let mut wakes = Wakes::new();
        if !self.has_room.load(Ordering::Acquire) {
            return (Role::Rests, wakes);
        }
        let mut line = self.lock();
        if let Some(role) = line.begin_turn(now, ticket.key()) {
            return (role, wakes);
        }
        while line.settle(&self.counts, now, &mut wakes).is_more() {
            drop(line);
            wakes.wake_all();
            line = self.lock();
        }
        let role = line.end_turn(&self.counts);
        drop(line);
        (role, wakes)
    }

    /// The reactor was looked at since somebody had to call: wakes one who takes the turn, in which
    /// so many places are given away. It takes it the second time that it is polled if it is to go
    /// `behind`.
    pub(crate) fn turn_comes(&self, grants: u32, behind: bool) {
        let waker = self.lock().turn_comes(grants, behind);
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}
