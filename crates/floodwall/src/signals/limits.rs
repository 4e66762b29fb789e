use std::time::Duration;

use floodwall_core::stats::{Ewma, QueueTrend, Trend};
use floodwall_core::{Moment, Priority};

use crate::concurrency::{LimitLoad, WeakLimit};

/// The limits that are watched, each with the trend of its queue.
#[derive(Debug)]
pub(super) struct Limits {
    watched: Vec<(WeakLimit, QueueTrend)>,
    utilisation_mean: Ewma,
}

/// All watched limits together, at one moment.
///
/// A limit in shadow mode or switched off is left out.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct LimitsReport {
    /// How many limits are watched.
    pub watched: usize,
    /// How many places there are, in all of them.
    pub limit: u64,
    /// How many of them are taken.
    pub in_flight: u64,
    /// How many wait for one.
    pub waiting: u64,
    /// How many wait, by class.
    pub waiting_by_class: [u64; Priority::COUNT],
    /// In flight / limit, where that is most; more than 1 for a while after a limit shrank.
    pub utilisation: f64,
    /// Its mean over the last five seconds or so; as it is now, if nobody looked before.
    pub utilisation_mean: f64,
    /// Waiting / limit, where that is most.
    pub backlog: f64,
    /// How long the one has waited that has waited longest.
    pub oldest_wait: Duration,
    /// Rising if one of the queues rises.
    pub trend: Trend,
}

impl Limits {
    /// More than this are a mistake: one is made for each request, perhaps.
    pub(super) const AT_MOST: usize = 256;

    pub(super) fn new() -> Self {
        Self {
            watched: Vec::new(),
            utilisation_mean: Ewma::new(Duration::from_secs(5)),
        }
    }

    /// Says whether there was room for one more.
    pub(super) fn watch(&mut self, limit: WeakLimit) -> bool {
        self.watched.retain(|(watched, _)| !watched.is_gone());
        if self.watched.iter().any(|(watched, _)| watched.is(&limit)) {
            return true;
        }
        let has_room = self.watched.len() < Self::AT_MOST;
        if has_room {
            self.watched.push((limit, QueueTrend::new()));
        }
        has_room
    }

    /// Reads all, and feeds the trends if `look`.
    pub(super) fn read(&mut self, now: Moment, look: bool) -> LimitsReport {
        let mut all = LimitsReport::default();
        let mut falls = false;
        for (limit, trend) in &mut self.watched {
            let Some(load) = limit.load().filter(|load| load.enforces) else {
                *trend = QueueTrend::new();
                continue;
            };
            if look {
                trend.observe(now, load.sample);
            }
            all.add(&load);
            match trend.trend() {
                Trend::Rising => all.trend = Trend::Rising,
                Trend::Falling => falls = true,
                Trend::Steady => {}
            }
        }
        if falls && all.trend == Trend::Steady {
            all.trend = Trend::Falling;
        }
        if look && all.watched > 0 {
            self.utilisation_mean.add(now, all.utilisation);
        }
        all.utilisation_mean = self.utilisation_mean.get().unwrap_or(all.utilisation);
        all
    }
}

impl LimitsReport {
    fn add(&mut self, load: &LimitLoad) {
        let per_place = |count: u64| count as f64 / f64::from(load.limit.max(1));
        self.watched += 1;
        self.limit += u64::from(load.limit);
        self.in_flight += u64::from(load.in_flight);
        self.waiting += load.sample.waiting;
        for (all, one) in self.waiting_by_class.iter_mut().zip(load.waiting_by_class) {
            *all += u64::from(one);
        }
        self.utilisation = self.utilisation.max(per_place(u64::from(load.in_flight)));
        self.backlog = self.backlog.max(per_place(load.sample.waiting));
        self.oldest_wait = self.oldest_wait.max(load.oldest_wait);
    }
}
