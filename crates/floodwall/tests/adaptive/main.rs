//! A limit that an algorithm moves: what the algorithm is told, and what becomes of its word.

mod following;
#[cfg(feature = "http")]
mod http;
mod keyed;
mod panics;
mod partitions;
mod samples;
mod script;
mod settings;
mod shed;
#[cfg(feature = "http")]
mod stack;
mod threads;
mod told;
mod waits;
