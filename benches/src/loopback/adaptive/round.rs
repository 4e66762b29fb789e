//! What is run, and what came of it.

use serde::Serialize;

use super::course::Course;
use super::workload::Workload;
use crate::load::{LevelSeen, Seen};
use crate::median::median;

pub(super) struct Plan {
    pub(super) runs: usize,
    pub(super) level_seconds: f64,
    pub(super) capacity_seconds: f64,
    pub(super) short_ladder: bool,
    pub(super) workloads: Vec<Workload>,
}

/// One limit in one run.
#[derive(Serialize)]
pub(super) struct Ran {
    pub(super) seen: Seen,
    pub(super) course: Course,
}

/// All limits in one run, and the capacity that was measured right before.
#[derive(Serialize)]
pub(super) struct Round {
    pub(super) capacity: f64,
    pub(super) adaptive: Ran,
    /// In the order of the ladder.
    pub(super) fixed: Vec<Ran>,
}

pub(super) struct Rounds {
    pub(super) workload: Workload,
    pub(super) ladder: &'static [u32],
    pub(super) rounds: Vec<Round>,
}

/// The adaptive limit, or a fixed one by its place on the ladder.
#[derive(Clone, Copy, Debug)]
pub(super) enum Contender {
    Adaptive,
    Fixed(usize),
}

impl Rounds {
    pub(super) fn contenders(&self) -> impl Iterator<Item = Contender> {
        let fixed = (0..self.ladder.len()).map(Contender::Fixed);
        std::iter::once(Contender::Adaptive).chain(fixed)
    }

    pub(super) fn name(&self, contender: Contender) -> String {
        match contender {
            Contender::Adaptive => "adaptive".to_owned(),
            Contender::Fixed(index) => format!("fixed {}", self.ladder[index]),
        }
    }

    pub(super) fn capacity(&self) -> f64 {
        median(self.rounds.iter().map(|round| round.capacity))
    }

    /// The median of those runs that know the figure of a level.
    pub(super) fn median(
        &self,
        contender: Contender,
        level: usize,
        of: impl Fn(&Round, &LevelSeen) -> Option<f64>,
    ) -> f64 {
        let of = |round| of(round, &ran(round, contender).seen.levels[level]);
        median(self.rounds.iter().filter_map(of))
    }

    pub(super) fn goodput(&self, contender: Contender, level: usize) -> f64 {
        self.median(contender, level, |round, seen| {
            Some(seen.goodput / round.capacity)
        })
    }

    /// The fixed limit from which most comes out at a level.
    pub(super) fn best_fixed(&self, level: usize) -> Contender {
        let fixed = (0..self.ladder.len()).map(Contender::Fixed);
        fixed
            .max_by(|&a, &b| self.goodput(a, level).total_cmp(&self.goodput(b, level)))
            .unwrap_or(Contender::Adaptive)
    }

    /// How much more comes out of the adaptive limit than of the best fixed one, to the capacity;
    /// in the median of the pairs, because a pair has had the same arrivals.
    pub(super) fn ahead(&self, level: usize) -> f64 {
        let best = self.best_fixed(level);
        let of = |round: &Round| {
            let goodput = |contender| ran(round, contender).seen.levels[level].goodput;
            (goodput(Contender::Adaptive) - goodput(best)) / round.capacity
        };
        median(self.rounds.iter().map(of))
    }
}

pub(super) fn ran(round: &Round, contender: Contender) -> &Ran {
    match contender {
        Contender::Adaptive => &round.adaptive,
        Contender::Fixed(index) => &round.fixed[index],
    }
}
