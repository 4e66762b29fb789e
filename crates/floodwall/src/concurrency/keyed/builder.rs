use floodwall_core::rate::HashSecret;

use super::policy::KeyedConcurrencyLimit;
use super::shared::{Each, Shared};
use crate::BuildError;
use crate::extract::{Unkeyed, Usual};

/// Makes a [`KeyedConcurrencyLimit`].
#[must_use]
pub struct KeyedConcurrencyLimitBuilder<K = Unkeyed, P = Usual, D = Usual> {
    each: Box<Each>,
    capacity: usize,
    seed: Option<u64>,
    key: K,
    priority: P,
    deadline: D,
}

impl KeyedConcurrencyLimitBuilder {
    pub(super) fn new(each: Box<Each>) -> Self {
        Self {
            each,
            capacity: 256,
            seed: None,
            key: Unkeyed,
            priority: Usual,
            deadline: Usual,
        }
    }
}

impl<K, P, D> KeyedConcurrencyLimitBuilder<K, P, D> {
    /// The most keys that there can be room for.
    pub const MAX_CAPACITY: usize = 1 << 20;

    /// Whose limit a request takes a place of: one for all when not said.
    pub fn key<L>(self, key: L) -> KeyedConcurrencyLimitBuilder<L, P, D> {
        let Self {
            each,
            capacity,
            seed,
            key: _,
            priority,
            deadline,
        } = self;
        KeyedConcurrencyLimitBuilder {
            each,
            capacity,
            seed,
            key,
            priority,
            deadline,
        }
    }

    /// Reads a request's priority, which orders the queues.
    pub fn priority<Q>(self, priority: Q) -> KeyedConcurrencyLimitBuilder<K, Q, D> {
        let Self {
            each,
            capacity,
            seed,
            key,
            priority: _,
            deadline,
        } = self;
        KeyedConcurrencyLimitBuilder {
            each,
            capacity,
            seed,
            key,
            priority,
            deadline,
        }
    }

    /// Reads a request's deadline: who cannot get a place before it is refused and does not wait.
    pub fn deadline<E>(self, deadline: E) -> KeyedConcurrencyLimitBuilder<K, P, E> {
        let Self {
            each,
            capacity,
            seed,
            key,
            priority,
            deadline: _,
        } = self;
        KeyedConcurrencyLimitBuilder {
            each,
            capacity,
            seed,
            key,
            priority,
            deadline,
        }
    }

    /// For how many keys there is room: 256 when not said, a million and some at most. Above 32, a key
    /// finds its slot among 32 of them.
    pub fn capacity(mut self, keys: usize) -> Self {
        self.capacity = keys;
        self
    }

    /// Seeds the hash of the keys, for tests that must repeat: anybody who knows the seed can make
    /// keys that collide. When not said: a secret from the system.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// Builds the policy.
    ///
    /// # Errors
    ///
    /// If there is room for no key or for too many, or the limit of a key cannot be built.
    pub fn build(self) -> Result<KeyedConcurrencyLimit<K, P, D>, BuildError> {
        if !(1..=Self::MAX_CAPACITY).contains(&self.capacity) {
            let problem = format!(
                "{}: there can be room for 1 to {} keys",
                self.capacity,
                Self::MAX_CAPACITY
            );
            return Err(BuildError::new("capacity", problem));
        }
        let secret = match self.seed {
            Some(seed) => HashSecret::seeded(seed),
            None => HashSecret::random(),
        };
        let shared = Shared::new(self.each, self.capacity, secret)?;
        Ok(KeyedConcurrencyLimit::assemble(
            self.key,
            self.priority,
            self.deadline,
            shared,
        ))
    }

    /// Builds the policy as a layer for HTTP services.
    ///
    /// # Errors
    ///
    /// As [`build`](KeyedConcurrencyLimitBuilder::build).
    #[cfg(feature = "http")]
    pub fn layer(
        self,
    ) -> Result<crate::http::AdmitLayer<KeyedConcurrencyLimit<K, P, D>>, BuildError> {
        self.build().map(crate::http::AdmitLayer::around)
    }
}

impl<K, P, D> std::fmt::Debug for KeyedConcurrencyLimitBuilder<K, P, D> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KeyedConcurrencyLimitBuilder")
            .field("capacity", &self.capacity)
            .finish_non_exhaustive()
    }
}
