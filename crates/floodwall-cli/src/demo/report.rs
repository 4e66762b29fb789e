//! What the demo found out.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{client::is_refusal, schedule::PhaseName, series::Series};

/// The whole comparison.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Report {
    pub(crate) capacity_rps: f64,
    pub(crate) factor: f64,
    pub(crate) seconds: f64,
    pub(crate) seed: u64,
    pub(crate) workers: u32,
    pub(crate) service_ms: f64,
    pub(crate) deadline_ms: f64,
    /// Ctrl-C came before the end: the last phase is shorter, later ones are missing.
    pub(crate) interrupted: bool,
    pub(crate) runs: Vec<RunReport>,
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct RunReport {
    pub(crate) name: &'static str,
    pub(crate) phases: Vec<PhaseReport>,
    #[serde(skip)]
    pub(crate) series: Series,
}

/// What became of the requests whose intended start was in this phase.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct PhaseReport {
    pub(crate) name: PhaseName,
    pub(crate) factor: f64,
    pub(crate) seconds: f64,
    pub(crate) offered_rps: f64,
    /// Answered 200 within the deadline.
    pub(crate) goodput_rps: f64,
    /// Of the successes, from the intended start.
    pub(crate) p50_ms: Option<f64>,
    pub(crate) p99_ms: Option<f64>,
    pub(crate) refusal_p50_ms: Option<f64>,
    pub(crate) statuses: BTreeMap<u16, u64>,
    pub(crate) timeouts: u64,
    pub(crate) errors: u64,
    pub(crate) priorities: Vec<PriorityReport>,
    pub(crate) first_second: FirstSecond,
    /// How late the generator sent: if this is large, the machine was too busy to be believed.
    pub(crate) lag_p99_ms: Option<f64>,
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct PriorityReport {
    pub(crate) priority: u8,
    pub(crate) offered: u64,
    pub(crate) succeeded: u64,
}

/// The requests of a phase's first second: how soon is it itself?
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub(crate) struct FirstSecond {
    pub(crate) offered: u64,
    pub(crate) succeeded: u64,
}

impl Report {
    pub(crate) fn run(&self, name: &str) -> Option<&RunReport> {
        self.runs.iter().find(|run| run.name == name)
    }
}

impl RunReport {
    pub(crate) fn phase(&self, name: PhaseName) -> Option<&PhaseReport> {
        self.phases.iter().find(|phase| phase.name == name)
    }
}

impl PhaseReport {
    pub(crate) fn offered(&self) -> u64 {
        self.priorities
            .iter()
            .map(|priority| priority.offered)
            .sum()
    }

    pub(crate) fn refused(&self) -> u64 {
        self.statuses
            .iter()
            .filter(|(status, _)| is_refusal(**status))
            .map(|(_, count)| count)
            .sum()
    }
}

impl PriorityReport {
    /// The share that succeeded; nothing if none was offered.
    pub(crate) fn success(&self) -> Option<f64> {
        (self.offered > 0).then(|| self.succeeded as f64 / self.offered as f64)
    }
}
