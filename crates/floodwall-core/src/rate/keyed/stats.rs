/// What a table of keys has to tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TableStats {
    /// Cells that are in debt now. Half of `cells` is what the sizing rule aims at.
    pub live: usize,
    /// Cells in all: twice the capacity.
    pub cells: usize,
    /// How often a key took a cell whose debt had run out.
    pub reclaimed: u64,
    /// How often a key found sixteen debts in its bucket and took over the smallest with its cell.
    /// If this grows steadily, the table is too small for its keys.
    pub inherited: u64,
    /// How often a first charge was refused, without being charged, because too many others
    /// fought for the same bucket.
    pub contended: u64,
    /// What the table takes, and all it will ever take.
    pub memory_bytes: usize,
}
