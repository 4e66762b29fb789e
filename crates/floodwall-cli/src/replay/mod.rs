//! `floodwall replay`: what a stack would have done to yesterday's traffic, in virtual time.
//!
//! Reading order: [`args`] is what can be asked, [`log`] reads the log, [`play`] plays it, [`tally`]
//! counts, [`outcome`] and [`verdict`] say what came of it, [`print`] shows it.

pub(crate) mod args;
mod keys;
mod log;
mod outcome;
mod play;
mod player;
mod print;
mod progress;
mod request;
mod tally;
mod verdict;

use std::{
    io::{self, BufWriter, Write},
    ops::ControlFlow,
    process::ExitCode,
};

use anyhow::{Context, bail};

use crate::{
    interrupt::{self, Stop},
    paint::Paint,
    picture_file::PictureFile,
    stack_file::StackFile,
};
use args::ReplayArgs;
use log::Log;
use outcome::Outcome;
use play::Play;
use progress::Progress;

/// Reads the log, plays it and says what came of it.
pub(crate) fn run(args: &ReplayArgs) -> anyhow::Result<ExitCode> {
    let file = StackFile::load(&args.stack)?;
    let picture = args.svg.as_deref().map(PictureFile::create).transpose()?;
    let stop = Stop::on_ctrl_c().context("cannot listen for Ctrl-C")?;
    let mut progress = Progress::new(args.quiet, &args.log);
    let log = Log::read(&args.log, &mut |bytes| progress.reading(bytes))?;
    let silent = log.rows.iter().filter(|row| row.service.is_none()).count();
    if silent > 0 && args.service.is_none() {
        bail!(
            "{}: {} of {} requests do not tell how long they took: say it with `--service`, as in `--service 20ms`",
            args.log.display(),
            print::number(silent as u64),
            print::number(log.rows.len() as u64),
        );
    }
    let name = args.log.display().to_string();
    let play = Play {
        log: &log,
        config: &file.config,
        service: args.service.as_ref(),
        workers: args.workers,
        seed: args.seed,
    };
    let played = play.run(&name, &mut |far| {
        progress.playing(far);
        if stop.is_asked() {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    });
    progress.finish();
    let Some(played) = played? else {
        eprintln!("interrupted: nothing is judged");
        return Ok(ExitCode::from(interrupt::EXIT_CODE));
    };
    if played.tally.lost > 0 {
        bail!("{} requests were not answered at all", played.tally.lost);
    }
    if let Some(picture) = picture {
        picture.write(&floodwall_sim::plot::timeline(&played.report)?)?;
    }
    let how = (args.seed, args.workers, args.show_keys);
    let outcome = Outcome::new(&log, &file.config, file.stack.describe(), &played, how);
    let mut out = BufWriter::new(io::stdout().lock());
    if args.json {
        serde_json::to_writer(&mut out, &outcome)?;
        writeln!(out)?;
    } else {
        out.write_all(print::render(&outcome, &name, Paint::for_stdout()).as_bytes())?;
    }
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}
