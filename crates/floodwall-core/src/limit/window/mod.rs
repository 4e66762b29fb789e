//! What the published algorithms make of many samples: means, medians, quantiles, correlations.
//!
//! Each has a fixed size, and none has a clock.

mod correlation;
mod median;
mod reservoir;
mod sample;
mod warm_mean;

pub use correlation::{Correlation, Variation};
pub use median::MovingMedian;
pub use reservoir::Reservoir;
pub use sample::{SampleWindow, Tracked};
pub use warm_mean::WarmMean;
