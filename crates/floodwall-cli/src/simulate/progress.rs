//! A bar on stderr while the runs are under way, for people only.

use std::{
    io::{self, IsTerminal},
    sync::atomic::{AtomicU32, Ordering::Relaxed},
    time::Duration,
};

use floodwall_sim::Scenario;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::plan::{Plan, Run};

#[derive(Debug)]
pub(crate) struct Progress {
    bar: ProgressBar,
    /// By run: about how many requests it plays, so that a long one counts as what it is.
    sizes: Vec<u64>,
}

impl Progress {
    /// Draws nothing when `quiet`, nor when stderr is not a terminal.
    pub(crate) fn new(plan: &Plan, quiet: bool) -> Self {
        let visible = !quiet && io::stderr().is_terminal();
        let target = if visible {
            ProgressDrawTarget::stderr()
        } else {
            ProgressDrawTarget::hidden()
        };
        let runs = plan.runs.iter();
        let sizes: Vec<_> = runs.map(|run| size(&plan.point(*run).scenario)).collect();
        let bar =
            ProgressBar::with_draw_target(Some(sizes.iter().sum()), target).with_style(style());
        if visible {
            bar.enable_steady_tick(Duration::from_millis(100));
        }
        Self { bar, sizes }
    }

    /// `far`: how far each run is, in thousandths.
    pub(crate) fn show(&self, plan: &Plan, far: &[AtomicU32]) {
        let far: Vec<_> = far.iter().map(|far| far.load(Relaxed)).collect();
        let parts = self.sizes.iter().zip(&far);
        let done = parts.map(|(size, far)| *size as f64 * f64::from(*far) / 1e3);
        self.bar.set_position(done.sum::<f64>() as u64);
        let running = plan.runs.iter().zip(&far);
        let mut running = running.filter(|(_, far)| (1..1_000).contains(*far));
        if let Some((run, _)) = running.next() {
            let more = match running.count() {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            self.bar.set_message(words(plan, *run) + &more);
        }
    }

    pub(crate) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

fn words(plan: &Plan, run: Run) -> String {
    let point = plan.point(run);
    let load = point
        .load
        .map_or(String::new(), |load| format!(" at load {load}"));
    format!(
        "{} {}{load}, seed {}",
        point.scenario.name, run.contender, run.seed
    )
}

fn style() -> ProgressStyle {
    ProgressStyle::with_template("{bar:24} {percent:>3} %  {eta:>4} left  {wide_msg}")
        .unwrap_or_else(|_| ProgressStyle::default_bar())
}

/// Retries, shapes and closed loops are left out: it is for a bar.
fn size(scenario: &Scenario) -> u64 {
    let capacity = scenario.best_capacity().unwrap_or(1_000.0);
    let phases = scenario.phases.iter();
    let requests = phases.map(|phase| {
        let load = phase.load.unwrap_or(1.0);
        phase.rate.unwrap_or(load * capacity) * phase.lasts.as_secs_f64()
    });
    requests.sum::<f64>() as u64 + 1_000
}
