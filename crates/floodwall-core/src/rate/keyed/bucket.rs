use super::cell::Word;
use crate::rate::atomic::AtomicU64;
use crate::rate::atomic::Ordering::Acquire;

/// A cache line of cells. Two adjacent ones are a bucket: every key of a bucket may live in any of
/// its cells, which is what makes inherited debts exact.
#[repr(align(64))]
pub(super) struct Line<const CELLS: usize>([AtomicU64; CELLS]);

/// The cell for a key that has none, and what is in it.
pub(super) struct Vacancy<'a> {
    pub(super) cell: &'a AtomicU64,
    pub(super) word: Word,
    pub(super) kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Never used, or swept.
    Free,
    /// Its debt ran out longer ago than clocks may differ: as good as free.
    Drained,
    /// All are in debt; this is the smallest one, and goes with the cell.
    Owed,
}

impl Vacancy<'_> {
    /// What goes with the cell.
    pub(super) fn debt(&self, now: u64) -> u64 {
        if self.kind == Kind::Free {
            0
        } else {
            self.word.debt(now)
        }
    }
}

impl<const CELLS: usize> Line<CELLS> {
    pub(super) fn new() -> Self {
        Self(std::array::from_fn(|_| AtomicU64::new(0)))
    }

    pub(super) fn cells(&self) -> &[AtomicU64; CELLS] {
        &self.0
    }

    /// The cell of `fingerprint`.
    #[inline]
    pub(super) fn find(&self, fingerprint: u64) -> Option<(&AtomicU64, Word)> {
        self.0
            .iter()
            .map(|cell| (cell, Word(cell.load(Acquire))))
            .find(|(_, word)| word.fingerprint() == fingerprint)
    }
}

/// The best cell for a newcomer: a free one, else the one drained longest ago (the first drained
/// one would make keys chase each other off the same cell), else the one with the smallest debt.
pub(super) fn vacancy<'a, const CELLS: usize>(
    lines: [&'a Line<CELLS>; 2],
    now: u64,
    skew: u64,
) -> Vacancy<'a> {
    let mut best = &lines[0].0[0];
    let mut best_word = Word(best.load(Acquire));
    for cell in lines.into_iter().flat_map(Line::cells) {
        let word = Word(cell.load(Acquire));
        if word == Word::FREE {
            return Vacancy {
                cell,
                word,
                kind: Kind::Free,
            };
        }
        if best_word == Word::FREE || word.ahead(now) < best_word.ahead(now) {
            (best, best_word) = (cell, word);
        }
    }
    let kind = if best_word.ahead(now) < -(skew as i64) {
        Kind::Drained
    } else {
        Kind::Owed
    };
    Vacancy {
        cell: best,
        word: best_word,
        kind,
    }
}
