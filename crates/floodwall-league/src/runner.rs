use std::io::IsTerminal;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::sync::mpsc::sync_channel;
use std::time::Duration;

use anyhow::{Result, anyhow};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::args::Args;
use crate::figures::Figures;
use crate::job::Job;
use crate::rows::{Point, Row};
use crate::store::Store;

/// Plays what is missing, as many runs at once as there are cores, and keeps each result when it is
/// there.
pub(crate) fn play(rows: &[Row], jobs: &[Job], store: &mut Store, args: &Args) -> Result<()> {
    let point = |job: &Job| &rows[job.row].points[job.point];
    let missing: Vec<_> = jobs
        .iter()
        .filter(|job| {
            store
                .get(point(job).hash, job.contender, job.seed)
                .is_none()
        })
        .collect();
    let threads = args.threads.map_or_else(
        || std::thread::available_parallelism().map_or(1, usize::from),
        usize::from,
    );
    let bar = bar(missing.iter().map(|job| point(job).size).sum());
    let (next, stop) = (AtomicUsize::new(0), AtomicBool::new(false));
    let (send, receive) = sync_channel(threads);
    let done = std::thread::scope(|scope| {
        for _ in 0..threads.min(missing.len()) {
            let (send, next, stop, missing) = (send.clone(), &next, &stop, &missing);
            scope.spawn(move || {
                while let Some(job) = missing.get(next.fetch_add(1, Relaxed)) {
                    let played = one(point(job), job, stop);
                    // Nobody listens any more when something went wrong.
                    if send.send((*job, played)).is_err() {
                        return;
                    }
                }
            });
        }
        drop(send);
        for (job, played) in receive {
            let kept = played.and_then(|figures| {
                let at = point(job);
                let run = (at.hash, job.contender, job.seed);
                store.put(&at.scenario.name, run, figures)
            });
            if let Err(error) = kept {
                stop.store(true, Relaxed);
                next.store(usize::MAX / 2, Relaxed);
                return Err(error);
            }
            bar.inc(point(job).size);
            bar.set_message(format!("{} {}", rows[job.row].name, job.contender));
        }
        Ok(())
    });
    bar.finish_and_clear();
    done
}

fn one(point: &Point, job: &Job, stop: &AtomicBool) -> Result<Figures> {
    let mut go_on = |_| {
        if stop.load(Relaxed) {
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    };
    let report = job
        .contender
        .play_with(&point.scenario, job.seed, &mut go_on)
        .map_err(|error| {
            let name = &point.scenario.name;
            anyhow!("{name} {}, seed {}: {error}", job.contender, job.seed)
        })?;
    Ok(Figures::of(&report))
}

fn bar(size: u64) -> ProgressBar {
    let is_seen = std::io::stderr().is_terminal();
    let target = if is_seen {
        ProgressDrawTarget::stderr()
    } else {
        ProgressDrawTarget::hidden()
    };
    let style = ProgressStyle::with_template("{bar:24} {percent:>3} %  {eta:>4} left  {wide_msg}")
        .unwrap_or_else(|_| ProgressStyle::default_bar());
    let bar = ProgressBar::with_draw_target(Some(size), target).with_style(style);
    if is_seen && size > 0 {
        bar.enable_steady_tick(Duration::from_millis(100));
    }
    bar
}
