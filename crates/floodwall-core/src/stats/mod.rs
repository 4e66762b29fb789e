//! Statistics that keep to a window: rates, waiting times, peaks, and whether a queue rises.
//!
//! Everything that requests write ([`Window`], [`Latencies`], [`Peak`]) is made of atomics and
//! shared by reference: a write is a few nanoseconds, takes no lock and allocates nothing. What one
//! observer feeds ([`Ewma`], [`Drift`], [`QueueTrend`]) is plain. Memory is fixed from the start.
//!
//! ```
//! use floodwall_core::{Moment, stats::Window};
//! use std::time::Duration;
//!
//! let arrivals = Window::new(Duration::from_secs(10));
//! let mut now = Moment::ZERO;
//! for _ in 0..2_000 {
//!     arrivals.count(now);
//!     now = now + Duration::from_millis(10);
//! }
//! assert!((arrivals.per_second(now) - 100.0).abs() < 1.0);
//! ```

mod cell;
mod drift;
mod ewma;
mod latencies;
#[cfg(all(test, floodwall_loom))]
mod loom_models;
mod peak;
mod queue_trend;
pub(crate) mod slot;
mod window;

pub use drift::Drift;
pub use ewma::Ewma;
pub use latencies::{Latencies, LatencySummary};
pub use peak::Peak;
pub use queue_trend::{QueueSample, QueueTrend};
pub use window::Window;

/// Which way something goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Trend {
    /// Neither up nor down, or not known yet.
    #[default]
    Steady,
    /// It rises, and steadily.
    Rising,
    /// It falls.
    Falling,
}

impl Trend {
    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Steady => "steady",
            Self::Rising => "rising",
            Self::Falling => "falling",
        }
    }
}

impl std::fmt::Display for Trend {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}
