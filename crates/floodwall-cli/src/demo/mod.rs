//! `floodwall demo`: the same flood twice, over real sockets, first at a bare server, then at one behind
//! floodwall.

mod calibrate;
mod chart;
mod client;
mod clock;
mod doubts;
mod files;
mod json;
mod load;
mod progress;
mod report;
#[cfg(test)]
mod sample;
mod schedule;
mod series;
mod server;
mod svg;
mod table;
mod tally;
mod wall;

use std::{
    io::{self, Write},
    process::ExitCode,
    time::Duration,
};

use anyhow::Context;
use axum::Router;

use crate::{
    cli::DemoArgs,
    interrupt::{self, Stop},
    paint::Paint,
    picture_file::PictureFile,
};
use load::DEADLINE;
use progress::Progress;
use report::Report;
use schedule::Plan;
use server::{SERVICE_TIME, Server, WORKERS};

/// The capacity is measured for this long; less in a very short demo.
const CALIBRATION: Duration = Duration::from_millis(1_750);

/// Runs the demo and prints what it found.
pub(crate) fn run(args: &DemoArgs) -> anyhow::Result<ExitCode> {
    // Before half a minute is spent on a picture that has no place.
    let picture = args.svg.as_deref().map(PictureFile::create).transpose()?;
    let stop = Stop::on_ctrl_c().context("cannot listen for Ctrl-C")?;
    let Some(report) = measure(args, &stop)? else {
        eprintln!("interrupted before there was anything to show");
        return Ok(ExitCode::from(interrupt::EXIT_CODE));
    };
    if !args.quiet {
        doubts::tell(&report);
    }
    print(&report, args.json)?;
    if let Some(picture) = picture {
        picture.write(&svg::render(&report)?)?;
    }
    Ok(if report.interrupted {
        ExitCode::from(interrupt::EXIT_CODE)
    } else {
        ExitCode::SUCCESS
    })
}

/// Nothing if it was stopped before the capacity was known.
fn measure(args: &DemoArgs, stop: &Stop) -> anyhow::Result<Option<Report>> {
    let each = Duration::from_secs_f64(args.seconds);
    let calibration = CALIBRATION.min(each);
    let mut progress = Progress::new(calibration + 6 * each, args.quiet);

    progress.step("how much can the service do?");
    let capacity_rps = calibrate::capacity(serve(server::service())?.address, calibration, stop)?;
    progress.step_done(calibration);
    if stop.is_asked() {
        return Ok(None);
    }

    let (factor, less) = files::affordable_factor(capacity_rps, args.factor)?;
    if let Some(why) = less.filter(|_| !args.quiet) {
        progress.note(&why);
    }
    let plan = Plan::new(capacity_rps, factor, each, args.seed);
    let mut runs = Vec::new();
    for (name, router) in [
        ("bare", server::service()),
        ("floodwall", wall::protect(server::service(), WORKERS)?),
    ] {
        let server = serve(router)?;
        runs.push(load::run(name, &plan, server.address, stop, |arrival| {
            progress.follow(name, &plan, arrival);
        })?);
        progress.step_done(plan.length());
        if stop.is_asked() {
            break;
        }
    }
    progress.finish();
    Ok(Some(Report {
        capacity_rps,
        factor,
        seconds: args.seconds,
        seed: args.seed,
        workers: WORKERS,
        service_ms: SERVICE_TIME.as_secs_f64() * 1_000.0,
        deadline_ms: DEADLINE.as_secs_f64() * 1_000.0,
        interrupted: stop.is_asked(),
        runs,
    }))
}

fn serve(router: Router) -> anyhow::Result<Server> {
    Server::start(router).context("cannot start the server on 127.0.0.1")
}

fn print(report: &Report, json: bool) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    if json {
        writeln!(out, "{}", json::render(report)?)?;
    } else {
        let paint = Paint::for_stdout();
        writeln!(out, "{}", chart::render(report, paint))?;
        write!(out, "{}", table::render(report, paint)?)?;
    }
    out.flush()?;
    Ok(())
}
