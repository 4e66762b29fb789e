//! Virtual time: an agenda with a resolution of a nanosecond over tokio's paused clock.
//!
//! Reading order: [`world`] is what the simulated things see, [`agenda`] is what will happen when,
//! [`clock`] moves both clocks, [`slots`] holds the futures and who was woken, [`turn`] lets tasks
//! run that a service has spawned, [`runtime`] puts the runtime together.

mod agenda;
mod clock;
mod runtime;
mod slots;
mod turn;
mod world;

pub(crate) use agenda::{Due, OnDue};
pub(crate) use clock::{Clock, Moved};
pub(crate) use runtime::run;
pub(crate) use slots::Slots;
pub(crate) use turn::Turn;
pub use world::{Sleep, World};
