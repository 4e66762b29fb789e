//! The `floodwall` program: `floodwall demo` shows a flood with and without floodwall on your own machine,
//! `floodwall simulate` plays scenarios in virtual time.

mod cli;
mod demo;
mod interrupt;
mod paint;
mod simulate;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::run()
}
