//! A millisecond of work: so many steps, and not so much time, because a handler that is interrupted
//! has not worked meanwhile.

use std::hint::black_box;
use std::time::Duration;

use crate::clock::now;

const UNIT: Duration = Duration::from_millis(1);

pub(crate) fn work(steps: u64) -> u64 {
    let mut x = black_box(0x9e37_79b9_7f4a_7c15_u64);
    for _ in 0..steps {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
    }
    black_box(x)
}

/// How many steps take a millisecond when nobody interrupts: the fastest of many tries.
pub(crate) fn calibrate() -> u64 {
    const TRY: u64 = 200_000;
    let fastest = (0..200)
        .map(|_| {
            let start = now();
            work(TRY);
            now().duration_since(start)
        })
        .min()
        .unwrap_or(UNIT);
    (TRY as f64 * UNIT.as_secs_f64() / fastest.as_secs_f64()) as u64
}
