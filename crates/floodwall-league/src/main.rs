//! `cargo xtask league`: every limit algorithm, and every other contender, over every scenario of the
//! simulator, beside the best fixed limit that a sweep finds.
//!
//! Reading order: [`args`] is what may be asked, [`rows`] the scenarios, [`field`] who plays, [`job`] one
//! run, [`figures`] what is kept of it, [`store`] where, [`runner`] plays what is missing, [`score`]
//! compares, [`checks`] holds the bars against it, [`table`], [`page`] and [`pictures`] show it.
#![allow(
    clippy::print_stdout,
    reason = "a program that talks to whoever started it"
)]

mod args;
mod checks;
mod field;
mod figures;
mod job;
mod page;
mod pictures;
mod rows;
mod runner;
mod score;
mod store;
mod table;

use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;

use args::Args;

fn main() -> ExitCode {
    match league(&Args::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Whether nothing that was asked for fails.
fn league(args: &Args) -> Result<bool> {
    let rows = rows::asked(args)?;
    let field = field::Field::asked(args)?;
    let jobs = job::all(&rows, &field, args);
    let mut store = store::Store::open(args.results()?)?;
    runner::play(&rows, &jobs, &mut store, args)?;
    let league = score::League::of(&rows, &field, &jobs, &store);
    if args.json {
        println!("{}", serde_json::to_string(&league)?);
    } else {
        print!("{}", table::show(&league));
    }
    if args.page || args.is_whole() {
        page::write(&rows, &league)?;
    }
    if !args.check {
        return Ok(true);
    }
    let bars = checks::all(&rows, &league);
    print!("{}", checks::show(&bars));
    Ok(bars.iter().all(|bar| bar.holds != Some(false)))
}
