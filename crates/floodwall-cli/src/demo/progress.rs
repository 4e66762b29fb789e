//! A bar on stderr while the demo runs, for people only.

use std::{
    borrow::Cow,
    io::{self, IsTerminal},
    time::Duration,
};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

#[derive(Debug)]
pub(crate) struct Progress {
    bar: ProgressBar,
    done: Duration,
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
        }
    }

    pub(crate) fn step(&self, what: impl Into<Cow<'static, str>>) {
        self.bar.set_message(what);
    }

    /// How far the current step is.
    pub(crate) fn at(&self, elapsed: Duration) {
        self.bar.set_position(millis(self.done + elapsed));
    }

    pub(crate) fn step_done(&mut self, length: Duration) {
        self.done += length;
        self.at(Duration::ZERO);
    }

    pub(crate) fn finish(&self) {
        self.bar.finish_and_clear();
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
