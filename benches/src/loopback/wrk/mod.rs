//! A server that says hello, bare and behind walls, under wrk: what a wall costs when nothing else does.

mod client;
mod contender;
mod count;
mod generator;
mod report;
mod run;
mod server;

use anyhow::Result;

use self::contender::Contender;
pub(crate) use self::server::Args as ServerArgs;
pub(crate) use self::server::main as serve;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Three rounds of a second each, and fewer requests counted
    #[arg(long)]
    quick: bool,
    /// Print JSON instead of a table
    #[arg(long)]
    json: bool,
    /// Rounds, in each of which every contender has its turn
    #[arg(long, default_value_t = 15)]
    rounds: usize,
    /// Whole seconds of a turn
    #[arg(long, default_value_t = 3)]
    seconds: u64,
    /// Connections that are kept busy
    #[arg(long, default_value_t = 32)]
    connections: u32,
    /// Only this one beside the bare server; may be repeated
    #[arg(long)]
    only: Vec<Contender>,
    /// Leave out what instructions a request takes
    #[arg(long)]
    no_count: bool,
}

pub(crate) fn main(args: &Args) -> Result<()> {
    run::main(&plan(args), args.json)
}

struct Plan {
    rounds: usize,
    seconds: u64,
    connections: u32,
    contenders: Vec<Contender>,
    /// Over how many requests instructions are counted; none: not at all.
    counted: Option<u32>,
}

fn plan(args: &Args) -> Plan {
    let chosen =
        |&it: &Contender| it == Contender::Bare || args.only.is_empty() || args.only.contains(&it);
    Plan {
        rounds: if args.quick { 3 } else { args.rounds.max(1) },
        seconds: if args.quick { 1 } else { args.seconds.max(1) },
        connections: args.connections.max(1),
        contenders: Contender::ALL.into_iter().filter(chosen).collect(),
        counted: (!args.no_count).then_some(if args.quick { 2_000 } else { 10_000 }),
    }
}
