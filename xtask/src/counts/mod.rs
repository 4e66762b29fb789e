//! `cargo xtask counts`: instructions and allocations of a request, counted under valgrind and held
//! against the baseline in `benches/count/baseline.json`.

mod baseline;
mod compare;
mod measure;
mod table;
#[path = "../../../benches/count/src/times.rs"]
mod times;
mod versions;

use anyhow::{Result, ensure};

use self::baseline::Baseline;
use self::compare::Comparison;
use crate::cargo::Counts;
use crate::workspace::Workspace;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Store what is counted as the new baseline; the commit says why
    #[arg(long)]
    save: bool,
    /// Print one JSON object instead of a table
    #[arg(long)]
    json: bool,
}

pub(crate) fn main(args: &Args) -> Result<()> {
    let counted = measure::run(&Workspace::load()?)?;
    let stored = Baseline::load();
    if args.save {
        counted.save()?;
    }
    let stored = match stored {
        Err(_) if args.save => counted.clone(),
        stored => stored?,
    };
    let comparison = Comparison::of(&stored, &counted)?;
    if args.json {
        println!("{}", table::json(&comparison));
    } else {
        print!("{}", table::text(&comparison));
    }
    if args.save {
        eprintln!("saved; give the reason in the commit");
        return Ok(());
    }
    judge(&comparison)
}

/// The step of `cargo xtask test`.
pub(crate) fn step(workspace: &Workspace) -> Result<Counts> {
    let counted = measure::run(workspace)?;
    let comparison = Comparison::of(&Baseline::load()?, &counted)?;
    print!("{}", table::text(&comparison));
    judge(&comparison)?;
    Ok(Counts::default())
}

fn judge(comparison: &Comparison) -> Result<()> {
    let complaints: Vec<_> = comparison.complaints().collect();
    ensure!(complaints.is_empty(), "{}", complaints.join("\n"));
    Ok(())
}
