//! Real servers over loopback, flooded: `cargo xtask bench room` and `cargo xtask bench adaptive`; and
//! kept busy by wrk, which asks again when it is answered: `cargo xtask bench wrk`.
//!
//! The server is a process on core 0 with one runtime thread, the generator one on core 1. The
//! generator of a flood is an open loop: arrivals are a Poisson stream that does not wait for answers, each on a
//! connection of its own while it lasts, and latency counts from the instant that was scheduled. So no
//! request is left out because the one before it is late.
#![allow(
    clippy::print_stdout,
    reason = "a program that prints what it measured"
)]

mod adaptive;
mod bar;
mod clock;
mod footer;
mod load;
#[path = "../machine.rs"]
mod machine;
mod median;
mod process;
mod room;
mod socket;
mod work;
mod wrk;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "cargo xtask bench", about)]
struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// A handler that computes on the thread of its runtime: without a wall, and in the waiting room
    Room(room::Args),
    /// The adaptive limit, told nothing, beside a ladder of fixed ones
    Adaptive(adaptive::Args),
    /// A server that says hello, bare and behind walls, under wrk
    Wrk(wrk::Args),
    #[command(flatten)]
    Part(Part),
}

/// What this program starts of itself, each on a core of its own.
#[derive(Subcommand)]
enum Part {
    #[command(hide = true)]
    Calibrate,
    #[command(hide = true)]
    ServeRoom(room::ServerArgs),
    #[command(hide = true)]
    ServeLimit(adaptive::ServerArgs),
    #[command(hide = true)]
    ServeWrk(wrk::ServerArgs),
    #[command(hide = true)]
    Capacity(load::closed::Args),
    #[command(hide = true)]
    Load(load::Args),
}

fn main() -> ExitCode {
    let result = match Args::parse().what {
        What::Room(args) => room::main(&args),
        What::Adaptive(args) => adaptive::main(&args),
        What::Wrk(args) => wrk::main(&args),
        What::Part(part) => play(&part),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn play(part: &Part) -> anyhow::Result<()> {
    match part {
        Part::Calibrate => {
            println!("{}", work::calibrate());
            Ok(())
        }
        Part::ServeRoom(args) => room::serve(args),
        Part::ServeLimit(args) => adaptive::serve(args),
        Part::ServeWrk(args) => wrk::serve(args),
        Part::Capacity(args) => load::closed::main(args),
        Part::Load(args) => load::main(args),
    }
}
