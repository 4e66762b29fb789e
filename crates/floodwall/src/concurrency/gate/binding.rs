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

#[cfg(all(test, not(floodwall_loom)))]
mod tests {
    use std::task::Waker;

    use floodwall_core::queue::QueueConfig;
    use floodwall_core::{Moment, Priority};

    use super::super::{Enqueued, Gate};

    #[test]
    fn it_holds_back_between_one_who_left_and_the_one_who_goes_in_for_it() {
        let now = Moment::from_nanos(1);
        let queue = QueueConfig::builder().capacity(2).build().unwrap();
        let gate = Gate::new(1, Some(queue));
        assert!(gate.try_enter() && !gate.holds_back());
        let waits = gate.enqueue(now, Priority::NORMAL, None, Waker::noop());
        let Enqueued::Waiting { ticket, .. } = waits else {
            panic!("it is full");
        };
        assert!(gate.holds_back());

        assert!(!gate.counts.leave(), "somebody has to be told");
        assert_eq!((gate.in_flight(), gate.waiting()), (0, 1));
        assert!(gate.holds_back(), "though the lock is not taken yet");

        gate.has_left(now);
        assert!(gate.poll_turn(ticket, now, Waker::noop()).is_ready());
        assert!(!gate.holds_back());
    }
}
