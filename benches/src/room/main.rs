//! A handler that computes on the thread of its runtime, flooded: without a wall, and behind the
//! waiting room. `cargo xtask bench room [--quick] [--json]`.
//!
//! Over real loopback: the server is a process on core 0 with one runtime thread, the generator one
//! on core 1. The generator is an open loop: arrivals are a Poisson stream that does not wait for
//! answers, each on a connection of its own while it lasts, and latency counts from the instant that
//! was scheduled. So no request is left out because the one before it is late.
#![allow(
    clippy::print_stdout,
    reason = "a program that prints what it measured"
)]

mod bars;
mod clock;
mod load;
#[path = "../machine.rs"]
mod machine;
mod process;
mod report;
mod run;
mod server;
mod work;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "cargo xtask bench room", about)]
struct Args {
    /// One short run of each
    #[arg(long)]
    quick: bool,
    /// Print JSON instead of tables
    #[arg(long)]
    json: bool,
    /// Interleaved runs of each
    #[arg(long, default_value_t = 5)]
    runs: usize,
    /// Only one place of work
    #[arg(long)]
    work: Option<work::Place>,
    #[command(subcommand)]
    part: Option<Part>,
}

/// What this program starts of itself, each on a core of its own.
#[derive(Subcommand)]
#[command(hide = true)]
enum Part {
    Calibrate,
    Serve(server::Args),
    Capacity(load::closed::Args),
    Load(load::Args),
}

fn main() -> ExitCode {
    let args = Args::parse();
    let result = match args.part {
        Some(Part::Calibrate) => {
            println!("{}", work::calibrate());
            Ok(())
        }
        Some(Part::Serve(args)) => server::main(&args),
        Some(Part::Capacity(args)) => load::closed::main(&args),
        Some(Part::Load(args)) => load::main(&args),
        None => run::main(&run::Plan::of(args.quick, args.runs, args.work), args.json),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
