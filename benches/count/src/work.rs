use std::fmt;
use std::hint::black_box;

use crate::TIMES;

/// What happens once in a program's life happens here: handles of series, the first entry of a key.
const WARM_UP: u64 = 1_000;

/// Work that is ready to be repeated ten thousand times.
pub struct Work {
    repeat: Box<dyn FnMut()>,
}

impl Work {
    /// `once` does it once and tells whether the request was let in, which is to be `admitted`.
    ///
    /// # Panics
    ///
    /// If the answer is another one.
    #[must_use]
    pub fn new(admitted: bool, mut once: impl FnMut() -> bool + 'static) -> Self {
        for turn in 0..WARM_UP {
            assert_eq!(once(), admitted, "in turn {turn}");
        }
        Self {
            // The loop is compiled together with the work: one dynamic call for all of it.
            repeat: Box::new(move || {
                for _ in 0..TIMES {
                    black_box(once());
                }
            }),
        }
    }

    /// Does it ten thousand times.
    pub fn repeat(&mut self) {
        (self.repeat)();
    }
}

impl fmt::Debug for Work {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Work").finish_non_exhaustive()
    }
}
