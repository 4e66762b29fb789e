//! `cargo xtask test`: named steps, in order, each with its time; the first failure ends the run
//! with the command that repeats just that step.

mod features;
mod loom;
mod msrv;
mod package;
mod steps;

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use clap::builder::PossibleValuesParser;

use crate::cargo::Counts;
use crate::workspace::Workspace;
use steps::STEPS;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Only these steps; all of them when none is named
    #[arg(value_name = "STEP", value_parser = PossibleValuesParser::new(STEPS.iter().map(|step| step.name)))]
    steps: Vec<String>,
    /// Show the steps and run none
    #[arg(long)]
    list: bool,
}

/// One thing that must hold. A step that cannot run fails; none is skipped.
struct Step {
    name: &'static str,
    about: &'static str,
    /// Tells how many tests it ran; zero for a step that only builds or checks.
    run: fn(&Workspace) -> Result<Counts>,
}

pub(crate) fn main(args: &Args) -> Result<()> {
    if args.list {
        for Step { name, about, .. } in &STEPS {
            println!("{name:10} {about}");
        }
        return Ok(());
    }
    let chosen: Vec<_> = STEPS
        .iter()
        .filter(|step| args.steps.is_empty() || args.steps.iter().any(|name| name == step.name))
        .collect();
    let workspace = Workspace::load()?;
    let mut done = Vec::new();
    let mut counts = Counts::default();
    for (index, step) in chosen.iter().enumerate() {
        let Step { name, about, .. } = step;
        println!("\n=== {}/{} {name}: {about}", index + 1, chosen.len());
        let start = now();
        let result = (step.run)(&workspace);
        let took = now().duration_since(start);
        counts += result.with_context(|| {
            format!(
                "step `{name}` failed after {}; repeat it with `cargo xtask test {name}`",
                seconds(took)
            )
        })?;
        println!("=== {name}: good, {}", seconds(took));
        done.push((name, took));
    }
    summary(&done, counts);
    Ok(())
}

fn summary(done: &[(&&str, Duration)], counts: Counts) {
    println!("\nAll good:");
    for (name, took) in done {
        println!("  {name:10} {:>8}", seconds(*took));
    }
    let total = done.iter().map(|(_, took)| *took).sum();
    println!("  {:10} {:>8}", "together", seconds(total));
    if counts != Counts::default() {
        println!("{counts}");
    }
}

fn seconds(duration: Duration) -> String {
    format!("{:.1} s", duration.as_secs_f64())
}

#[allow(
    clippy::disallowed_methods,
    reason = "how long a step takes is wall time"
)]
fn now() -> Instant {
    Instant::now()
}
