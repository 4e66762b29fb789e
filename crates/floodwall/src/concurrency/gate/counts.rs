use super::sync::{AtomicU32, AtomicU64, Ordering};

const ONE_INSIDE: u64 = 1;
const ONE_WAITING: u64 = 1 << 32;
const DRAINING: u64 = 1 << 63;

/// Who is inside and who waits, in one word, so that one compare-and-swap decides about both.
///
/// Whatever changes how many wait, or whether the gate is draining, is done under the gate's lock;
/// who finds nobody waiting may come and go without it.
///
/// On a line of its own: what else a gate has is read by everybody and hardly written.
#[derive(Debug)]
#[repr(align(128))]
pub(super) struct Counts {
    /// `draining:1 | waiting:31 | in_flight:32`. Draining is beside the waiting, because both mean
    /// the same to those who come and go without the lock: not this way.
    word: AtomicU64,
    limit: AtomicU32,
}

/// The word as it was at one moment.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seen(u64);

impl Seen {
    pub(super) const fn in_flight(self) -> u32 {
        self.0 as u32
    }

    pub(super) const fn waiting(self) -> u32 {
        ((self.0 & !DRAINING) >> 32) as u32
    }

    pub(super) const fn is_draining(self) -> bool {
        self.0 & DRAINING != 0
    }

    pub(super) const fn is_drained(self) -> bool {
        self.0 == DRAINING
    }

    /// Nobody waits and it is not draining.
    const fn is_open(self) -> bool {
        self.0 < ONE_WAITING
    }

    fn one_less_inside(self) -> u64 {
        if cfg!(any(test, debug_assertions)) {
            assert!(self.in_flight() > 0, "more left than entered");
        }
        // Never wraps: a count of four billion would shut the gate for good.
        if self.in_flight() == 0 {
            self.0
        } else {
            self.0 - ONE_INSIDE
        }
    }
}

impl Counts {
    pub(super) fn new(limit: u32) -> Self {
        Self {
            word: AtomicU64::new(0),
            limit: AtomicU32::new(limit),
        }
    }

    pub(super) fn seen(&self) -> Seen {
        Seen(self.word.load(Ordering::Acquire))
    }

    pub(super) fn limit(&self) -> u32 {
        self.limit.load(Ordering::Relaxed)
    }

    /// Returns the limit that was.
    pub(super) fn set_limit(&self, limit: u32) -> u32 {
        self.limit.swap(limit, Ordering::Relaxed)
    }

    /// Whether there is a free place and nobody waits for it.
    pub(super) fn has_room(&self) -> bool {
        self.lets_in(self.seen())
    }

    /// Takes a free place, if nobody waits for it.
    pub(super) fn enter(&self) -> bool {
        self.change(|seen| self.lets_in(seen).then_some(seen.0 + ONE_INSIDE))
    }

    /// Counts one more inside, whatever the limit says. Tells whether there was a place.
    pub(super) fn force_enter(&self) -> bool {
        self.lets_in(Seen(self.word.fetch_add(ONE_INSIDE, Ordering::AcqRel)))
    }

    /// Gives a place back. If false, somebody has to be told.
    ///
    /// Without a look before: that would move the line from one processor to another once more.
    pub(super) fn leave(&self) -> bool {
        let seen = Seen(self.word.fetch_sub(ONE_INSIDE, Ordering::AcqRel));
        if seen.in_flight() == 0 {
            self.take_back_leave();
        }
        seen.is_open()
    }

    /// A count of four billion would shut the gate for good.
    #[cold]
    fn take_back_leave(&self) {
        self.word.fetch_add(ONE_INSIDE, Ordering::AcqRel);
        #[cfg(any(test, debug_assertions))]
        panic!("more left than entered");
    }

    /// Under the lock: takes a free place, or else announces one who waits; both are decided by the
    /// same compare-and-swap, so that nobody can leave unseen in between.
    pub(super) fn enter_or_announce(&self) -> bool {
        let mut entered = false;
        self.change(|seen| {
            entered = self.lets_in(seen);
            Some(seen.0 + if entered { ONE_INSIDE } else { ONE_WAITING })
        });
        entered
    }

    /// Under the lock: one more waits.
    pub(super) fn announce(&self) {
        self.word.fetch_add(ONE_WAITING, Ordering::AcqRel);
    }

    /// Under the lock: one less waits.
    pub(super) fn unannounce(&self) {
        self.word.fetch_sub(ONE_WAITING, Ordering::AcqRel);
    }

    /// Under the lock: one who waits goes in, if there is one and a free place.
    pub(super) fn grant(&self) -> bool {
        self.change(|seen| {
            let free = seen.waiting() > 0 && seen.in_flight() < self.limit();
            free.then(|| seen.0 - ONE_WAITING + ONE_INSIDE)
        })
    }

    /// Under the lock: gives a place back, whoever waits.
    pub(super) fn subtract(&self) {
        self.change(|seen| Some(seen.one_less_inside()));
    }

    /// Under the lock.
    pub(super) fn set_draining(&self, draining: bool) {
        if draining {
            self.word.fetch_or(DRAINING, Ordering::AcqRel);
        } else {
            self.word.fetch_and(!DRAINING, Ordering::AcqRel);
        }
    }

    fn lets_in(&self, seen: Seen) -> bool {
        seen.is_open() && seen.in_flight() < self.limit()
    }

    fn change(&self, mut to: impl FnMut(Seen) -> Option<u64>) -> bool {
        let mut seen = self.word.load(Ordering::Relaxed);
        while let Some(next) = to(Seen(seen)) {
            match self
                .word
                .compare_exchange_weak(seen, next, Ordering::AcqRel, Ordering::Relaxed)
            {
                Ok(_) => return true,
                Err(other) => seen = other,
            }
        }
        false
    }
}
