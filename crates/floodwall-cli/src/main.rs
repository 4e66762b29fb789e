//! The `floodwall` program: `floodwall demo` shows a flood with and without floodwall on your own machine.

mod cli;
mod demo;
mod interrupt;
mod paint;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::run()
}
