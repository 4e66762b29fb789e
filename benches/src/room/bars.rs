//! What the issue asks for, and whether it holds.

use serde::Serialize;

use crate::load::{LevelSeen, Seen};
use crate::run::{LEVELS, Round, Rounds};

#[derive(Serialize)]
pub(crate) struct Bar {
    pub(crate) name: String,
    pub(crate) figure: f64,
    pub(crate) least: bool,
    pub(crate) bound: f64,
    pub(crate) holds: bool,
}

/// Goodput to capacity at 2x, 5x and 10x.
const GOODPUT: [f64; 3] = [0.89, 0.87, 0.84];

pub(crate) fn bars(rounds: &Rounds) -> Vec<Bar> {
    let rounds = &rounds.rounds;
    let flood = 1..LEVELS.len();
    let mut bars = Vec::new();
    for level in flood.clone() {
        let figure = median(rounds, |round| {
            Some(round.room.levels[level].goodput / round.capacity)
        });
        let name = format!("goodput / capacity at {}x", LEVELS[level]);
        bars.push(at_least(name, figure, GOODPUT[level - 1]));
    }
    for level in flood.clone() {
        let figure = median(rounds, |round| Some(critical(&round.room.levels[level])));
        let name = format!("critical served / possible at {}x", LEVELS[level]);
        bars.push(at_least(name, figure, 0.97));
    }
    let worst = |of: fn(&LevelSeen) -> Option<f64>| {
        flood
            .clone()
            .map(|level| median(rounds, |round| of(&round.room.levels[level])))
            .fold(0.0, f64::max)
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
    let recovery = median(rounds, |round| Some(round.room.recovery_s));
    bars.push(at_most(
        "last one not admitted after the flood, s",
        recovery,
        0.2,
    ));
    bars
}

/// Of what could be served of the critical ones, the part that was.
pub(crate) fn critical(level: &LevelSeen) -> f64 {
    level.critical_served / (level.goodput / level.critical_offered).min(1.0)
}

/// The median of those rounds that know the figure; not a number if none does.
pub(crate) fn median(rounds: &[Round], of: impl Fn(&Round) -> Option<f64>) -> f64 {
    let mut figures: Vec<_> = rounds.iter().filter_map(of).collect();
    figures.sort_by(f64::total_cmp);
    match figures.len() {
        0 => f64::NAN,
        n if n % 2 == 1 => figures[n / 2],
        n => f64::midpoint(figures[n / 2 - 1], figures[n / 2]),
    }
}

/// A name, and where its figures are.
type Contender = (&'static str, fn(&Round) -> &Seen);

pub(crate) fn contenders() -> [Contender; 2] {
    [("bare", |round| &round.bare), ("room", |round| &round.room)]
}

fn at_least(name: impl Into<String>, figure: f64, bound: f64) -> Bar {
    Bar {
        name: name.into(),
        figure,
        least: true,
        bound,
        holds: figure >= bound,
    }
}

fn at_most(name: impl Into<String>, figure: f64, bound: f64) -> Bar {
    Bar {
        name: name.into(),
        figure,
        least: false,
        bound,
        holds: figure <= bound,
    }
}
