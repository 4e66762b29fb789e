use std::fmt;
use std::hash::{BuildHasher, Hash, Hasher, RandomState};

use super::sip::Sip;

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
    #[inline]
    pub fn hasher(&self) -> KeyHasher {
        KeyHasher(Sip::new(self.0))
    }

    /// The key of one value.
    #[inline]
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
pub struct KeyHasher(Sip);

impl KeyHasher {
    /// The key made of everything that was put in.
    #[inline]
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
        self.0.bytes(bytes);
    }

    // What is written is what its bytes in memory would be.

    #[inline]
    fn write_u8(&mut self, number: u8) {
        self.0.number(number.into(), 1);
    }

    #[inline]
    fn write_u16(&mut self, number: u16) {
        self.0.number(number.to_le().into(), 2);
    }

    #[inline]
    fn write_u32(&mut self, number: u32) {
        self.0.number(number.to_le().into(), 4);
    }

    #[inline]
    fn write_u64(&mut self, number: u64) {
        self.0.number(number.to_le(), 8);
    }

    #[inline]
    fn write_u128(&mut self, number: u128) {
        let number = number.to_le();
        self.0.number(number as u64, 8);
        self.0.number((number >> 64) as u64, 8);
    }

    #[inline]
    fn write_usize(&mut self, number: usize) {
        self.0
            .number(number.to_le() as u64, size_of::<usize>() as u64);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_hashed_as_their_bytes_in_memory() {
        let secret = HashSecret::seeded(3);
        let bytes = |parts: &[&[u8]]| {
            let mut hasher = secret.hasher();
            parts.iter().for_each(|part| hasher.write(part));
            hasher.finish_key()
        };
        let number = 0x0123_4567_89AB_CDEF_0011_2233_4455_6677_u128;
        let (a, b, c) = (number as u8, number as u16, number as u32);
        assert_eq!(secret.key(&a), bytes(&[&a.to_ne_bytes()]));
        assert_eq!(secret.key(&b), bytes(&[&b.to_ne_bytes()]));
        assert_eq!(secret.key(&c), bytes(&[&c.to_ne_bytes()]));
        let (d, e) = (number as u64, number as usize);
        assert_eq!(secret.key(&d), bytes(&[&d.to_ne_bytes()]));
        assert_eq!(secret.key(&e), bytes(&[&e.to_ne_bytes()]));
        assert_eq!(secret.key(&number), bytes(&[&number.to_ne_bytes()]));
        let parts: [&[u8]; 3] = [&a.to_ne_bytes(), &number.to_ne_bytes(), &b.to_ne_bytes()];
        assert_eq!(secret.key(&(a, number, b)), bytes(&parts));
    }
}
