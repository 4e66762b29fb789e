use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use floodwall_core::rate::KeyHash;

use crate::concurrency::core::Core;

/// Who has which slot. A key can be in one bucket only, and takes any slot there.
#[derive(Debug)]
pub(super) struct Table {
    buckets: Box<[Mutex<Bucket>]>,
}

#[derive(Debug)]
struct Bucket {
    slots: Vec<Slot>,
    most: usize,
    /// Counts what was asked for, to tell who was unused for longest. Never wraps: 64 bits.
    asked: u64,
}

#[derive(Debug)]
struct Slot {
    key: KeyHash,
    used: u64,
    core: Arc<Core>,
}

/// Where a key's limit is.
#[derive(Debug)]
pub(super) enum Found {
    Its(Arc<Core>),
    /// None yet, and there is a slot for it.
    Room,
    /// None, and everybody there is busy.
    Full,
}

/// What became of a limit that was put into the table.
#[derive(Debug)]
pub(super) enum Put {
    /// It is there; whoever lost the slot, to be dropped by the caller.
    In(Option<Arc<Core>>),
    /// Somebody else was quicker with the same key: here is theirs.
    Twin(Arc<Core>),
    /// There is no slot any more.
    Full,
}

impl Table {
    /// So many slots are looked through for a key.
    const WAYS: usize = 32;

    pub(super) fn new(capacity: usize) -> Self {
        let count = capacity.div_ceil(Self::WAYS).max(1);
        let bucket = |n| {
            let bucket = Bucket {
                slots: Vec::new(),
                // As even as can be, and `capacity` together.
                most: capacity / count + usize::from(n < capacity % count),
                asked: 0,
            };
            Mutex::new(bucket)
        };
        Self {
            buckets: (0..count).map(bucket).collect(),
        }
    }

    /// Changes nothing.
    pub(super) fn look(&self, key: KeyHash) -> Found {
        let bucket = self.bucket(key);
        match bucket.position(key) {
            Some(at) => Found::Its(Arc::clone(&bucket.slots[at].core)),
            None if bucket.has_room() => Found::Room,
            None => Found::Full,
        }
    }

    /// The same, as a use of the slot.
    pub(super) fn find(&self, key: KeyHash) -> Found {
        let mut bucket = self.bucket(key);
        match bucket.position(key) {
            Some(at) => Found::Its(bucket.using(at)),
            None if bucket.has_room() => Found::Room,
            None => Found::Full,
        }
    }

    /// Gives `core` a slot: a free one, or that of the key that was unused for longest.
    ///
    /// Borrowed, so that what a user's code has made is never dropped under the lock.
    pub(super) fn put(&self, key: KeyHash, core: &Arc<Core>) -> Put {
        let mut bucket = self.bucket(key);
        if let Some(at) = bucket.position(key) {
            return Put::Twin(bucket.using(at));
        }
        bucket.asked += 1;
        let used = bucket.asked;
        let core = Arc::clone(core);
        let slot = Slot { key, used, core };
        if bucket.slots.len() < bucket.most {
            bucket.slots.push(slot);
            return Put::In(None);
        }
        match bucket.longest_unused() {
            Some(at) => {
                let lost = std::mem::replace(&mut bucket.slots[at], slot);
                Put::In(Some(lost.core))
            }
            None => Put::Full,
        }
    }

    /// All that there are, under their locks; not for the path of a request.
    pub(super) fn visit(&self, mut see: impl FnMut(&Arc<Core>)) {
        for bucket in &self.buckets {
            let bucket = bucket.lock().unwrap_or_else(PoisonError::into_inner);
            for slot in &bucket.slots {
                see(&slot.core);
            }
        }
    }

    fn bucket(&self, key: KeyHash) -> MutexGuard<'_, Bucket> {
        // Multiply and shift: the hash is as good in its upper bits as in the others.
        let at = (u128::from(key.raw()) * self.buckets.len() as u128) >> 64;
        // Nothing under the lock can panic between two changes that belong together.
        self.buckets[at as usize]
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Bucket {
    fn position(&self, key: KeyHash) -> Option<usize> {
        self.slots.iter().position(|slot| slot.key == key)
    }

    fn using(&mut self, at: usize) -> Arc<Core> {
        self.asked += 1;
        self.slots[at].used = self.asked;
        Arc::clone(&self.slots[at].core)
    }

    fn has_room(&self) -> bool {
        self.slots.len() < self.most || self.slots.iter().any(Slot::is_unused)
    }

    fn longest_unused(&self) -> Option<usize> {
        let unused = self.slots.iter().enumerate();
        let unused = unused.filter(|(_, slot)| slot.is_unused());
        unused.min_by_key(|(_, slot)| slot.used).map(|(at, _)| at)
    }
}

impl Slot {
    /// Whoever is inside, waits, or is being decided about holds the limit, too; and nobody can come
    /// to hold it while the bucket is locked.
    fn is_unused(&self) -> bool {
        Arc::strong_count(&self.core) == 1
    }
}
