//! A policy that holds back calls to what refuses many of them.

mod builder;
mod core;
mod handle;
mod permit;
mod policy;

pub use builder::ThrottleBuilder;
pub use handle::{ThrottleHandle, ThrottleSnapshot};
pub use permit::{ThrottleDecision, ThrottlePermit};
pub use policy::Throttle;
