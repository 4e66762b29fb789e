//! What is measured in a process of its own: allocations, since whoever counts them slows them
//! down, and memory, since a table should find it untouched.

use std::process::ExitCode;

fn main() -> ExitCode {
    floodwall_measured::gauge(|work| allocation_counter::measure(work).count_total)
}
