//! A bar on stderr while the log is read and played, for people only.

use std::{
    fs,
    io::{self, IsTerminal},
    path::Path,
    time::Duration,
};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Half of the bar is for reading, half for playing.
const HALF: u64 = 500;

#[derive(Debug)]
pub(super) struct Progress {
    bar: ProgressBar,
    size: u64,
}

impl Progress {
    /// Draws nothing when `quiet`, nor when stderr is not a terminal.
    pub(super) fn new(quiet: bool, log: &Path) -> Self {
        let visible = !quiet && io::stderr().is_terminal();
        let target = if visible {
            ProgressDrawTarget::stderr()
        } else {
            ProgressDrawTarget::hidden()
        };
        let style = ProgressStyle::with_template("{bar:24} {percent:>3} %  {wide_msg}")
            .unwrap_or_else(|_| ProgressStyle::default_bar());
        let bar = ProgressBar::with_draw_target(Some(2 * HALF), target).with_style(style);
        if visible {
            bar.enable_steady_tick(Duration::from_millis(100));
        }
        bar.set_message("reading the log");
        Self {
            bar,
            // Not there: whoever opens it will say so.
            size: fs::metadata(log).map_or(0, |log| log.len()),
        }
    }

    pub(super) fn reading(&mut self, bytes: u64) {
        let far = HALF.saturating_mul(bytes) / self.size.max(1);
        self.bar.set_position(far.min(HALF));
    }

    pub(super) fn playing(&mut self, far: f64) {
        if self.bar.position() < HALF {
            self.bar.set_message("playing it");
        }
        self.bar.set_position(HALF + (far * HALF as f64) as u64);
    }

    pub(super) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}
