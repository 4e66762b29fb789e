use super::seen::{Seen, seconds};
use crate::Moment;
use crate::limit::Sample;

/// What has left since a moment, under one limit.
#[derive(Clone, Copy, Debug)]
pub(super) struct Window {
    begun: Moment,
    last: Moment,
    binding: f64,
    left: f64,
    done: f64,
    service: f64,
    squares: f64,
    held: f64,
    found: f64,
}

/// What a window must have to be worth a look.
#[derive(Clone, Copy, Debug)]
pub(super) struct Least {
    pub(super) done: f64,
    pub(super) seconds: f64,
    /// How many times as long as a place is held.
    pub(super) turnovers: f64,
}

impl Window {
    pub(super) const fn new(begun: Moment) -> Self {
        Self {
            begun,
            last: begun,
            binding: 0.0,
            left: 0.0,
            done: 0.0,
            service: 0.0,
            squares: 0.0,
            held: 0.0,
            found: 0.0,
        }
    }

    /// By time, not by heads: when many leave at once, only the first of them finds a line.
    pub(super) fn left(&mut self, now: Moment, binding: bool) {
        if binding {
            self.binding += seconds(now.since(self.last));
        }
        self.last = self.last.max(now);
        self.left += 1.0;
    }

    pub(super) fn done(&mut self, sample: &Sample) {
        let service = seconds(sample.service);
        self.done += 1.0;
        self.service += service;
        self.squares += service * service;
        self.held += seconds(sample.held.max(sample.service));
        self.found += f64::from(sample.in_flight);
    }

    pub(super) fn is_enough(&self, now: Moment, least: Least) -> bool {
        if self.done < least.done {
            return false;
        }
        let lasted = seconds(now.since(self.begun));
        lasted >= least.seconds && lasted >= least.turnovers * self.held / self.done
    }

    pub(super) fn close(&self, limit: u32, now: Moment) -> Seen {
        let done = self.done.max(1.0);
        let mean = self.service / done;
        let variation = if mean > 0.0 {
            (self.squares / done / (mean * mean) - 1.0).clamp(0.3, 4.0)
        } else {
            1.0
        };
        let lasted = seconds(now.since(self.begun)).max(1e-6);
        Seen {
            limit: f64::from(limit),
            done: self.done,
            seconds: lasted,
            service: mean,
            held: self.held / done,
            found: self.found / done,
            worked: self.done / self.left.max(1.0),
            variation,
            windows: 1.0,
            squares: self.done * self.done / lasted,
            binding: self.binding / seconds(self.last.since(self.begun)).max(1e-9),
        }
    }
}
