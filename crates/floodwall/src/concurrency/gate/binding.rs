use super::Gate;
use super::sync::Ordering;

impl Gate {
    /// Whether somebody waits for a place and there is none.
    pub(crate) fn holds_back(&self) -> bool {
        let seen = self.counts.seen();
        // A place that is free while somebody waits is about to be given away by whoever left it; but in
        // a waiting room one waits for a turn, too.
        let is_full = seen.in_flight() >= self.counts.limit();
        seen.waiting() > 0 && (is_full || !self.has_room.load(Ordering::Relaxed))
    }
}
