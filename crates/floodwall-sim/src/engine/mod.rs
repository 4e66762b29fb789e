//! Plays a scenario against a service.
//!
//! Reading order: [`simulation`] is what users call, [`run`] the loop, [`requests`] what happens to
//! requests in it, [`group`] a client, [`sources`] who sends when,
//! [`rates`] how much, [`recording`] what was recorded, [`flights`] the attempts under way, [`retries`] those that come back, [`fault`]
//! how a run can fail, [`watch`] what is looked at while it runs.

mod event;
mod fault;
mod flights;
mod group;
mod rates;
mod recording;
mod requests;
mod retries;
mod run;
mod simulation;
mod sources;
mod watch;

pub use fault::RunError;

pub use simulation::{Progress, Simulation, Stage};
pub(crate) use simulation::{SEED, asked_seed};
pub use watch::Gauge;
pub(crate) use watch::Watch;
