//! `floodwall simulate`: scenarios in virtual time, bare and behind floodwall, and whether what they
//! promise holds.
//!
//! Reading order: [`args`] is what can be asked, [`plan`] what is then run, [`runs`] runs it,
//! [`outcome`] judges it, and [`mod@print`], [`json`] and [`album`] show it.

mod album;
pub(crate) mod args;
mod figures;
mod json;
mod list;
mod loads;
mod outcome;
mod picture;
mod plan;
mod print;
mod progress;
mod replay;
mod runs;
mod seeds;
mod sources;
mod table;

use std::{
    io::{self, BufWriter, Write},
    process::ExitCode,
    sync::Arc,
};

use anyhow::{Context, ensure};
use floodwall_sim::Scenario;

use crate::{
    cli::is_broken_pipe,
    interrupt::{self, Stop},
    paint::Paint,
};
use album::Album;
use args::SimulateArgs;
use outcome::Outcome;
use plan::Plan;

/// Whoever looks at the exit status must be able to tell a failed expectation from wrong usage.
pub(crate) const CANNOT: u8 = 2;

/// Runs scenarios and says what they found, or tells of scenarios.
pub(crate) fn run(args: &SimulateArgs) -> anyhow::Result<ExitCode> {
    if args.list {
        list::print(args.json)?;
        return Ok(ExitCode::SUCCESS);
    }
    if args.schema {
        let schema = serde_json::to_string_pretty(&Scenario::schema())?;
        writeln!(io::stdout(), "{schema}")?;
        return Ok(ExitCode::SUCCESS);
    }
    ensure!(
        !args.files.is_empty(),
        "no FILE: name a scenario file, or one of the scenarios that `floodwall simulate --list` shows",
    );
    if args.explain {
        return explain(args);
    }
    play(args)
}

fn explain(args: &SimulateArgs) -> anyhow::Result<ExitCode> {
    let mut text = String::new();
    for path in &args.files {
        if !text.is_empty() {
            text.push('\n');
        }
        text += &sources::scenario(path)?.explain();
    }
    write!(io::stdout(), "{text}")?;
    Ok(ExitCode::SUCCESS)
}

fn play(args: &SimulateArgs) -> anyhow::Result<ExitCode> {
    let plan = Arc::new(Plan::new(args)?);
    let album = args.svg.as_deref();
    let album = album
        .map(|directory| Album::open(directory, &plan, args.quiet))
        .transpose()?;
    let stop = Stop::on_ctrl_c().context("cannot listen for Ctrl-C")?;
    let Some(reports) = runs::play(&plan, &stop, args.quiet)? else {
        eprintln!("interrupted: nothing is judged");
        return Ok(ExitCode::from(interrupt::EXIT_CODE));
    };
    let outcome = Outcome::new(&plan, &reports, !args.compare.is_empty())?;
    if let Some(album) = album {
        album.fill(&plan, &outcome)?;
    }
    if let Err(error) = show(args, &plan, &outcome) {
        // The exit status still says what was found.
        if !is_broken_pipe(&error) {
            return Err(error);
        }
    }
    Ok(match outcome.counts() {
        (_, 0, _) => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    })
}

fn show(args: &SimulateArgs, plan: &Plan, outcome: &Outcome<'_>) -> anyhow::Result<()> {
    let mut out = BufWriter::new(io::stdout().lock());
    if args.json {
        json::write(&mut out, outcome)?;
    } else {
        let text = print::render(plan, outcome, Paint::for_stdout());
        out.write_all(text.as_bytes())?;
    }
    out.flush()?;
    Ok(())
}
