//! `cargo xtask bench`: builds the benches in the release profile and runs them.

use std::io::IsTerminal;

use anyhow::{Result, ensure};

use crate::cargo::{Cargo, cargo};
use crate::tools;

/// Played in virtual time: what is linked with it has tokio's clock for tests, which would slow down
/// the cases beside it. So it is a program of its own.
const SIMULATOR: &str = "simulator";

/// Everything that is measured within one process.
const CASES: &str = "floodwall-benches";

/// Real processes on two cores for minutes: only when asked for.
const LOOPBACK: [&str; 3] = ["room", "adaptive", "wrk"];

#[derive(clap::Args)]
pub(crate) struct Args {
    /// One case or all that begin with it (`quota`), `simulator`, `room`, `adaptive` or `wrk`; all of them
    /// but the last three when none is named
    name: Option<String>,
    /// For `room`, `adaptive` and `wrk`: a short run
    #[arg(long)]
    quick: bool,
    /// Print JSON instead of tables: one object on a line for each program
    #[arg(long)]
    json: bool,
    /// Write docs/performance.md and its picture from all cases, instead of printing them
    #[arg(long, conflicts_with_all = ["name", "json", "quick"])]
    save: bool,
    /// For `room`, `adaptive` and `wrk`: what they understand besides, as `-- --runs 3 --work pool`
    #[arg(last = true)]
    more: Vec<String>,
}

pub(crate) fn main(args: &Args) -> Result<()> {
    let simulator = quietly(cargo(["run", "--release", "-p", "floodwall-sim"]))
        .args(["--example", "speed", "--"])
        .args(args.json.then_some("--json"));
    if args.name.as_deref() == Some(SIMULATOR) {
        return simulator.hand_over();
    }
    let loopback = LOOPBACK
        .into_iter()
        .find(|&it| args.name.as_deref() == Some(it));
    if let Some(name) = loopback {
        if name == "wrk" {
            tools::debian("wrk", &["wrk"])?;
            tools::debian("valgrind", &["valgrind", "libc6-dbg"])?;
        }
        return quietly(cargo(["run", "--release", "-p", "floodwall-benches"]))
            .args(["--bin", "loopback", "--", name])
            .args(args.quick.then_some("--quick"))
            .args(args.json.then_some("--json"))
            .args(args.more.iter().map(String::as_str))
            .hand_over();
    }
    ensure!(
        !args.quick && args.more.is_empty(),
        "`--quick` and what comes after `--` are for `room`, `adaptive` and `wrk`"
    );
    // What counts allocations is a program of its own, and must be beside the other.
    quietly(cargo(["build", "--release", "-p", "floodwall-benches"]))
        .args(["--bin", CASES, "--bin", "gauge"])
        .run_unannounced()?;
    let cases = cargo(["run", "--release", "--quiet", "-p", "floodwall-benches"])
        .args(["--bin", CASES, "--"])
        .args(args.json.then_some("--json"))
        .args(args.save.then_some("--save"))
        .args(args.name.as_deref());
    if args.name.is_some() || args.save {
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
