//! The adaptive limit on a server that tells it nothing, beside a ladder of fixed limits.

mod bars;
mod course;
mod report;
mod round;
mod run;
mod server;
mod workload;

use anyhow::Result;

pub(crate) use self::server::Args as ServerArgs;
pub(crate) use self::server::main as serve;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// One short run of each, with fewer fixed limits
    #[arg(long)]
    quick: bool,
    /// Print JSON instead of tables
    #[arg(long)]
    json: bool,
    /// Print each change of the adaptive limit in the first run, too
    #[arg(long)]
    changes: bool,
    /// Interleaved runs of each
    #[arg(long, default_value_t = 5)]
    runs: usize,
    /// Only one workload
    #[arg(long)]
    work: Option<workload::Workload>,
}

pub(crate) fn main(args: &Args) -> Result<()> {
    let plan = round::Plan {
        runs: if args.quick { 1 } else { args.runs.max(1) },
        level_seconds: if args.quick { 1.5 } else { 4.0 },
        capacity_seconds: if args.quick { 1.0 } else { 2.0 },
        short_ladder: args.quick,
        workloads: args
            .work
            .map_or_else(|| workload::Workload::ALL.to_vec(), |one| vec![one]),
    };
    run::main(&plan, args.json, args.changes)
}
