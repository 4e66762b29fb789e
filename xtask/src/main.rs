//! `cargo xtask`: the commands that a newcomer, a maintainer and CI all run.
//!
//! It needs the Rust toolchain (with rustfmt and clippy) and crates.io; `counts` valgrind besides.
#![allow(
    clippy::print_stdout,
    reason = "a program that talks to whoever started it"
)]

mod bench;
mod cargo;
mod counts;
mod deny;
mod league;
mod test;
mod tools;
mod workspace;

use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};

/// What the project can do for itself.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Xtask {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Runs everything that convinces a newcomer; CI runs the same
    Test(test::Args),
    /// Measures floodwall beside its peers
    Bench(bench::Args),
    /// Counts the instructions of a request and holds them against the baseline
    Counts(counts::Args),
    /// Plays every limit algorithm over every scenario, beside the best fixed limit
    League(league::Args),
    /// Checks licences, duplicate versions, sources and advisories with cargo-deny
    Deny(deny::Args),
}

fn main() -> ExitCode {
    let result = match Xtask::parse().command {
        Some(Command::Test(args)) => test::main(&args),
        Some(Command::Bench(args)) => bench::main(&args),
        Some(Command::Counts(args)) => counts::main(&args),
        Some(Command::League(args)) => league::main(&args),
        Some(Command::Deny(args)) => deny::main(&args),
        None => Xtask::command().print_help().map_err(Into::into),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
