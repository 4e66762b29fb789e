//! SipHash-1-3 of a stream (Aumasson and Bernstein, 2012), made for keys that are short: small enough
//! to be compiled into whoever hashes, so that nothing is left of what he knows, such as the length.

/// The state of a hash.
#[derive(Clone)]
pub(super) struct Sip {
    v: [u64; 4],
    /// The last `length % 8` bytes, lowest first; zero above.
    tail: u64,
    length: u64,
}

impl Sip {
    #[inline]
    pub(super) const fn new([k0, k1]: [u64; 2]) -> Self {
        Self {
            v: [
                k0 ^ 0x736f_6d65_7073_6575,
                k1 ^ 0x646f_7261_6e64_6f6d,
                k0 ^ 0x6c79_6765_6e65_7261,
                k1 ^ 0x7465_6462_7974_6573,
            ],
            tail: 0,
            length: 0,
        }
    }

    #[inline]
    pub(super) fn bytes(&mut self, bytes: &[u8]) {
        if self.length % 8 == 0 {
            self.aligned(bytes);
        } else {
            self.unaligned(bytes);
        }
    }

    /// Seldom, and much: not a part of whoever hashes.
    #[inline(never)]
    fn unaligned(&mut self, bytes: &[u8]) {
        let missing = 8 - self.length % 8;
        match bytes.split_at_checked(missing as usize) {
            None => self.number(partial(bytes), bytes.len() as u64),
            Some((first, rest)) => {
                self.number(partial(first), missing);
                self.aligned(rest);
            }
        }
    }

    /// The lower `size` bytes of a number, at most eight; zero above.
    #[inline]
    pub(super) fn number(&mut self, number: u64, size: u64) {
        let there = self.length % 8;
        self.length = self.length.wrapping_add(size);
        let block = self.tail | number << (8 * there);
        if there + size < 8 {
            self.tail = block;
            return;
        }
        self.block(block);
        self.tail = match there {
            0 => 0,
            there => number >> (64 - 8 * there),
        };
    }

    #[inline]
    pub(super) fn finish(&self) -> u64 {
        let mut end = self.clone();
        end.block(self.length << 56 | self.tail);
        end.v[2] ^= 0xFF;
        for _ in 0..3 {
            end.round();
        }
        let [a, b, c, d] = end.v;
        a ^ b ^ c ^ d
    }

    /// Where nothing is left of what came before.
    #[inline]
    fn aligned(&mut self, bytes: &[u8]) {
        self.length = self.length.wrapping_add(bytes.len() as u64);
        let mut blocks = bytes.chunks_exact(8);
        for block in &mut blocks {
            self.block(whole(block));
        }
        let rest = blocks.remainder();
        self.tail = match bytes.last_chunk() {
            _ if rest.is_empty() => 0,
            // One load for all of them, with what belongs to the block before shifted out.
            Some(last) => u64::from_le_bytes(*last) >> (64 - 8 * rest.len()),
            None => partial(rest),
        };
    }

    #[inline]
    fn block(&mut self, block: u64) {
        self.v[3] ^= block;
        self.round();
        self.v[0] ^= block;
    }

    #[inline]
    fn round(&mut self) {
        let [mut a, mut b, mut c, mut d] = self.v;
        a = a.wrapping_add(b);
        c = c.wrapping_add(d);
        b = b.rotate_left(13) ^ a;
        d = d.rotate_left(16) ^ c;
        a = a.rotate_left(32).wrapping_add(d);
        c = c.wrapping_add(b);
        d = d.rotate_left(21) ^ a;
        b = b.rotate_left(17) ^ c;
        c = c.rotate_left(32);
        self.v = [a, b, c, d];
    }
}

#[inline]
fn whole(block: &[u8]) -> u64 {
    block.try_into().map_or(0, u64::from_le_bytes)
}

/// Less than eight bytes as a number, lowest first. They are few, and the code for them is long.
#[inline(never)]
fn partial(bytes: &[u8]) -> u64 {
    let shifted = |number: u64, &byte: &u8| number << 8 | u64::from(byte);
    bytes.iter().rev().fold(0, shifted)
}

#[cfg(test)]
mod tests {
    use std::hash::Hasher;

    use siphasher::sip::SipHasher13;

    use super::*;

    #[test]
    fn it_is_siphash_1_3_however_a_stream_is_cut() {
        let mut random = fastrand::Rng::with_seed(13);
        for _ in 0..20_000 {
            let keys = [random.u64(..), random.u64(..)];
            let (mut ours, mut theirs) =
                (Sip::new(keys), SipHasher13::new_with_keys(keys[0], keys[1]));
            for _ in 0..random.usize(0..6) {
                let bytes: Vec<u8> = (0..random.usize(0..40)).map(|_| random.u8(..)).collect();
                let number = random.u64(..);
                match random.u8(0..5) {
                    0 => {
                        ours.number(number & 0xFF, 1);
                        theirs.write(&[number as u8]);
                    }
                    1 => {
                        ours.number(number & 0xFFFF_FFFF, 4);
                        theirs.write(&number.to_le_bytes()[..4]);
                    }
                    2 => {
                        ours.number(number, 8);
                        theirs.write(&number.to_le_bytes());
                    }
                    _ => {
                        ours.bytes(&bytes);
                        theirs.write(&bytes);
                    }
                }
                assert_eq!(ours.finish(), theirs.finish());
            }
        }
    }
}
