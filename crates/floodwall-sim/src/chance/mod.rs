//! Chance that repeats: the same seed and names give the same numbers on every machine.

mod stream;
pub(crate) mod times;
mod zipf;

pub use stream::Stream;
pub use times::Times;
pub(crate) use times::{nanos, round};
pub(crate) use zipf::Zipf;
