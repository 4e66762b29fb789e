//! A limit that an algorithm moves: what the algorithm is told, and what becomes of its word.

mod following;
mod http;
mod panics;
mod samples;
mod script;
mod settings;
mod threads;
mod told;
