use crate::Moment;

/// Who expires first: a binary heap that knows where each waiter is in it, so that one who leaves
/// early is taken out at once and nothing is left behind.
#[derive(Debug, Default)]
pub(super) struct Expiry {
    heap: Vec<(Moment, u32)>,
    /// Where a slot is in the heap; means nothing for a slot that is not in it.
    place: Vec<u32>,
    /// How often an entry was moved, to show what an operation costs without a clock.
    #[cfg(test)]
    pub(super) moves: u64,
}

impl Expiry {
    pub(super) fn first(&self) -> Option<(Moment, u32)> {
        self.heap.first().copied()
    }

    pub(super) fn of(&self, slot: u32) -> Moment {
        self.heap[self.place[slot as usize] as usize].0
    }

    pub(super) fn insert(&mut self, slot: u32, expires: Moment) {
        if self.place.len() <= slot as usize {
            self.place.resize(slot as usize + 1, 0);
        }
        self.heap.push((expires, slot));
        self.rise(self.heap.len() - 1);
    }

    pub(super) fn remove(&mut self, slot: u32) {
        let at = self.place[slot as usize] as usize;
        self.heap.swap_remove(at);
        if at < self.heap.len() {
            self.sink(at);
            self.rise(at);
        }
    }

    fn rise(&mut self, mut at: usize) {
        let entry = self.heap[at];
        while at > 0 {
            let parent = (at - 1) / 2;
            if self.heap[parent].0 <= entry.0 {
                break;
            }
            self.put(at, self.heap[parent]);
            at = parent;
        }
        self.put(at, entry);
    }

    fn sink(&mut self, mut at: usize) {
        let entry = self.heap[at];
        loop {
            let mut child = 2 * at + 1;
            if child >= self.heap.len() {
                break;
            }
            if child + 1 < self.heap.len() && self.heap[child + 1].0 < self.heap[child].0 {
                child += 1;
            }
            if entry.0 <= self.heap[child].0 {
                break;
            }
            self.put(at, self.heap[child]);
            at = child;
        }
        self.put(at, entry);
    }

    fn put(&mut self, at: usize, entry: (Moment, u32)) {
        #[cfg(test)]
        {
            self.moves += 1;
        }
        self.heap[at] = entry;
        self.place[entry.1 as usize] = at as u32;
    }
}
