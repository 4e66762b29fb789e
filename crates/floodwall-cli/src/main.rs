//! The `floodwall` program: `floodwall demo` shows a flood with and without floodwall on your own machine,
//! `floodwall simulate` plays scenarios in virtual time, `floodwall replay` yesterday's log against a
//! stack, and `floodwall explain` says what a stack makes of a request.

mod cli;
mod demo;
mod explain;
mod interrupt;
mod nearest;
mod paint;
mod picture_file;
mod replay;
mod simulate;
mod stack_file;
mod text;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::run()
}
