use super::cell::{TIME_MASK, Word};
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
    /// Its debt has drained: as good as free.
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

    /// The cell of `fingerprint`. Looks at all, because where a key is cannot be predicted, and a
    /// wrong guess costs more than the rest. What is found is taken on from cell to cell, which is
    /// known sooner than what is looked up once all are compared.
    #[inline]
    pub(super) fn find(&self, fingerprint: u64) -> Option<(&AtomicU64, Word)> {
        let owner = Word::new(fingerprint, 0).0;
        let (mut found, mut time) = (CELLS, 0);
        for (i, cell) in self.0.iter().enumerate() {
            // Only of the owner's word nothing is left above the time.
            let rest = cell.load(Acquire) ^ owner;
            if rest <= TIME_MASK {
                (found, time) = (i, rest);
            }
        }
        Some((self.0.get(found)?, Word(owner | time)))
    }
}

/// The best cell for a newcomer: a free one, or else the one that drains first or did. Always that
/// one, also among the drained: whoever loses a cell then finds no smaller debt in the bucket than
/// the one that was his, so that nothing is forgiven even to a thread whose clock is behind. (Any
/// drained one would also make keys chase each other off the same cell.)
pub(super) fn vacancy<const CELLS: usize>(lines: [&Line<CELLS>; 2], now: u64) -> Vacancy<'_> {
    let mut first = &lines[0].0[0];
    let mut first_word = Word(first.load(Acquire));
    for cell in lines.into_iter().flat_map(Line::cells) {
        let word = Word(cell.load(Acquire));
        if word == Word::FREE {
            return Vacancy {
                cell,
                word,
                kind: Kind::Free,
            };
        }
        // The first cell may have been freed or taken since.
        if first_word == Word::FREE || word.ahead(now) < first_word.ahead(now) {
            (first, first_word) = (cell, word);
        }
    }
    let kind = if first_word.ahead(now) > 0 {
        Kind::Owed
    } else {
        Kind::Drained
    };
    Vacancy {
        cell: first,
        word: first_word,
        kind,
    }
}
