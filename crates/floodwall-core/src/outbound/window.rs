use std::time::Duration;

use crate::Moment;
use crate::moment::nanos;

/// Counts of `N` kinds over the last stretch of time, in buckets: fixed memory, O(1).
#[derive(Clone, Debug)]
pub(super) struct Window<const N: usize> {
    ring: Box<[[u64; N]]>,
    sums: [u64; N],
    bucket: u64,
    newest: u64,
}

impl<const N: usize> Window<N> {
    /// `buckets` of `bucket` each; neither may be 0.
    pub(super) fn new(bucket: Duration, buckets: usize) -> Self {
        Self {
            ring: vec![[0; N]; buckets.max(1)].into_boxed_slice(),
            sums: [0; N],
            bucket: nanos(bucket).max(1),
            newest: 0,
        }
    }

    /// How many buckets have been completed at `now`, that were not when this was last moved on. A
    /// clock that goes back moves nothing.
    pub(super) fn due(&self, now: Moment) -> u64 {
        (now.as_nanos() / self.bucket).saturating_sub(self.newest)
    }

    /// Begins so many new buckets, each of which takes the place of the oldest.
    pub(super) fn turn(&mut self, buckets: u64) {
        let len = self.ring.len() as u64;
        for step in 1..=buckets.min(len) {
            let at = self.slot(self.newest.wrapping_add(step));
            for (sum, count) in self.sums.iter_mut().zip(self.ring[at]) {
                *sum -= count;
            }
            self.ring[at] = [0; N];
        }
        if buckets > len {
            // All are empty; only where the ring begins has to fit the number of the newest.
            self.ring.fill([0; N]);
        }
        self.newest = self.newest.saturating_add(buckets);
    }

    /// Brings it up to `now`.
    pub(super) fn move_to(&mut self, now: Moment) {
        self.turn(self.due(now));
    }

    pub(super) fn add(&mut self, kind: usize) {
        let at = self.slot(self.newest);
        self.ring[at][kind] += 1;
        self.sums[kind] += 1;
    }

    pub(super) const fn sum(&self, kind: usize) -> u64 {
        self.sums[kind]
    }

    pub(super) fn clear(&mut self) {
        self.ring.fill([0; N]);
        self.sums = [0; N];
    }

    fn slot(&self, bucket: u64) -> usize {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "less than the length of the ring"
        )]
        let at = (bucket % self.ring.len() as u64) as usize;
        at
    }
}
