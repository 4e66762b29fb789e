/// How admitted work ended, as told to its permit.
///
/// ```
/// use floodwall_core::Outcome;
///
/// assert!(Outcome::Success.ran());
/// assert!(!Outcome::Refused.ran());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Outcome {
    /// The caller left while the work ran.
    Cancelled,
    /// The work failed for a reason of its own.
    Failure,
    /// The inner service pushed back: it is the one that is overloaded.
    Overload,
    /// Nothing ran: a later policy said no, or the caller left while waiting.
    Refused,
    /// The work was done.
    Success,
}

impl Outcome {
    /// Whether the work was begun at all.
    pub const fn ran(self) -> bool {
        !matches!(self, Self::Refused)
    }
}
