//! The waiting room: a mode of the limit for handlers that block the thread of their runtime.
//!
//! `settings` is what users say, `switch` when the room is open, `turn` how a turn comes after the
//! reactor was looked at. Who takes it, and what happens in it, is the gate's.

mod settings;
mod switch;
mod turn;

pub(super) use settings::State;
pub use settings::WaitingRoom;
pub(super) use switch::Switch;
pub(super) use turn::{probe, take_part};
