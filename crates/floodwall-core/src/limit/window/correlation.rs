/// How much the last values vary: their standard deviation over their mean.
///
/// Zeros are left out, and what is not a finite number.
///
/// Source: `RollingSum` of failsafe-go.
///
/// ```
/// use floodwall_core::limit::window::Variation;
///
/// let mut variation = Variation::new(3);
/// [5.0, 0.0, 10.0].map(|value| variation.add(value));
/// assert!((variation.get().unwrap() - 0.3333).abs() < 0.0001);
/// ```
#[derive(Clone, Debug)]
pub struct Variation {
    values: Ring,
}

/// Whether two values rise and fall together: Pearson's coefficient over the last pairs.
///
/// Pairs with a zero are left out, and what is not a finite number.
///
/// Source: `CorrelationWindow` of failsafe-go. Its sums are updated from value to value; here they
/// are taken anew each time, so that nothing of a very large value stays behind.
///
/// ```
/// use floodwall_core::limit::window::Correlation;
///
/// let mut together = Correlation::new(3, 2);
/// together.add(1.0, 30.0);
/// together.add(2.0, 20.0);
/// assert_eq!(together.get(), -1.0);
/// ```
#[derive(Clone, Debug)]
pub struct Correlation {
    x: Ring,
    y: Ring,
    warm_up: usize,
}

#[derive(Clone, Debug)]
struct Ring {
    values: Vec<f64>,
    capacity: usize,
    next: usize,
}

/// What varies by less than this share of its mean does not vary.
const LEAST: f64 = 0.01;
const MOST_VALUES: usize = 10_000;

impl Variation {
    /// Of the last `size` values: at least 1 and at most 10,000.
    pub fn new(size: usize) -> Self {
        Self {
            values: Ring::new(size),
        }
    }

    /// Takes in a value.
    pub fn add(&mut self, value: f64) {
        if counts(value) {
            self.values.push(value);
        }
    }

    /// The standard deviation over the mean; none with fewer than two values or a mean of 0.
    pub fn get(&self) -> Option<f64> {
        self.values.variation()
    }

    /// How many values there are.
    pub fn count(&self) -> usize {
        self.values.values.len()
    }
}

impl Correlation {
    /// Over the last `size` pairs (at least 1, at most 10,000), and 0 before there are `warm_up`.
    pub fn new(size: usize, warm_up: usize) -> Self {
        Self {
            x: Ring::new(size),
            y: Ring::new(size),
            warm_up,
        }
    }

    /// Takes in a pair.
    pub fn add(&mut self, x: f64, y: f64) {
        if counts(x) && counts(y) {
            self.x.push(x);
            self.y.push(y);
        }
    }

    /// From -1 to 1; 0 in the warm-up, or where one of the two varies by less than 1 %.
    pub fn get(&self) -> f64 {
        let vary = |ring: &Ring| ring.variation().is_some_and(|share| share >= LEAST);
        if self.count() < self.warm_up || !vary(&self.x) || !vary(&self.y) {
            return 0.0;
        }
        let (mean_x, mean_y) = (self.x.mean(), self.y.mean());
        let pairs = self.x.values.iter().zip(&self.y.values);
        let shared =
            pairs.map(|(x, y)| (x - mean_x) * (y - mean_y)).sum::<f64>() / self.count() as f64;
        let coefficient = shared / (self.x.variance().sqrt() * self.y.variance().sqrt());
        if coefficient.is_finite() {
            coefficient.clamp(-1.0, 1.0)
        } else {
            0.0
        }
    }

    /// How much the second of each pair varies; 0 in the warm-up.
    pub fn variation_of_second(&self) -> f64 {
        if self.count() < self.warm_up {
            return 0.0;
        }
        self.y.variation().unwrap_or(0.0)
    }

    /// How many pairs there are.
    pub fn count(&self) -> usize {
        self.x.values.len()
    }
}

impl Ring {
    fn new(size: usize) -> Self {
        let capacity = size.clamp(1, MOST_VALUES);
        Self {
            values: Vec::with_capacity(capacity),
            capacity,
            next: 0,
        }
    }

    fn push(&mut self, value: f64) {
        if self.values.len() < self.capacity {
            self.values.push(value);
        } else {
            self.values[self.next] = value;
            self.next = (self.next + 1) % self.capacity;
        }
    }

    fn mean(&self) -> f64 {
        self.values.iter().sum::<f64>() / self.values.len() as f64
    }

    fn variance(&self) -> f64 {
        let mean = self.mean();
        let squares = self.values.iter().map(|value| (value - mean).powi(2));
        squares.sum::<f64>() / self.values.len() as f64
    }

    fn variation(&self) -> Option<f64> {
        let share = self.variance().sqrt() / self.mean();
        (self.values.len() >= 2 && share.is_finite()).then_some(share)
    }
}

fn counts(value: f64) -> bool {
    value.is_finite() && value != 0.0
}
