//! A policy that holds back calls to what fails.

mod builder;
mod core;
mod decision;
mod handle;
mod permit;
mod policy;

pub use builder::BreakerBuilder;
pub use decision::BreakerDecision;
pub use handle::{BreakerHandle, BreakerSnapshot};
pub use permit::BreakerPermit;
pub use policy::Breaker;
