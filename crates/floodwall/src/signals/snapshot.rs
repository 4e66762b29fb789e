use std::sync::PoisonError;
use std::sync::atomic::Ordering;
use std::time::Duration;

use floodwall_core::stats::LatencySummary;
use floodwall_core::{Moment, Priority};

use super::band::Bands;
use super::hub::Hub;
use super::limits::LimitsReport;
use super::memory::MemoryReading;
use super::signal::{Reading, Signal};
use super::traffic::Rates;

/// All signals at one moment.
///
/// Allocates only if there are monitors of one's own.
///
/// ```
/// use floodwall::signals::{Signal, Signals};
///
/// let snapshot = Signals::new().snapshot();
/// assert!(snapshot.silent().any(|signal| signal == Signal::RuntimeLag));
/// assert!(snapshot.to_json().starts_with('{'));
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Snapshot {
    /// How long the signals have been there.
    pub uptime: Duration,
    /// Over what the rates are counted.
    pub window: Duration,
    /// What came and what became of it, all classes together.
    pub rates: Rates,
    /// The same by class.
    pub rates_by_class: [Rates; Priority::COUNT],
    /// What quotas refused (429), per second: no part of the demand.
    pub over_quota: f64,
    /// How long requests waited of late, all classes together.
    pub queue_latency: LatencySummary,
    /// The same by class.
    pub queue_latency_by_class: [LatencySummary; Priority::COUNT],
    /// The watched limits.
    pub limits: LimitsReport,
    /// Memory as it was read last.
    pub memory: Option<MemoryReading>,
    /// The worst runtime lag of late.
    pub runtime_lag_max: Duration,
    /// The user's own monitors.
    pub monitors: Vec<MonitorReport>,
    /// Whether the monitor runs.
    pub is_monitored: bool,
    readings: [Option<Reading>; Signal::COUNT],
    max_age: Duration,
    pub(super) bands: Bands,
}

/// How a monitor of the user's stands.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct MonitorReport {
    /// Its name.
    pub name: &'static str,
    /// What it said last, unless it panicked.
    pub reading: Option<Reading>,
    /// Whether it panicked, and is out.
    pub has_panicked: bool,
    /// Whether it has said nothing sensible for longer than the age limit, or ever.
    pub is_silent: bool,
    /// How often it said what is no number or is negative.
    pub ignored: u64,
}

impl Snapshot {
    pub(super) fn take(hub: &Hub, now: Moment) -> Self {
        let (facts, queue_latency_by_class) = hub.facts_by_class(now);
        let max_age = hub.settings.max_age;
        let monitors = hub.own.iter().map(|own| {
            let reading = hub.reading(Signal::Monitor(own.name), &facts);
            MonitorReport {
                name: own.name,
                reading,
                has_panicked: own.has_panicked(),
                is_silent: reading.is_none_or(|reading| reading.age > max_age),
                ignored: own.ignored(),
            }
        });
        let memory = &hub.sampled.memory_reading;
        Self {
            uptime: now.since(Moment::ZERO),
            window: hub.settings.window,
            rates: facts.rates,
            rates_by_class: facts.rates_by_class,
            over_quota: hub.traffic.over_quota_per_second(now),
            queue_latency: facts.waits,
            queue_latency_by_class,
            limits: facts.limits,
            memory: *memory.lock().unwrap_or_else(PoisonError::into_inner),
            runtime_lag_max: hub.sampled.lag_peak.get(now),
            monitors: monitors.collect(),
            is_monitored: hub.is_monitored.load(Ordering::Relaxed),
            readings: Signal::ALL.map(|signal| hub.reading(signal, &facts)),
            max_age,
            bands: hub.settings.bands.clone(),
        }
    }

    /// A signal, whatever its age.
    pub fn get(&self, signal: Signal) -> Option<Reading> {
        match signal.index() {
            Some(index) => self.readings[index],
            None => {
                let mut all = self.monitors.iter();
                all.find(|own| Signal::Monitor(own.name) == signal)?.reading
            }
        }
    }

    /// A signal, unless it is silent.
    pub fn heard(&self, signal: Signal) -> Option<Reading> {
        self.get(signal)
            .filter(|reading| reading.age <= self.max_age)
    }

    /// The signals that nobody writes, that this machine does not have, or that have not been heard
    /// of for longer than the age limit. They decide nothing.
    pub fn silent(&self) -> impl Iterator<Item = Signal> + '_ {
        let own = self.monitors.iter().map(|own| Signal::Monitor(own.name));
        Signal::ALL
            .into_iter()
            .chain(own)
            .filter(|signal| self.heard(*signal).is_none())
    }
}
