use std::collections::VecDeque;

use super::line::{Discipline, Next, Waiter};

/// First come, first served; who finds no place is refused.
pub(super) struct Fifo {
    places: usize,
    line: VecDeque<Waiter>,
}

impl Fifo {
    pub(super) fn new(places: usize) -> Self {
        Self {
            places,
            line: VecDeque::new(),
        }
    }
}

impl Discipline for Fifo {
    fn push(&mut self, waiter: Waiter, _now: u64) {
        self.line.push_back(waiter);
    }
    fn overflow(&mut self) -> Option<Waiter> {
        (self.line.len() > self.places)
            .then(|| self.line.pop_back())
            .flatten()
    }
    fn pop(&mut self, _now: u64) -> Next {
        self.line.pop_front().map_or(Next::Nobody, Next::Grant)
    }
    fn remove(&mut self, id: u32) {
        self.line.retain(|waiter| waiter.id != id);
    }
    fn len(&self) -> usize {
        self.line.len()
    }
}
