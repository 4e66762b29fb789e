//! What is run, and what came of it.

use super::place::Place;
use crate::load::Seen;
use crate::median::median;

/// In multiples of the capacity.
pub(super) const LEVELS: [f64; 4] = [0.5, 2.0, 5.0, 10.0];

pub(super) struct Plan {
    pub(super) runs: usize,
    pub(super) level_seconds: f64,
    pub(super) capacity_seconds: f64,
    pub(super) places: Vec<Place>,
}

impl Plan {
    pub(super) fn of(quick: bool, runs: usize, place: Option<Place>) -> Self {
        let places = place.map_or_else(|| vec![Place::Inline, Place::Blocking], |one| vec![one]);
        Self {
            runs: if quick { 1 } else { runs.max(1) },
            level_seconds: if quick { 1.5 } else { 3.0 },
            capacity_seconds: if quick { 1.0 } else { 2.0 },
            places,
        }
    }
}

/// Both contenders in one run, and the capacity that was measured right before.
pub(super) struct Round {
    pub(super) capacity: f64,
    pub(super) bare: Seen,
    pub(super) room: Seen,
}

pub(super) struct Rounds {
    pub(super) place: Place,
    pub(super) rounds: Vec<Round>,
}

impl Rounds {
    /// The median of those rounds that know the figure; not a number if none does.
    pub(super) fn median(&self, of: impl Fn(&Round) -> Option<f64>) -> f64 {
        median(self.rounds.iter().filter_map(of))
    }
}
