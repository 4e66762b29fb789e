//! What the issue asks for, and whether it holds.

use super::round::{LEVELS, Round, Rounds};
use crate::bar::{Bar, at_least, at_most};
use crate::load::{LevelSeen, Seen};

/// Goodput to capacity at 2x, 5x and 10x.
const GOODPUT: [f64; 3] = [0.89, 0.87, 0.84];

pub(super) fn bars(rounds: &Rounds) -> Vec<Bar> {
    let flood = 1..LEVELS.len();
    let mut bars = Vec::new();
    for level in flood.clone() {
        let figure = rounds.median(|round| Some(round.room.levels[level].goodput / round.capacity));
        let name = format!("goodput / capacity at {}x", LEVELS[level]);
        bars.push(at_least(name, figure, GOODPUT[level - 1]));
    }
    for level in flood.clone() {
        let figure = rounds.median(|round| Some(critical(&round.room.levels[level])));
        let name = format!("critical served / possible at {}x", LEVELS[level]);
        bars.push(at_least(name, figure, 0.97));
    }
    let worst = |of: fn(&LevelSeen) -> Option<f64>| {
        flood
            .clone()
            .map(|level| rounds.median(|round| of(&round.room.levels[level])))
            // A level without data is no success.
            .fold(0.0, |most: f64, one| {
                if most.is_nan() || one.is_nan() {
                    f64::NAN
                } else {
                    most.max(one)
                }
            })
    };
    bars.push(at_most(
        "time-outs, worst level",
        worst(|level| Some(level.timed_out)),
        0.01,
    ));
    bars.push(at_most(
        "p99 of successes, worst level, ms",
        worst(|level| level.success_p99),
        50.0,
    ));
    bars.push(at_most(
        "p50 of refusals, worst level, ms",
        worst(|level| level.refusal_p50),
        1.0,
    ));
    let recovery = rounds.median(|round| Some(round.room.recovery_s));
    bars.push(at_most(
        "last one not admitted after the flood, s",
        recovery,
        0.2,
    ));
    bars
}

/// Of what could be served of the critical ones, the part that was.
pub(super) fn critical(level: &LevelSeen) -> f64 {
    level.critical_served / (level.goodput / level.critical_offered).min(1.0)
}

/// A name, and where its figures are.
type Contender = (&'static str, fn(&Round) -> &Seen);

pub(super) fn contenders() -> [Contender; 2] {
    [("bare", |round| &round.bare), ("room", |round| &round.room)]
}
