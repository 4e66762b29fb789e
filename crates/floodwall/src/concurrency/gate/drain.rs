use std::task::{Poll, Waker};

use floodwall_core::Moment;

use super::wakes::Wakes;
use super::{DrainKey, Gate};

/// How a gate comes to its end.
impl Gate {
    /// From now on who comes is refused; who waits is served or times out.
    pub(crate) fn drain(&self) {
        let line = self.lock();
        self.counts.set_draining(true);
        // At the beginning of time nobody's time is up.
        self.settle(line, Moment::ZERO, &mut Wakes::new());
    }

    /// Takes [`Gate::drain`] back.
    pub(crate) fn undrain(&self) {
        let _line = self.lock();
        self.counts.set_draining(false);
    }

    /// Ready once the gate is draining and nobody is inside or waits. Keeps `waker` if not, under a
    /// key that is made at the first call; give it to [`Gate::forget_drained`] to wait no longer.
    pub(crate) fn poll_drained(&self, key: &mut Option<DrainKey>, waker: &Waker) -> Poll<()> {
        let mut replaced = None;
        let answer = self
            .lock()
            .poll_drained(&self.counts, key, waker, &mut replaced);
        drop(replaced);
        answer
    }

    /// Forgets one who waited for the end of the drain.
    pub(crate) fn forget_drained(&self, key: DrainKey) {
        let forgotten = self.lock().forget_drained(key);
        drop(forgotten);
    }

    /// Whether who comes is refused.
    pub(crate) fn is_draining(&self) -> bool {
        self.counts.seen().is_draining()
    }

    /// Whether it is draining and nobody is inside or waits.
    #[cfg(test)]
    pub(crate) fn is_drained(&self) -> bool {
        self.counts.seen().is_drained()
    }
}
