//! How far it is: only for someone who watches.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// On standard error, if that is a terminal.
pub(crate) struct Progress(ProgressBar);

impl Progress {
    pub(crate) fn new(cases: usize) -> Self {
        let bar = ProgressBar::with_draw_target(Some(cases as u64), ProgressDrawTarget::stderr());
        let style = ProgressStyle::with_template("{bar:24} {pos}/{len} {msg}");
        Self(bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar())))
    }

    #[cfg(test)]
    pub(crate) fn hidden() -> Self {
        Self(ProgressBar::hidden())
    }

    pub(crate) fn begin(&self, case: &str) {
        self.0.set_message(case.to_owned());
    }

    pub(crate) fn round(&self, case: &str, done: usize, all: usize) {
        self.0.set_message(format!("{case} {done}/{all}"));
    }

    pub(crate) fn end(&self) {
        self.0.inc(1);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
