//! The pure heart of floodwall: what decides, without async, without I/O and without a clock.
//!
//! Everything here takes the time as an argument, a [`Moment`], so that it can be replayed, tested
//! against a model, and simulated. The `floodwall` crate puts these parts in front of a
//! `tower::Service`; use this crate alone to build a limiter for something that is none.
//!
//! ```
//! use floodwall_core::{Moment, rate::{Gcra, Quota}};
//!
//! let quota = Quota::requests(2).per_second().build().unwrap();
//! let cell = Gcra::new(&quota).unwrap();
//! let now = Moment::ZERO;
//! assert!(cell.charge(now, 1).is_ok());
//! assert!(cell.charge(now, 1).is_ok());
//! let denied = cell.charge(now, 1).unwrap_err();
//! assert!(cell.charge(now + denied.wait.unwrap(), 1).is_ok());
//! ```

pub mod limit;
mod moment;
mod name;
pub mod outbound;
mod outcome;
mod priority;
pub mod queue;
pub mod rate;
mod rejection;
mod report;
pub mod shed;
pub mod stats;

#[cfg(floodwall_loom)]
pub(crate) use loom::sync::atomic;
#[cfg(not(floodwall_loom))]
pub(crate) use std::sync::atomic;

pub use moment::Moment;
pub use name::{PolicyName, PolicyNameError};
pub use outcome::Outcome;
pub use priority::{Level, Priority, PriorityError};
pub use rejection::{Reason, Rejection};
pub use report::{QuotaReport, Report};
