use std::fmt;
use std::time::Duration;

/// How a quota stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Standing {
    /// How much may be spent at once, now.
    pub remaining: u64,
    /// How long it takes from now until the whole burst is there again.
    pub full_in: Duration,
}

/// What was charged: keep it to be able to [undo](super::Gcra::undo) it.
///
/// It belongs to the cell that charged it; undo it there, and once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Charge {
    /// What the charge left in the cell. Less the cost, that is what the cell held before, with all
    /// debt that had run out by then left out.
    pub(super) after: u64,
    pub(super) cost: u32,
}

impl Charge {
    /// Of a cost of 0: there is nothing to undo.
    pub(super) const FREE: Self = Self { after: 0, cost: 0 };
}

/// A refusal by a quota. Nothing was charged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Denied {
    /// How long to wait until the same cost is let in, if nobody else spends anything meanwhile.
    /// `None` if it costs more than the burst: no waiting will ever help.
    pub wait: Option<Duration>,
    /// How the quota stands.
    pub standing: Standing,
}

impl fmt::Display for Denied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.wait {
            Some(wait) => write!(f, "the quota is used up for {wait:?}"),
            None => f.write_str("the cost is above the burst of the quota"),
        }
    }
}

impl std::error::Error for Denied {}
