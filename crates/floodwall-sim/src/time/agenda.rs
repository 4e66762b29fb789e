use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::sync::Arc;
use std::task::Waker;

/// Something that wants to know when a moment has come.
pub(crate) trait OnDue: Send + Sync {
    /// `token` is what was put on the agenda, `now` the moment for which it was put there.
    fn due(self: Arc<Self>, token: u64, now: u64);
}

/// What happens at a moment.
pub(crate) enum Due {
    /// An event of the run itself.
    Event(u64),
    /// Something else has its turn.
    Call(Arc<dyn OnDue>, u64),
    /// A future sleeps until then.
    Wake(Waker),
}

/// What will happen when; at the same moment in the order in which it was put there, and after all of
/// that what was put there to come last.
#[derive(Default)]
pub(crate) struct Agenda {
    heap: BinaryHeap<Entry>,
    sequence: u64,
}

struct Entry {
    at: u64,
    sequence: u64,
    due: Due,
}

const LAST: u64 = 1 << 63;

impl Agenda {
    pub(crate) fn put(&mut self, at: u64, due: Due) {
        let sequence = self.sequence;
        self.sequence += 1;
        self.heap.push(Entry { at, sequence, due });
    }

    /// At that moment, after everything else that is due at it.
    pub(crate) fn put_last(&mut self, at: u64, due: Due) {
        let sequence = self.sequence | LAST;
        self.sequence += 1;
        self.heap.push(Entry { at, sequence, due });
    }

    pub(crate) fn next(&self) -> Option<u64> {
        self.heap.peek().map(|entry| entry.at)
    }

    /// What is due at `now` or was due before.
    pub(crate) fn take(&mut self, now: u64) -> Option<Due> {
        if self.next()? > now {
            return None;
        }
        self.heap.pop().map(|entry| entry.due)
    }
}

impl Ord for Entry {
    /// The earliest is the greatest: the heap gives out the greatest.
    fn cmp(&self, other: &Self) -> Ordering {
        (other.at, other.sequence).cmp(&(self.at, self.sequence))
    }
}

impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Entry {}
