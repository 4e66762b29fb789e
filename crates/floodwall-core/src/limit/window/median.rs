/// The median of the last values.
///
/// Source: `MedianFilter` of failsafe-go.
///
/// ```
/// use floodwall_core::limit::window::MovingMedian;
///
/// let mut median = MovingMedian::new(3);
/// assert_eq!([9.0, 1.0, 2.0, 8.0].map(|value| median.add(value)), [9.0, 1.0, 2.0, 2.0]);
/// ```
#[derive(Clone, Debug)]
pub struct MovingMedian {
    values: Vec<f64>,
    sorted: Vec<f64>,
    next: usize,
    seen: usize,
}

impl MovingMedian {
    /// Of the last `size` values: at least 1 and at most 1,001.
    pub fn new(size: usize) -> Self {
        let size = size.clamp(1, 1_001);
        Self {
            values: vec![0.0; size],
            sorted: vec![0.0; size],
            next: 0,
            seen: 0,
        }
    }

    /// Takes in a value, and says the median; as long as there are too few, the value itself.
    pub fn add(&mut self, value: f64) -> f64 {
        self.values[self.next] = value;
        self.next = (self.next + 1) % self.values.len();
        self.seen = self.values.len().min(self.seen + 1);
        self.get().map_or(value, |_| {
            self.sorted.copy_from_slice(&self.values);
            self.sorted.sort_unstable_by(f64::total_cmp);
            self.sorted[self.sorted.len() / 2]
        })
    }

    /// The median, once there were enough values.
    pub fn get(&self) -> Option<f64> {
        (self.seen == self.values.len()).then(|| self.sorted[self.sorted.len() / 2])
    }
}
