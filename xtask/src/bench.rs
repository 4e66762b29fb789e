//! `cargo xtask bench`: builds the benches in the release profile and runs them.

use std::io::IsTerminal;

use anyhow::Result;

use crate::cargo::cargo;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// One case; all of them when none is named
    name: Option<String>,
    /// Print one JSON object instead of a table
    #[arg(long)]
    json: bool,
}

pub(crate) fn main(args: &Args) -> Result<()> {
    let mut bench = cargo(["run", "--release", "-p", "floodwall-benches"]);
    if !std::io::stderr().is_terminal() {
        bench = bench.arg("--quiet");
    }
    bench = bench.arg("--");
    if args.json {
        bench = bench.arg("--json");
    }
    if let Some(name) = &args.name {
        bench = bench.arg(name);
    }
    bench.hand_over()
}
