//! The runs, on as many threads as there are processors.

use std::{
    num::NonZero,
    ops::ControlFlow,
    sync::{
        Arc,
        atomic::{
            AtomicU32, AtomicUsize,
            Ordering::{Relaxed, SeqCst},
        },
        mpsc::{RecvTimeoutError, SyncSender, sync_channel},
    },
    thread,
    time::Duration,
};

use anyhow::{Context, anyhow};
use floodwall_sim::{Report, RunError};

use super::{plan::Plan, progress::Progress};
use crate::interrupt::Stop;

/// How often to look whether somebody has had enough.
const LOOK: Duration = Duration::from_millis(100);

/// What the threads share.
#[derive(Debug)]
struct Work {
    plan: Arc<Plan>,
    next: AtomicUsize,
    /// By run, in thousandths: 0 has not begun.
    far: Vec<AtomicU32>,
    stop: Stop,
}

/// Plays all of `plan`; the reports are in its order. Nothing if it was stopped.
pub(crate) fn play(
    plan: &Arc<Plan>,
    stop: &Stop,
    quiet: bool,
) -> anyhow::Result<Option<Vec<Report>>> {
    let work = Arc::new(Work {
        plan: Arc::clone(plan),
        next: AtomicUsize::new(0),
        far: plan.runs.iter().map(|_| AtomicU32::new(0)).collect(),
        stop: stop.clone(),
    });
    let progress = Progress::new(plan, quiet);
    let threads = thread::available_parallelism()
        .map_or(1, NonZero::get)
        .min(plan.runs.len());
    let (send, ended) = sync_channel(threads);
    for _ in 0..threads {
        let (work, send) = (Arc::clone(&work), send.clone());
        thread::Builder::new()
            .name("run".into())
            .spawn(move || work.do_it(&send))
            .context("cannot start a thread")?;
    }
    drop(send);
    let mut reports: Vec<_> = plan.runs.iter().map(|_| None).collect();
    loop {
        if stop.is_asked() {
            progress.finish();
            return Ok(None);
        }
        match ended.recv_timeout(LOOK) {
            Ok((run, report)) => reports[run] = Some(report),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => break,
        }
        progress.show(plan, &work.far);
    }
    progress.finish();
    in_order(plan, reports).map(Some)
}

/// The first failure in the order of the plan is told, whichever thread was faster.
fn in_order(
    plan: &Plan,
    reports: Vec<Option<Result<Report, RunError>>>,
) -> anyhow::Result<Vec<Report>> {
    let with_reason = |(run, report): (usize, Option<Result<Report, RunError>>)| {
        let run = plan.runs[run];
        let lost = || anyhow!("it ended without a report");
        report
            .ok_or_else(lost)
            .and_then(|report| Ok(report?))
            .with_context(|| {
                let file = &plan.subjects[run.subject].file;
                format!(
                    "{file}: {} with seed {} cannot be simulated",
                    run.contender, run.seed
                )
            })
    };
    reports.into_iter().enumerate().map(with_reason).collect()
}

impl Work {
    fn do_it(&self, ended: &SyncSender<(usize, Result<Report, RunError>)>) {
        loop {
            let n = self.next.fetch_add(1, SeqCst);
            let (Some(&run), Some(far)) = (self.plan.runs.get(n), self.far.get(n)) else {
                return;
            };
            far.store(1, Relaxed);
            let mut progress = |part: f64| {
                far.store((part * 999.0) as u32 + 1, Relaxed);
                if self.stop.is_asked() {
                    ControlFlow::Break(())
                } else {
                    ControlFlow::Continue(())
                }
            };
            let scenario = &self.plan.point(run).scenario;
            let report = run.contender.play_with(scenario, run.seed, &mut progress);
            far.store(1_000, Relaxed);
            if report.is_err() {
                // What was begun before is finished, so that always the same failure is told.
                self.next.store(self.plan.runs.len(), SeqCst);
            }
            if ended.send((n, report)).is_err() {
                return;
            }
        }
    }
}
