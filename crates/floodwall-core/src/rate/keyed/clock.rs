use super::cell::TIME_MASK;
use crate::Moment;
use crate::rate::atomic::AtomicU64;
use crate::rate::atomic::Ordering::{AcqRel, Acquire};

/// Ticks in a step, as a power of two.
const STEP_BITS: u32 = 20;
/// Steps in the 2^40 ticks that a cell can tell apart, as a power of two.
const ROUND_BITS: u32 = 20;
const ROUND_MASK: u64 = (1 << ROUND_BITS) - 1;

/// Turns moments into the time of a table, which cells keep modulo 2^40 ticks.
///
/// Two things must never happen: that a debt of long ago looks like one of tomorrow, and that time
/// runs back. The mark sees to both. It is read often and written seldom: whoever finds himself in
/// a step later than the marked one moves it there and sweeps the lines that belong to the steps
/// passed, so that no cell is left for half a round. After a silence in which all debts ran out
/// anyway, table time goes on as if only that much had passed, so that there is never much to
/// sweep.
pub(super) struct Clock {
    /// Ticks per nanosecond, as a fraction of 2^`shift`, rounded up: then the product is a whole
    /// number of ticks where it should be, and who waits as told is not a tick early. Over the
    /// whole range of moments it gains less than a thirtieth of a tick.
    rate: u64,
    shift: u32,
    /// How many steps a silence counts at most.
    longest_silence: u64,
    /// `[steps of real time: 44 | steps that table time is behind it, modulo a round: 20]`.
    mark: AtomicU64,
}

/// One reading of the clock.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reading {
    /// Table time in ticks, modulo 2^40.
    pub(super) now: u64,
    /// How many ticks the caller's clock is behind the mark.
    pub(super) behind: u64,
}

impl Reading {
    /// Of a clock that is in the marked step, and not behind it.
    pub(super) const fn in_step(now: u64) -> Self {
        Self { now, behind: 0 }
    }
}

/// The steps that table time has just passed: which part of the table to sweep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Passed {
    pub(super) first: u64,
    pub(super) count: u64,
}

impl Clock {
    /// Ticks of `tick.0 / tick.1` nanoseconds; `memory` is how many ticks after a charge something
    /// of it can matter.
    pub(super) fn new(tick: (u64, u64), memory: u64) -> Self {
        // As many bits as fit.
        let (nanos, parts) = (u128::from(tick.0), u128::from(tick.1));
        let mut shift = 64;
        while (parts << shift) / nanos < 1 << 63 {
            shift += 1;
        }
        Self {
            rate: u64::try_from((parts << shift).div_ceil(nanos)).unwrap_or(u64::MAX),
            shift: shift - 64,
            longest_silence: (memory >> STEP_BITS) + 2,
            mark: AtomicU64::new(0),
        }
    }

    /// Table time at `moment`, if that is in the marked step.
    #[inline]
    pub(super) fn glance(&self, moment: Moment) -> Option<u64> {
        let ticks = self.ticks(moment);
        let mark = self.mark.load(Acquire);
        let skipped = (mark & ROUND_MASK) << STEP_BITS;
        (ticks >> STEP_BITS == mark >> ROUND_BITS).then(|| ticks.wrapping_sub(skipped) & TIME_MASK)
    }

    /// Table time at `moment`, and what to sweep now, if anything.
    pub(super) fn read(&self, moment: Moment) -> (Reading, Option<Passed>) {
        let ticks = self.ticks(moment);
        let mark = self.mark.load(Acquire);
        if ticks >> STEP_BITS > mark >> ROUND_BITS {
            return self.advance(ticks, mark);
        }
        (Self::at(ticks, mark), None)
    }

    /// Table time at `moment`, sweeping nothing.
    pub(super) fn peek(&self, moment: Moment) -> Reading {
        let ticks = self.ticks(moment);
        let mark = self.mark.load(Acquire);
        Self::at(ticks, self.step(ticks, mark).map_or(mark, |(next, _)| next))
    }

    pub(super) fn ticks(&self, moment: Moment) -> u64 {
        let product = u128::from(moment.as_nanos()) * u128::from(self.rate);
        (product >> 64) as u64 >> self.shift
    }

    #[inline]
    fn at(ticks: u64, mark: u64) -> Reading {
        let marked = (mark >> ROUND_BITS) << STEP_BITS;
        let ticks_on = ticks.max(marked);
        let skipped = (mark & ROUND_MASK) << STEP_BITS;
        Reading {
            now: ticks_on.wrapping_sub(skipped) & TIME_MASK,
            behind: ticks_on - ticks,
        }
    }

    fn advance(&self, ticks: u64, mut mark: u64) -> (Reading, Option<Passed>) {
        while let Some((next, passed)) = self.step(ticks, mark) {
            match self.mark.compare_exchange(mark, next, AcqRel, Acquire) {
                Ok(_) => return (Self::at(ticks, next), Some(passed)),
                Err(other) => mark = other,
            }
        }
        (Self::at(ticks, mark), None)
    }

    /// The mark at `ticks`, if that is in a later step.
    fn step(&self, ticks: u64, mark: u64) -> Option<(u64, Passed)> {
        let (step, behind) = (mark >> ROUND_BITS, mark & ROUND_MASK);
        let steps = (ticks >> STEP_BITS)
            .checked_sub(step)
            .filter(|&steps| steps > 0)?;
        let count = steps.min(self.longest_silence);
        let next = (step + steps) << ROUND_BITS | ((behind + steps - count) & ROUND_MASK);
        Some((
            next,
            Passed {
                first: step.wrapping_sub(behind).wrapping_add(1) & ROUND_MASK,
                count,
            },
        ))
    }
}
