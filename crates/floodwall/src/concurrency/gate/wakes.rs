use std::task::Waker;

/// Whom to wake once the lock is given back: waking, and even dropping a waker, may run code that
/// comes back to the gate.
#[derive(Debug)]
pub(crate) struct Wakes {
    list: [Option<Waker>; Self::ROOM],
    len: usize,
}

impl Wakes {
    const ROOM: usize = 18;

    pub(super) const fn new() -> Self {
        Self {
            list: [const { None }; Self::ROOM],
            len: 0,
        }
    }

    /// Whether the lock has to be given back before more is done. Kept are one place for the
    /// operation that began it, and two for whose turn is to be taken in a waiting room.
    pub(super) const fn is_full(&self) -> bool {
        self.len + 3 >= Self::ROOM
    }

    pub(super) fn push(&mut self, waker: Waker) {
        self.list[self.len] = Some(waker);
        self.len += 1;
    }

    pub(super) fn wake_all(&mut self) {
        while self.len > 0 {
            self.len -= 1;
            if let Some(waker) = self.list[self.len].take() {
                waker.wake();
            }
        }
    }
}

/// Also when one of the wakers panics, the others are woken.
impl Drop for Wakes {
    fn drop(&mut self) {
        self.wake_all();
    }
}
