use std::time::Duration;

use super::Peak;
use super::cell::Cell;
use super::peak::{half, turns};
use super::slot::Slots;
use crate::Moment;

/// The waiting times of the last one to one and a half windows, for any number of threads.
///
/// A histogram of fixed buckets, two to the octave from 64 µs to 33 s: a quantile is never too low
/// and at most half too high, and nothing that is written moves. A write is two additions; memory
/// is 1 KB.
///
/// ```
/// use floodwall_core::{Moment, stats::Latencies};
/// use std::time::Duration;
///
/// let waits = Latencies::new(Duration::from_secs(1));
/// for millis in 1..=100 {
///     waits.record(Moment::ZERO, Duration::from_millis(millis));
/// }
/// let summary = waits.summary(Moment::ZERO);
/// assert_eq!(summary.count, 100);
/// assert_eq!(summary.max, Duration::from_millis(100));
/// assert!((50..=75).contains(&summary.p50.as_millis()), "{summary:?}");
/// ```
#[derive(Debug)]
pub struct Latencies {
    slots: Slots,
    cells: [[Cell; BUCKETS]; SLOTS],
    peak: Peak,
}

/// What waiting times came to; all zero if there were none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct LatencySummary {
    /// How many there were.
    pub count: u64,
    /// Half of them were at most this long.
    pub p50: Duration,
    /// Nine of ten were.
    pub p90: Duration,
    /// All but one of a hundred were.
    pub p99: Duration,
    /// The longest, to the microsecond.
    pub max: Duration,
}

const SLOTS: usize = 3;
const BUCKETS: usize = 40;
/// The upper bound of the first bucket is 2 to this, in microseconds.
const FIRST: u32 = 6;

impl Latencies {
    /// Looks back over `window`; at least a second and at most a year.
    pub fn new(window: Duration) -> Self {
        Self {
            slots: half(window),
            cells: std::array::from_fn(|_| std::array::from_fn(|_| Cell::new())),
            peak: Peak::new(window),
        }
    }

    /// Takes in one waiting time.
    pub fn record(&self, now: Moment, waited: Duration) {
        // The longest first: who reads looks no further than that.
        if !waited.is_zero() {
            self.peak.record(now, waited);
        }
        let turn = self.slots.turn(now);
        self.cells[turn as usize % SLOTS][bucket(waited)].add(turn);
    }

    /// What they came to of late.
    pub fn summary(&self, now: Moment) -> LatencySummary {
        let mut counts = [0; BUCKETS];
        let max = self.add_to(&mut counts, now);
        summarise(&counts, max)
    }

    /// What they came to of late in several, as if they were one.
    pub fn summary_of<'a>(all: impl IntoIterator<Item = &'a Self>, now: Moment) -> LatencySummary {
        let mut counts = [0; BUCKETS];
        let mut max = Duration::ZERO;
        for one in all {
            max = max.max(one.add_to(&mut counts, now));
        }
        summarise(&counts, max)
    }

    /// What each came to of late, and what all did as if they were one: each is read once. What is
    /// not there came to nothing.
    pub fn summaries<const N: usize>(
        each: [Option<&Self>; N],
        now: Moment,
    ) -> ([LatencySummary; N], LatencySummary) {
        let mut together = [0; BUCKETS];
        let mut longest = Duration::ZERO;
        let summaries = each.map(|one| {
            let Some(one) = one else {
                return LatencySummary::default();
            };
            let mut counts = [0; BUCKETS];
            let max = one.add_to(&mut counts, now);
            longest = longest.max(max);
            for (all, count) in together.iter_mut().zip(&counts) {
                *all += count;
            }
            summarise(&counts, max)
        });
        (summaries, summarise(&together, longest))
    }

    /// Tells the longest, too.
    fn add_to(&self, counts: &mut [u64; BUCKETS], now: Moment) -> Duration {
        let max = self.peak.get(now);
        // Beyond the longest there is nothing to be read.
        let used = bucket(max) + 1;
        for turn in turns(self.slots.turn(now)) {
            let slot = &self.cells[turn as usize % SLOTS];
            for (count, cell) in counts.iter_mut().zip(slot).take(used) {
                *count += u64::from(cell.get(turn));
            }
        }
        max
    }
}

fn summarise(counts: &[u64; BUCKETS], max: Duration) -> LatencySummary {
    let count: u64 = counts.iter().sum();
    if count == 0 {
        return LatencySummary {
            max,
            ..LatencySummary::default()
        };
    }
    // Rounded up: of one request, half is one.
    let ranks = [50, 90, 99].map(|percent| (count * percent).div_ceil(100));
    let mut quantiles = [max; 3];
    let (mut found, mut seen) = (0, 0);
    for (bucket, in_bucket) in counts.iter().enumerate() {
        seen += in_bucket;
        while found < ranks.len() && seen >= ranks[found] {
            quantiles[found] = upper(bucket).min(max);
            found += 1;
        }
        if found == ranks.len() {
            break;
        }
    }
    let [p50, p90, p99] = quantiles;
    LatencySummary {
        count,
        p50,
        p90,
        p99,
        max,
    }
}

/// Bounds are 2^k and 1.5 × 2^k microseconds.
fn bucket(waited: Duration) -> usize {
    let micros = u64::try_from(waited.as_micros()).unwrap_or(u64::MAX);
    // Whoever takes a whole bound belongs to the bucket below it.
    let below = micros.saturating_sub(1);
    if below >> FIRST == 0 {
        return 0;
    }
    let octave = below.ilog2();
    let upper_half = (below >> (octave - 1)) & 1;
    let bucket = 1 + 2 * (octave - FIRST) as usize + upper_half as usize;
    bucket.min(BUCKETS - 1)
}

fn upper(bucket: usize) -> Duration {
    let whole = 1_u64 << (FIRST as usize + bucket / 2);
    match bucket {
        _ if bucket == BUCKETS - 1 => Duration::MAX,
        _ if bucket % 2 == 0 => Duration::from_micros(whole),
        _ => Duration::from_micros(whole + whole / 2),
    }
}
