use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use floodwall_core::stats::{Latencies, LatencySummary, Window};
use floodwall_core::{Moment, Priority};

use super::gauge::Gauge;

/// What requests leave behind, by class: counts and waiting times.
#[derive(Debug)]
pub(super) struct Traffic {
    classes: [Class; Priority::COUNT],
    over_quota: Window,
    pub(super) last_wait: Gauge,
    observed: AtomicBool,
}

#[derive(Debug)]
struct Class {
    seen: AtomicBool,
    /// Arrived and let in at once: the most frequent case, and one write for both.
    straight: Window,
    arrived: Window,
    admitted: Window,
    refused: Window,
    completed: Window,
    waits: Latencies,
}

/// What came and what became of it, per second over the window.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Rates {
    /// Offered: all that asked for a place, those that quotas refused (429) left out.
    pub arrivals: f64,
    /// Let in.
    pub admitted: f64,
    /// Refused for want of room or time.
    pub refused: f64,
    /// Ended after they ran, well or not.
    pub completed: f64,
}

impl Rates {
    /// The part of the arrivals, 0 to 1, that was not let in: refused, or piling up in the queue. What
    /// is inside for long is no excess.
    pub fn excess(&self) -> f64 {
        if self.arrivals > 0.0 {
            ((self.arrivals - self.admitted) / self.arrivals).max(0.0)
        } else {
            0.0
        }
    }

    pub(super) fn add(&mut self, other: &Self) {
        self.arrivals += other.arrivals;
        self.admitted += other.admitted;
        self.refused += other.refused;
        self.completed += other.completed;
    }
}

impl Traffic {
    pub(super) fn new(window: Duration, latency_window: Duration) -> Self {
        Self {
            classes: std::array::from_fn(|_| Class {
                seen: AtomicBool::new(false),
                straight: Window::new(window),
                arrived: Window::new(window),
                admitted: Window::new(window),
                refused: Window::new(window),
                completed: Window::new(window),
                waits: Latencies::new(latency_window),
            }),
            over_quota: Window::new(window),
            last_wait: Gauge::default(),
            observed: AtomicBool::new(false),
        }
    }

    fn class(&self, class: Priority) -> &Class {
        let class = &self.classes[class.index()];
        // Reading costs the threads nothing, writing would.
        if !class.seen.load(Ordering::Relaxed) {
            class.seen.store(true, Ordering::Relaxed);
        }
        class
    }

    pub(super) fn observe(&self) {
        self.observed.store(true, Ordering::Relaxed);
    }

    /// Whether somebody counts what comes.
    pub(super) fn is_observed(&self) -> bool {
        self.observed.load(Ordering::Relaxed)
    }

    pub(super) fn has_seen(&self, class: Priority) -> bool {
        self.classes[class.index()].seen.load(Ordering::Relaxed)
    }

    /// It came and was let in at once.
    pub(super) fn went_straight_in(&self, class: Priority, now: Moment) {
        self.class(class).straight.count(now);
    }

    pub(super) fn arrived(&self, class: Priority, now: Moment) {
        self.class(class).arrived.count(now);
    }

    /// It turned out to be none of ours.
    pub(super) fn not_arrived(&self, class: Priority, at: Moment) {
        self.class(class).arrived.take_back(at);
    }

    pub(super) fn admitted(&self, class: Priority, now: Moment) {
        self.class(class).admitted.count(now);
    }

    pub(super) fn refused(&self, class: Priority, now: Moment) {
        self.class(class).refused.count(now);
    }

    pub(super) fn over_quota(&self, now: Moment) {
        self.over_quota.count(now);
    }

    pub(super) fn completed(&self, class: Priority, now: Moment) {
        self.class(class).completed.count(now);
    }

    pub(super) fn waited(&self, class: Priority, waited: Duration, now: Moment) {
        self.class(class).waits.record(now, waited);
        self.last_wait.touch(now);
    }

    pub(super) fn over_quota_per_second(&self, now: Moment) -> f64 {
        self.over_quota.per_second(now)
    }

    pub(super) fn rates(&self, class: Priority, now: Moment) -> Rates {
        let class = &self.classes[class.index()];
        if !class.seen.load(Ordering::Relaxed) {
            return Rates::default();
        }
        let windows = [
            &class.straight,
            &class.arrived,
            &class.admitted,
            &class.refused,
            &class.completed,
        ];
        let [straight, arrived, admitted, refused, completed] =
            Window::per_second_each(windows, now);
        Rates {
            arrivals: straight + arrived,
            admitted: straight + admitted,
            refused,
            completed,
        }
    }

    /// By class, and all together.
    pub(super) fn waits(&self, now: Moment) -> ([LatencySummary; Priority::COUNT], LatencySummary) {
        let seen = std::array::from_fn(|index| {
            let class = &self.classes[index];
            class.seen.load(Ordering::Relaxed).then_some(&class.waits)
        });
        Latencies::summaries(seen, now)
    }

    pub(super) fn all_waits(&self, now: Moment) -> LatencySummary {
        let seen = |class: &&Class| class.seen.load(Ordering::Relaxed);
        Latencies::summary_of(
            self.classes.iter().filter(seen).map(|class| &class.waits),
            now,
        )
    }
}
