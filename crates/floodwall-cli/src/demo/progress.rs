//! A bar on stderr while the demo runs, for people only.

use std::{
    borrow::Cow,
    cell::Cell,
    io::{self, IsTerminal},
    time::Duration,
};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::schedule::{Arrival, Plan};

#[derive(Debug)]
pub(crate) struct Progress {
    bar: ProgressBar,
    done: Duration,
    /// The one that the words are about.
    phase: Cell<Option<usize>>,
}

impl Progress {
    /// Draws nothing when `quiet`, nor when stderr is not a terminal.
    pub(crate) fn new(total: Duration, quiet: bool) -> Self {
        let visible = !quiet && io::stderr().is_terminal();
        let target = if visible {
            ProgressDrawTarget::stderr()
        } else {
            ProgressDrawTarget::hidden()
        };
        let bar = ProgressBar::with_draw_target(Some(millis(total)), target).with_style(style());
        if visible {
            // On indicatif's thread: drawing must not delay a request.
            bar.enable_steady_tick(Duration::from_millis(100));
        }
        Self {
            bar,
            done: Duration::ZERO,
            phase: Cell::new(None),
        }
    }

    pub(crate) fn step(&self, what: impl Into<Cow<'static, str>>) {
        self.bar.set_message(what);
    }

    /// Something to read, which the bar must not overwrite.
    pub(crate) fn note(&self, words: &str) {
        self.bar.suspend(|| eprintln!("note: {words}"));
    }

    /// How far the run `name` of `plan` is: `arrival` has just left.
    pub(crate) fn follow(&self, name: &str, plan: &Plan, arrival: &Arrival) {
        self.at(arrival.at);
        // Words are written when they change, not for each of thousands of arrivals.
        if self.phase.replace(Some(arrival.phase)) != Some(arrival.phase) {
            let phase = &plan.phases[arrival.phase];
            self.step(format!("{name}: {} {}x", phase.name, phase.factor));
        }
    }

    pub(crate) fn step_done(&mut self, length: Duration) {
        self.done += length;
        self.at(Duration::ZERO);
        self.phase.set(None);
    }

    pub(crate) fn finish(&self) {
        self.bar.finish_and_clear();
    }

    /// How far the current step is.
    fn at(&self, elapsed: Duration) {
        self.bar.set_position(millis(self.done + elapsed));
    }
}

fn style() -> ProgressStyle {
    ProgressStyle::with_template("{bar:24} {elapsed:>3}/{len_time}  {msg}")
        .unwrap_or_else(|_| ProgressStyle::default_bar())
        .with_key(
            "len_time",
            |state: &indicatif::ProgressState, out: &mut dyn std::fmt::Write| {
                let seconds = state.len().unwrap_or(0) / 1_000;
                // Writing into memory.
                let _ = write!(out, "{seconds}s");
            },
        )
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
