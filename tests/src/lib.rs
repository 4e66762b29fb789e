//! What the tests beside this share: connections over pipes and sockets, a count of who is inside,
//! and the question whether every place is free again.
//!
//! The tests are in `tests/tests`, one file per promise.

mod crowd;
mod endings;
mod frames;
mod pipe;
mod room;

pub use crowd::{Crowd, Inside};
pub use endings::endings;
pub use frames::{Frames, Storm, Then};
pub use pipe::{Http1, Http2, blank, get, text};
pub use room::{all_free, ask, poll_once, room, until};

/// The code in the README compiles and runs.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
pub struct Readme;

/// So does that of the simulator.
#[cfg(doctest)]
#[doc = include_str!("../../crates/floodwall-sim/README.md")]
pub struct SimulatorReadme;
