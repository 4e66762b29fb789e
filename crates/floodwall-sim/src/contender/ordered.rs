use super::line::{Discipline, Next, Waiter};

/// Who has less than this left is not worth a place.
const LEAST_LEFT: u64 = 10_000_000;

/// In the order of priority, in a class first come, first served. A newcomer who finds the line full
/// takes the place of the youngest of the least urgent.
pub(super) struct Ordered {
    places: usize,
    line: Vec<Waiter>,
}

impl Ordered {
    pub(super) fn new(places: usize) -> Self {
        Self {
            places,
            line: Vec::new(),
        }
    }
}

impl Discipline for Ordered {
    fn push(&mut self, waiter: Waiter, _now: u64) {
        let at = self
            .line
            .partition_point(|other| other.class <= waiter.class);
        self.line.insert(at, waiter);
    }
    fn overflow(&mut self) -> Option<Waiter> {
        (self.line.len() > self.places)
            .then(|| self.line.pop())
            .flatten()
    }
    fn pop(&mut self, now: u64) -> Next {
        if self.line.is_empty() {
            return Next::Nobody;
        }
        let waiter = self.line.remove(0);
        let hopeless = waiter
            .deadline
            .is_some_and(|deadline| deadline < now + LEAST_LEFT);
        if hopeless {
            Next::Refuse(waiter)
        } else {
            Next::Grant(waiter)
        }
    }
    fn remove(&mut self, id: u32) {
        self.line.retain(|waiter| waiter.id != id);
    }
    fn len(&self) -> usize {
        self.line.len()
    }
}
