//! A handler that computes on the thread of its runtime: without a wall, and behind the waiting room.

mod bars;
mod place;
mod report;
mod round;
mod run;
mod server;

use anyhow::Result;

pub(crate) use self::server::Args as ServerArgs;
pub(crate) use self::server::main as serve;

#[derive(clap::Args)]
pub(crate) struct Args {
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
    work: Option<place::Place>,
}

pub(crate) fn main(args: &Args) -> Result<()> {
    let plan = round::Plan::of(args.quick, args.runs, args.work);
    run::main(&plan, args.json)
}
