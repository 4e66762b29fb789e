//! `cargo xtask bench`: builds the benches in the release profile and runs them.

use std::io::IsTerminal;

use anyhow::Result;

use crate::cargo::{Cargo, cargo};

/// Played in virtual time: what is linked with it has tokio's clock for tests, which would slow down
/// the cases beside it. So it is a program of its own.
const SIMULATOR: &str = "simulator";

#[derive(clap::Args)]
pub(crate) struct Args {
    /// One case, or `simulator`; all of them when none is named
    name: Option<String>,
    /// Print JSON instead of tables: one object on a line for each program
    #[arg(long)]
    json: bool,
}

pub(crate) fn main(args: &Args) -> Result<()> {
    let simulator = quietly(cargo(["run", "--release", "-p", "floodwall-sim"]))
        .args(["--example", "speed", "--"])
        .args(args.json.then_some("--json"));
    if args.name.as_deref() == Some(SIMULATOR) {
        return simulator.hand_over();
    }
    let cases = quietly(cargo(["run", "--release", "-p", "floodwall-benches"]))
        .arg("--")
        .args(args.json.then_some("--json"))
        .args(args.name.as_deref());
    if args.name.is_some() {
        return cases.hand_over();
    }
    cases.run_unannounced()?;
    simulator.hand_over()
}

fn quietly(run: Cargo) -> Cargo {
    if std::io::stderr().is_terminal() {
        run
    } else {
        run.arg("--quiet")
    }
}
