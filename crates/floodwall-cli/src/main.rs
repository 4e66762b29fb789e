//! The `floodwall` program.
fn main() {}
