//! What a run found: counts and latencies by phase, class and client, and series over time.

mod cell;
mod course;
#[cfg(test)]
mod expected;
mod fairness;
mod figure;
mod member;
mod pace;
mod phase_tally;
mod quantiles;
mod runs;
#[cfg(test)]
pub(crate) mod sample;
mod series;
mod snapshot;
mod steps;
mod summary;
mod table;
mod tally;
mod verdict;

pub use course::Course;
pub use figure::{Figure, Part};
pub(crate) use member::Member;
pub(crate) use pace::TENTH;
pub use quantiles::Quantiles;
pub use runs::Runs;
pub use series::{ClassSeries, Series};
pub use snapshot::snapshot;
pub(crate) use steps::Look;
pub use summary::{PhaseSummary, Spread, Summary, summary};
pub use table::table;
pub(crate) use tally::{Counted, Ended, Tally};
pub use verdict::{State, Verdict, judge};

use std::collections::BTreeMap;

use serde::Serialize;

/// What one run of one scenario with one seed behind one stack found.
///
/// Times are in seconds, rates per second.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Report {
    /// The scenario's name.
    pub scenario: String,
    /// What stood in front of the service: `bare`, `floodwall`, ...
    pub stack: String,
    /// The seed.
    pub seed: u64,
    /// How long it lasted.
    pub seconds: f64,
    /// How many requests per second the service can do at its best, if that is known.
    pub capacity: Option<f64>,
    /// The phases in their order.
    pub phases: Vec<PhaseReport>,
    /// The whole run, what phases leave out while they settle included.
    pub total: PhaseReport,
    /// What happened when.
    pub series: Series,
    /// The same in even steps, to compute with.
    #[serde(skip)]
    pub course: Course,
}

/// What became of the requests that came in one phase.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct PhaseReport {
    /// The phase's name.
    pub name: String,
    /// When it started.
    pub start: f64,
    /// For how long it was counted: without the time in which it settles.
    pub seconds: f64,
    /// What the service could do during it, changes included.
    pub capacity: Option<f64>,
    /// Requests per second.
    pub offered_rate: f64,
    /// Answers in time per second, by when they were given.
    pub goodput_rate: f64,
    /// `goodput_rate` as a share of the capacity of that time.
    pub goodput: Option<f64>,
    /// `goodput_rate` as a share of what could be: the lesser of capacity and offer.
    pub possible: Option<f64>,
    /// The lowest second of `possible`.
    pub worst_second: Option<f64>,
    /// How long after the start of the phase `possible` was 95 % for a second; `None` if never.
    pub recovery: Option<f64>,
    /// Jain's index over the tenants' successes, each against its max-min fair share of all of
    /// them: 1 is fair. `None` if nobody succeeded.
    pub fairness: Option<f64>,
    /// Refusals for want of room while a worker was idle and nobody waited for one; `None` if
    /// nothing is known about workers.
    pub false_refusals: Option<u64>,
    /// The most retries that were under way or scheduled at once.
    pub retries_at_once: u64,
    /// The smallest and the largest limit that were seen.
    pub limit: Option<(f64, f64)>,
    /// How the simulated tiers did, in the order of the scenario.
    pub tiers: Vec<TierReport>,
    /// Everybody.
    pub all: Group,
    /// By priority, most urgent first; only those that sent something.
    pub classes: Vec<Group>,
    /// By client, in the order of the scenario.
    pub clients: Vec<Group>,
}

/// How one simulated tier did during a phase.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct TierReport {
    /// Its name.
    pub name: String,
    /// How many requests began to be worked on.
    pub begun: u64,
    /// How long they had waited for a worker, on average: behind the stack, if there is one.
    pub mean_wait: Option<f64>,
}

/// What became of the requests of one group: everybody, one class, one client.
///
/// A *request* is what a client wants; it may take several *attempts*. Every request ends in exactly
/// one of `succeeded`, `late`, `refused`, `failed`, `abandoned` and `unfinished`.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Group {
    /// Its name.
    pub name: String,
    /// Its priority, if all of it has the same.
    pub class: Option<u8>,
    /// Requests.
    pub offered: u64,
    /// Attempts, the first ones included.
    pub attempts: u64,
    /// Attempts that were let in.
    pub admitted: u64,
    /// Refused attempts by reason.
    pub refusals: BTreeMap<&'static str, u64>,
    /// Requests that were answered well and in time.
    pub succeeded: u64,
    /// Requests that were answered too late.
    pub late: u64,
    /// Requests that were refused for good.
    pub refused: u64,
    /// Requests that failed for good.
    pub failed: u64,
    /// Requests whose caller hung up.
    pub abandoned: u64,
    /// Requests that had no end within the run.
    pub unfinished: u64,
    /// Attempts that were answered when nobody could use it any more: wasted work.
    pub wasted: u64,
    /// The latency of the successes, from the start of the attempt.
    pub latency: Quantiles,
    /// The time until a refusal.
    pub refusal: Quantiles,
}

impl Group {
    /// The share of the requests that succeeded; `None` if there were none.
    pub fn success(&self) -> Option<f64> {
        self.share(self.succeeded)
    }

    /// `part` of the requests as a share of all of them.
    pub(crate) fn share(&self, part: u64) -> Option<f64> {
        (self.offered > 0).then(|| part as f64 / self.offered as f64)
    }

    /// Attempts for each request; `None` if there were none.
    pub fn amplification(&self) -> Option<f64> {
        self.share(self.attempts)
    }

    /// What became of them, in words.
    pub(crate) fn words(&self) -> String {
        let mut text = format!("{} requests: {} succeeded", self.offered, self.succeeded);
        for (count, what) in [
            (self.late, "late"),
            (self.refused, "refused"),
            (self.failed, "failed"),
            (self.abandoned, "hung up"),
            (self.unfinished, "without an end"),
        ] {
            if count > 0 {
                text += &format!(", {count} {what}");
            }
        }
        if !self.refusals.is_empty() {
            let reasons: Vec<_> = self
                .refusals
                .iter()
                .map(|(reason, count)| format!("{reason} {count}"))
                .collect();
            text += &format!("; refusals: {}", reasons.join(", "));
        }
        text
    }

    /// How many attempts were refused.
    pub fn all_refusals(&self) -> u64 {
        self.refusals.values().sum()
    }
}
