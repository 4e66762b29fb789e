use super::Gate;

impl Gate {
    /// Whether somebody waits for a place and there is none.
    pub(crate) fn holds_back(&self) -> bool {
        let seen = self.counts.seen();
        // In a waiting room one waits for a turn, too.
        seen.waiting() > 0 && seen.in_flight() >= self.counts.limit()
    }
}
