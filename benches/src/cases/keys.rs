//! Keys in an order that no prefetcher knows from the tables they are looked up in.

use std::sync::Arc;

pub(crate) type Keys<K> = Arc<[K]>;

/// As addresses and identifiers are, when they are numbers.
pub(crate) fn wide(count: usize) -> Keys<u128> {
    let mut random = fastrand::Rng::with_seed(7);
    (0..count).map(|_| random.u128(..)).collect()
}

/// As they are when they are text: 39 letters, like an IPv6 address.
pub(crate) fn strings(count: usize) -> Keys<String> {
    let mut random = fastrand::Rng::with_seed(7);
    (0..count)
        .map(|_| format!("{:039}", random.u128(..)))
        .collect()
}

/// One after the other, round and round; each thread begins somewhere else.
pub(super) fn walk<K>(keys: &Keys<K>, thread: usize) -> Walk<K> {
    Walk {
        keys: Arc::clone(keys),
        at: keys.len() / 2 * (thread % 2),
    }
}

pub(super) struct Walk<K> {
    keys: Keys<K>,
    at: usize,
}

impl<K> Walk<K> {
    pub(super) fn key(&mut self) -> &K {
        self.at += 1;
        if self.at >= self.keys.len() {
            self.at = 0;
        }
        &self.keys[self.at]
    }
}
