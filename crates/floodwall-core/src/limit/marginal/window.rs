use std::time::Duration;

use crate::Moment;
use crate::limit::Sample;

/// What has left since a moment, under one limit.
#[derive(Clone, Debug)]
pub(super) struct Window {
    pub(super) begun: Moment,
    last: Moment,
    binding: f64,
    done: f64,
    service: f64,
    squares: f64,
    held: f64,
}

/// A closed window: what a limit brought.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seen {
    pub(super) limit: f64,
    /// How many were done.
    pub(super) done: f64,
    /// In how many seconds.
    pub(super) seconds: f64,
    /// Mean service time, in seconds.
    pub(super) service: f64,
    /// Mean time that a place was held, in seconds.
    pub(super) held: f64,
    /// Squared coefficient of variation of the service times.
    pub(super) variation: f64,
    /// The part of those who left under a limit that held somebody back.
    pub(super) binding: f64,
}

impl Window {
    pub(super) const fn new(begun: Moment) -> Self {
        Self {
            begun,
            last: begun,
            binding: 0.0,
            done: 0.0,
            service: 0.0,
            squares: 0.0,
            held: 0.0,
        }
    }

    /// By time, not by heads: when many leave at once, only the first of them finds a line.
    pub(super) fn left(&mut self, now: Moment, binding: bool) {
        if binding {
            self.binding += seconds(now.since(self.last));
        }
        self.last = self.last.max(now);
    }

    pub(super) fn done(&mut self, sample: &Sample) {
        let service = seconds(sample.service);
        self.done += 1.0;
        self.service += service;
        self.squares += service * service;
        self.held += seconds(sample.held.max(sample.service));
    }

    pub(super) const fn count(&self) -> f64 {
        self.done
    }

    /// Whether it has lasted for twice the time that a place is held in it.
    pub(super) fn is_long(&self, now: Moment, least: f64, turns: f64) -> bool {
        let lasted = seconds(now.since(self.begun));
        lasted >= least && lasted >= turns * self.held / self.done.max(1.0)
    }

    pub(super) fn close(&self, limit: f64, now: Moment) -> Seen {
        let n = self.done.max(1.0);
        let mean = self.service / n;
        let variation = if mean > 0.0 {
            (self.squares / n / (mean * mean) - 1.0).clamp(0.3, 4.0)
        } else {
            1.0
        };
        Seen {
            limit,
            done: self.done,
            seconds: seconds(now.since(self.begun)).max(1e-6),
            service: mean,
            held: self.held / n,
            variation,
            binding: self.binding / seconds(self.last.since(self.begun)).max(1e-9),
        }
    }
}

impl Seen {
    /// How many were done per second.
    pub(super) fn throughput(&self) -> f64 {
        self.done / self.seconds
    }

    /// Both together, as seen under the limit of the first.
    pub(super) fn and(self, other: Self) -> Self {
        let done = self.done + other.done;
        let mean = |a: f64, b: f64| (a * self.done + b * other.done) / done.max(1.0);
        Self {
            limit: self.limit,
            done,
            seconds: self.seconds + other.seconds,
            service: mean(self.service, other.service),
            held: mean(self.held, other.held),
            variation: mean(self.variation, other.variation),
            binding: mean(self.binding, other.binding),
        }
    }

    /// How many places could be used, if up to `self` the throughput was in proportion to the limit
    /// and `more` brought as much as there is; and the standard error of its logarithm.
    pub(super) fn knee(&self, more: &Self) -> (f64, f64) {
        let rise = more.throughput().max(1e-9) / self.throughput().max(1e-9);
        (self.limit * rise, self.error(more))
    }

    pub(super) fn error(&self, other: &Self) -> f64 {
        let variation = self.variation.max(other.variation);
        let batch = |seen: &Self| super::p(10) * seen.limit / seen.done.max(1.0);
        let chance = variation * (1.0 / self.done.max(1.0) + 1.0 / other.done.max(1.0));
        (chance + batch(self).powi(2) + batch(other).powi(2)).sqrt()
    }

    /// How steeply the throughput rises with the limit from `self` to `more`, on logarithms: 1 in
    /// proportion, 0 not at all; and the standard error of it.
    pub(super) fn elasticity(&self, more: &Self) -> (f64, f64) {
        let span = (more.limit / self.limit).ln().max(1e-3);
        let rise = (more.throughput().max(1e-9) / self.throughput().max(1e-9)).ln() / span;
        (rise, self.error(more) / span)
    }
}

pub(super) fn seconds(time: Duration) -> f64 {
    time.as_secs_f64().min(1e6)
}
