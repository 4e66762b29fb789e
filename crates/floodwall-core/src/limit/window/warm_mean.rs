/// An exponential mean that begins as a plain one.
///
/// The first values, as many as the warm-up, are averaged; from then on each new one weighs
/// 2/(window + 1). What is not a finite number is left out.
///
/// Source: `ExpAvgMeasurement` of Netflix concurrency-limits; `Ewma` of failsafe-go is the same.
///
/// ```
/// use floodwall_core::limit::window::WarmMean;
///
/// let mut mean = WarmMean::new(3, 2);
/// for value in [10.0, 20.0, 30.0, 40.0] {
///     mean.add(value);
/// }
/// assert_eq!(mean.get(), 31.25);
/// ```
#[derive(Clone, Debug)]
pub struct WarmMean {
    warm_up: u32,
    weight: f64,
    seen: u32,
    sum: f64,
    value: f64,
}

impl WarmMean {
    /// Remembers about `window` values, after a plain mean of the first `warm_up`.
    pub fn new(window: u32, warm_up: u32) -> Self {
        Self {
            warm_up,
            weight: 2.0 / (f64::from(window) + 1.0),
            seen: 0,
            sum: 0.0,
            value: 0.0,
        }
    }

    /// As if it had been warmed up, and `value` had come out.
    pub fn warmed(window: u32, value: f64) -> Self {
        Self {
            value,
            ..Self::new(window, 0)
        }
    }

    /// Takes in a value, and says the mean.
    pub fn add(&mut self, value: f64) -> f64 {
        if !value.is_finite() {
            return self.value;
        }
        if self.seen < self.warm_up {
            self.seen += 1;
            self.sum += value;
            self.value = self.sum / f64::from(self.seen);
        } else {
            self.value = self.value * (1.0 - self.weight) + value * self.weight;
        }
        self.value
    }

    /// Multiplies the mean. In the warm-up that lasts until the next value only.
    pub fn scale(&mut self, factor: f64) {
        self.value *= factor;
    }

    /// The mean: 0 before the first value.
    pub fn get(&self) -> f64 {
        self.value
    }
}
