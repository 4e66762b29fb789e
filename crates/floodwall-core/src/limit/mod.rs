//! How many may be inside at once: algorithms that find the limit by themselves.
//!
//! A [`LimitAlgorithm`] is told of each request that has left, as a [`Sample`], and says how many
//! may be inside from then on. It has no clock: the time is in the sample. When it moves, it says
//! why, as a [`Change`].
//!
//! ```
//! use floodwall_core::limit::{Fixed, LimitAlgorithm, Sample};
//! use floodwall_core::Moment;
//! use std::num::NonZeroU32;
//! use std::time::Duration;
//!
//! let mut algorithm = Fixed::new(NonZeroU32::new(8).unwrap());
//! let now = Moment::ZERO + Duration::from_secs(1);
//! let sample = Sample::new(now, Duration::from_millis(10)).in_flight(8).binding(true);
//! assert_eq!(algorithm.sample(&sample), None);
//! assert_eq!(algorithm.limit(), 8);
//! ```

mod aimd;
mod bbr;
mod bounds;
mod cause;
mod correlated;
mod due;
mod envoy;
mod error;
mod fixed;
mod gradient2;
mod marginal;
mod preset;
mod random;
mod sample;
mod settable;
mod step;
mod vegas;
pub mod window;
mod windowed;

pub use aimd::{Aimd, AimdBuilder};
pub use bbr::{Bbr, BbrBuilder};
pub use cause::{Cause, Change, Why};
pub use correlated::{Correlated, CorrelatedBuilder};
pub use envoy::{EnvoyGradient, EnvoyGradientBuilder};
pub use error::LimitError;
pub use fixed::Fixed;
pub use gradient2::{Gradient2, Gradient2Builder};
pub use marginal::{Marginal, MarginalBuilder};
pub use preset::Preset;
pub use sample::{Sample, Teaches};
pub use settable::{LimitHandle, Settable, SettableBuilder};
pub use step::{Step, log10_root};
pub use vegas::{Vegas, VegasBuilder};
pub use windowed::{Windowed, WindowedBuilder};

/// What moves a limit.
///
/// Samples come in the order in which they are handed in, which under several threads is not
/// exactly that of their times. An algorithm must bear any of them: silence, gaps, times that stand
/// still or run back, service times of zero. Its limit is at least 1 whatever it was told.
pub trait LimitAlgorithm: std::fmt::Debug + Send + 'static {
    /// How many may be inside from now on: at least 1.
    fn limit(&self) -> u32;

    /// Learns from one request that has left. What it tells is shown to people; a trial that an
    /// algorithm makes and takes back by itself need not be told.
    fn sample(&mut self, sample: &Sample) -> Option<Change>;

    /// Its name in metrics and tables, such as `aimd`.
    fn name(&self) -> &'static str;
}

impl<A: LimitAlgorithm + ?Sized> LimitAlgorithm for Box<A> {
    fn limit(&self) -> u32 {
        (**self).limit()
    }

    fn sample(&mut self, sample: &Sample) -> Option<Change> {
        (**self).sample(sample)
    }

    fn name(&self) -> &'static str {
        (**self).name()
    }
}
