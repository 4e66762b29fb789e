//! Who counts where: each thread has a seat of its own, as long as there are some.
//!
//! A number that one thread alone writes needs no locked instruction: it is read, and one more is
//! written. The seat of a thread that ends is taken by a later one, which sees all that was written
//! from it.

use std::cell::Cell;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

/// Beyond so many threads at once the others share one more.
pub(super) const SEATS: usize = 64;

/// A bit for each seat that is taken.
static TAKEN: AtomicU64 = AtomicU64::new(0);

/// So many seats have ever been taken: who sums need not look beyond.
static EVER: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    /// Apart from what gives it back, because what has nothing to drop is there at once.
    static NUMBER: Cell<usize> = const { Cell::new(NONE_YET) };
    static SEAT: Seat = Seat::take();
}

const NONE_YET: usize = usize::MAX;

struct Seat(usize);

/// The number of this thread's seat; `None` for one that has to share.
#[inline]
pub(super) fn own() -> Option<usize> {
    let mut number = NUMBER.get();
    if number == NONE_YET {
        number = begin();
    }
    (number < SEATS).then_some(number)
}

#[cold]
fn begin() -> usize {
    // A thread that ends may count after its seat was given back.
    let number = SEAT.try_with(|seat| seat.0).unwrap_or(SEATS);
    NUMBER.set(number);
    number
}

/// How many seats there may be numbers of.
pub(super) fn ever() -> usize {
    EVER.load(Ordering::Relaxed)
}

impl Seat {
    fn take() -> Self {
        let mut taken = TAKEN.load(Ordering::Relaxed);
        loop {
            let seat = taken.trailing_ones() as usize;
            if seat >= SEATS {
                return Self(SEATS);
            }
            let more = taken | 1 << seat;
            match TAKEN.compare_exchange_weak(taken, more, Ordering::Acquire, Ordering::Relaxed) {
                Ok(_) => {
                    EVER.fetch_max(seat + 1, Ordering::Relaxed);
                    return Self(seat);
                }
                Err(other) => taken = other,
            }
        }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        NUMBER.set(SEATS);
        if self.0 < SEATS {
            TAKEN.fetch_and(!(1 << self.0), Ordering::Release);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_thread_has_a_seat_of_its_own_and_gives_it_back() {
        let here = own();
        assert_eq!(own(), here, "it stays the same");
        let there = std::thread::spawn(own).join().unwrap();
        assert_ne!(there, here);
        // As many as there are seats, one after the other: nobody has to share.
        for _ in 0..2 * SEATS {
            assert!(std::thread::spawn(own).join().unwrap().is_some());
        }
    }
}
