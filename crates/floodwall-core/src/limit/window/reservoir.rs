use crate::limit::random::Random;

/// A fixed number of values that stand for any number of them.
///
/// As long as there is room, all of them are kept and a quantile is exact. Beyond that each value
/// that came has the same chance to be among those kept (Vitter's algorithm R, 1985): with 1,024
/// kept, the rank of a median is off by 1.6 points of a hundred (one standard deviation), that of a
/// p90 by 0.9. Adding is one random number; asking sorts a part of what was kept.
///
/// ```
/// use floodwall_core::limit::window::Reservoir;
///
/// let mut kept = Reservoir::new(100, 1);
/// (1..=10).for_each(|value| kept.add(value));
/// assert_eq!(kept.quantile(0.5), Some(5));
/// assert_eq!(kept.quantile(0.9), Some(9));
/// ```
#[derive(Clone, Debug)]
pub struct Reservoir {
    kept: Vec<u64>,
    capacity: usize,
    seen: u64,
    random: Random,
}

impl Reservoir {
    /// Keeps `capacity` values, at least 1 and at most 100,000. What is kept when there are more
    /// follows from `seed`.
    pub fn new(capacity: usize, seed: u64) -> Self {
        let capacity = capacity.clamp(1, 100_000);
        Self {
            kept: Vec::with_capacity(capacity),
            capacity,
            seen: 0,
            random: Random::new(seed),
        }
    }

    /// Takes in a value.
    pub fn add(&mut self, value: u64) {
        self.seen = self.seen.saturating_add(1);
        if self.kept.len() < self.capacity {
            self.kept.push(value);
            return;
        }
        // As good as even: the remainder favours small places by less than one in 2^64 / seen.
        let place = usize::try_from(self.random.next() % self.seen).unwrap_or(usize::MAX);
        if let Some(kept) = self.kept.get_mut(place) {
            *kept = value;
        }
    }

    /// How many came since it was cleared.
    pub fn count(&self) -> u64 {
        self.seen
    }

    /// The smallest value that is not below a share `quantile` of them; none if there are none.
    pub fn quantile(&mut self, quantile: f64) -> Option<u64> {
        let rank = (self.kept.len() as f64 * quantile).ceil();
        self.ranked(rank)
    }

    /// The same with the rank rounded to the nearest, halves up, as Netflix has it.
    pub(super) fn rounded_quantile(&mut self, quantile: f64) -> Option<u64> {
        let rank = (self.kept.len() as f64 * quantile + 0.5).floor();
        self.ranked(rank)
    }

    fn ranked(&mut self, rank: f64) -> Option<u64> {
        let last = self.kept.len().checked_sub(1)?;
        let index = (rank as usize).saturating_sub(1).min(last);
        Some(*self.kept.select_nth_unstable(index).1)
    }

    /// Forgets all of them, and keeps its memory.
    pub fn clear(&mut self) {
        self.kept.clear();
        self.seen = 0;
    }
}
