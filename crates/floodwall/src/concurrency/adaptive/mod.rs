//! A limit that an algorithm moves.
//!
//! Whoever leaves hands in a [`Sample`](floodwall_core::limit::Sample); one of those who leave
//! carries what was handed in to the algorithm and applies its limit to the gate ([`Learner`]). No
//! lock, no task and no timer: what is not handed in moves nothing.

mod baton;
mod builder;
mod choice;
mod follow;
mod history;
mod learner;
mod pressure;
mod reins;
mod stay;

pub use builder::adaptive;
#[cfg(feature = "http")]
pub(crate) use choice::Bounds;
pub(crate) use choice::LimitChoice;
pub(super) use follow::Follow;
pub use history::PastChange;
pub(super) use learner::Learner;
pub(super) use reins::Reins;
pub(super) use stay::{Left, Stay};
