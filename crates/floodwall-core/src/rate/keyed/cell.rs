/// Bits of a cell that tell the time; the others are the fingerprint.
pub(super) const TIME_BITS: u32 = 40;
pub(super) const TIME_MASK: u64 = (1 << TIME_BITS) - 1;

/// A cell's content: `[fingerprint: 24 | drained at: 40]`, in ticks modulo 2^40. Zero is free.
///
/// What is within half of the time's range before now has drained, what is within the other half
/// is debt. Not "what is at most a whole burst ahead": for a thread whose clock is behind, a live
/// debt is further ahead than that, and taking it for drained would forgive it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Word(pub(super) u64);

impl Word {
    pub(super) const FREE: Self = Self(0);

    /// For the owner of `fingerprint`, drained at `time`; above the time's bits may be anything.
    pub(super) const fn new(fingerprint: u64, time: u64) -> Self {
        Self(fingerprint << TIME_BITS | (time & TIME_MASK))
    }

    pub(super) const fn fingerprint(self) -> u64 {
        self.0 >> TIME_BITS
    }

    /// How many ticks after `now` it has drained; negative if it did before.
    pub(super) const fn ahead(self, now: u64) -> i64 {
        const SPARE: u32 = u64::BITS - TIME_BITS;
        // Shifted up, bit 39 is the sign; the shift back keeps it.
        (self.0.wrapping_sub(now) << SPARE) as i64 >> SPARE
    }

    /// What is still owed.
    pub(super) const fn debt(self, now: u64) -> u64 {
        let ahead = self.ahead(now);
        if ahead > 0 { ahead as u64 } else { 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debt_is_told_across_the_wrap_and_for_clocks_behind() {
        for now in [0, 5, TIME_MASK - 3, TIME_MASK, 1 << 45] {
            let word = Word::new(7, now + 10);
            assert_eq!(
                (word.fingerprint(), word.debt(now), word.debt(now + 4)),
                (7, 10, 6)
            );
            assert_eq!(word.debt(now + 10), 0);
            assert_eq!(word.ahead(now + 15), -5);
            assert_eq!(
                word.debt(now.wrapping_sub(1 << 30)),
                10 + (1 << 30),
                "a clock behind"
            );
        }
    }
}
