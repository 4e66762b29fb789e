use std::fmt;
use std::hash::{BuildHasher, Hash, Hasher, RandomState};

use siphasher::sip::SipHasher13;

/// What makes the places of keys in a table unpredictable.
///
/// Whoever could compute in which cells a key lives could fill just those of a victim. So keys are
/// hashed with SipHash-1-3 (Aumasson and Bernstein, "SipHash: a fast short-input PRF", 2012) under
/// a secret, which is drawn at random for each table unless given.
///
/// ```
/// use floodwall_core::rate::HashSecret;
///
/// let secret = HashSecret::random();
/// assert_eq!(secret.key("alice"), secret.key("alice"));
/// assert_ne!(secret.key("alice"), secret.key("bob"));
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct HashSecret([u64; 2]);

impl HashSecret {
    /// A secret from the operating system.
    pub fn random() -> Self {
        let system = RandomState::new();
        Self([system.hash_one(0_u8), system.hash_one(1_u8)])
    }

    /// Always the same secret for the same seed: for tests and simulations, never for strangers.
    pub const fn seeded(seed: u64) -> Self {
        Self([seed, !seed])
    }

    /// A hasher to put the parts of a key into.
    pub fn hasher(&self) -> KeyHasher {
        KeyHasher(SipHasher13::new_with_keys(self.0[0], self.0[1]))
    }

    /// The key of one value.
    pub fn key<T: Hash + ?Sized>(&self, value: &T) -> KeyHash {
        let mut hasher = self.hasher();
        value.hash(&mut hasher);
        hasher.finish_key()
    }
}

impl fmt::Debug for HashSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HashSecret(..)")
    }
}

/// Hashes the parts of a key; see [`HashSecret`].
#[derive(Clone)]
pub struct KeyHasher(SipHasher13);

impl KeyHasher {
    /// The key made of everything that was put in.
    pub fn finish_key(&self) -> KeyHash {
        KeyHash(self.0.finish())
    }
}

impl Hasher for KeyHasher {
    #[inline]
    fn finish(&self) -> u64 {
        self.0.finish()
    }

    #[inline]
    fn write(&mut self, bytes: &[u8]) {
        self.0.write(bytes);
    }
}

impl fmt::Debug for KeyHasher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyHasher(..)")
    }
}

/// A hashed key: what a table knows about whom it limits.
///
/// Keys that share it share a quota. At half load that happens to one new key in two million.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct KeyHash(u64);

impl KeyHash {
    /// A hash that was computed elsewhere. All 64 bits must be well mixed, and unpredictable for
    /// those who choose the keys.
    pub const fn from_raw(hash: u64) -> Self {
        Self(hash)
    }

    /// Its 64 bits.
    pub const fn raw(self) -> u64 {
        self.0
    }

    /// Picks the home line: multiply and shift of the upper 40 bits.
    pub(super) const fn line(self, lines: u64) -> usize {
        (((self.0 >> 24) * lines) >> 40) as usize
    }

    /// What tells keys of one bucket apart: the lower 24 bits, never zero.
    pub(super) const fn fingerprint(self) -> u64 {
        let bits = self.0 & 0xFF_FFFF;
        if bits == 0 { 1 } else { bits }
    }
}
