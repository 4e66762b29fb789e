use std::time::Duration;

use crate::Moment;

/// A mean that forgets: what is one time constant old weighs a third (1/e).
///
/// Readings may come at any pace. The weight of a reading is `1 - exp(-Δt/τ)`, the exact answer of a
/// first-order low-pass filter to a value that held since the reading before. What is not a finite
/// number is left out.
///
/// ```
/// use floodwall_core::{Moment, stats::Ewma};
/// use std::time::Duration;
///
/// let mut mean = Ewma::new(Duration::from_secs(5));
/// mean.add(Moment::ZERO, 1.0);
/// mean.add(Moment::ZERO + Duration::from_secs(5), 0.0);
/// assert!((mean.get().unwrap() - 0.368).abs() < 0.001);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Ewma {
    tau: f64,
    last: Option<(Moment, f64)>,
}

impl Ewma {
    /// With time constant `tau`; of zero length, it is the last reading.
    pub const fn new(tau: Duration) -> Self {
        Self {
            tau: tau.as_secs_f64(),
            last: None,
        }
    }

    /// Takes in a reading. One from before the last one weighs nothing.
    pub fn add(&mut self, now: Moment, value: f64) {
        if !value.is_finite() {
            return;
        }
        self.last = Some(match self.last {
            None => (now, value),
            Some((_, _)) if self.tau <= 0.0 => (now, value),
            Some((at, mean)) => {
                let weight = -(-now.since(at).as_secs_f64() / self.tau).exp_m1();
                (now.max(at), mean + weight * (value - mean))
            }
        });
    }

    /// The mean, if there was a reading.
    pub fn get(&self) -> Option<f64> {
        self.last.map(|(_, mean)| mean)
    }

    /// When the last reading was.
    pub fn last(&self) -> Option<Moment> {
        self.last.map(|(at, _)| at)
    }
}
