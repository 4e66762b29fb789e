use floodwall::{Priority, Reason};

use super::Group;
use super::quantiles::Times;

/// The counts of one client in one phase.
#[derive(Clone, Debug)]
pub(crate) struct Cell {
    pub(crate) offered: u64,
    pub(crate) attempts: u64,
    pub(crate) refusals: [u64; Reason::ALL.len()],
    pub(crate) succeeded: u64,
    pub(crate) late: u64,
    pub(crate) refused: u64,
    pub(crate) failed: u64,
    pub(crate) abandoned: u64,
    pub(crate) wasted: u64,
    pub(crate) latency: Times,
    pub(crate) refusal: Times,
}

impl Cell {
    pub(crate) fn new() -> Self {
        Self {
            offered: 0,
            attempts: 0,
            refusals: [0; Reason::ALL.len()],
            succeeded: 0,
            late: 0,
            refused: 0,
            failed: 0,
            abandoned: 0,
            wasted: 0,
            latency: Times::new(),
            refusal: Times::new(),
        }
    }

    pub(crate) fn add(&mut self, other: &Self) {
        self.offered += other.offered;
        self.attempts += other.attempts;
        for (sum, more) in self.refusals.iter_mut().zip(other.refusals) {
            *sum += more;
        }
        self.succeeded += other.succeeded;
        self.late += other.late;
        self.refused += other.refused;
        self.failed += other.failed;
        self.abandoned += other.abandoned;
        self.wasted += other.wasted;
        self.latency.add(&other.latency);
        self.refusal.add(&other.refusal);
    }

    pub(crate) fn group(&self, name: String, class: Option<Priority>) -> Group {
        let refusals = Reason::ALL
            .iter()
            .zip(self.refusals)
            .filter(|(_, count)| *count > 0)
            .map(|(reason, count)| (reason.as_str(), count));
        let ended = self.succeeded + self.late + self.refused + self.failed + self.abandoned;
        Group {
            name,
            class: class.map(Priority::get),
            offered: self.offered,
            attempts: self.attempts,
            admitted: self.attempts - self.refusals.iter().sum::<u64>(),
            refusals: refusals.collect(),
            succeeded: self.succeeded,
            late: self.late,
            refused: self.refused,
            failed: self.failed,
            abandoned: self.abandoned,
            unfinished: self.offered - ended,
            wasted: self.wasted,
            latency: self.latency.quantiles(),
            refusal: self.refusal.quantiles(),
        }
    }
}
