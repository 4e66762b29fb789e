//! What is asked for of each workload.

use super::round::{Contender, Rounds};
use super::workload::Workload;
use crate::bar::{Bar, at_least, at_most};
use crate::load::LevelSeen;

/// Less than the best fixed limit by this much is as good.
const BEHIND: f64 = -0.02;
const COLD: usize = 0;
/// 1x, 2x, 5x and 10x.
const FLOOD: [usize; 4] = [1, 2, 3, 4];

pub(super) fn bars(rounds: &Rounds) -> Vec<Bar> {
    let mut bars = behind(rounds);
    match rounds.workload {
        Workload::Pool => {
            bars.extend(goodput(rounds, [0.97, 0.97, 0.97, 0.97]));
            bars.extend(p99(rounds, [45.0, 22.0, 22.0, 22.0]));
            bars.push(no_loss(rounds));
            bars.extend(critical(rounds));
        }
        Workload::Cpu => {
            bars.extend(goodput(rounds, [0.96, 0.96, 0.94, 0.91]));
            bars.extend(p99(rounds, [30.0, 30.0, 30.0, 30.0]));
            bars.push(no_loss(rounds));
            bars.extend(critical(rounds));
        }
        Workload::Slow => {}
    }
    bars
}

/// Of what could be served of the critical ones, the part that was.
pub(super) fn of_possible(capacity: f64, level: &LevelSeen) -> f64 {
    level.critical_served / (capacity / level.critical_offered).min(1.0)
}

fn behind(rounds: &Rounds) -> Vec<Bar> {
    let levels = rounds.workload.levels();
    let behind = |(level, name): (usize, String)| {
        let best = rounds.name(rounds.best_fixed(level));
        let name = format!("goodput / capacity over {best} at {name}");
        at_least(name, rounds.ahead(level), BEHIND)
    };
    let names = levels.iter().map(|level| level.name());
    names.enumerate().skip(1).map(behind).collect()
}

fn goodput(rounds: &Rounds, bounds: [f64; 4]) -> impl Iterator<Item = Bar> {
    FLOOD.into_iter().zip(bounds).map(|(level, bound)| {
        let figure = rounds.goodput(Contender::Adaptive, level);
        let name = format!("goodput / capacity at {}", name(rounds, level));
        at_least(name, figure, bound)
    })
}

fn p99(rounds: &Rounds, bounds: [f64; 4]) -> impl Iterator<Item = Bar> {
    FLOOD.into_iter().zip(bounds).map(|(level, bound)| {
        let figure = rounds.median(Contender::Adaptive, level, |_, seen| seen.success_p99);
        let name = format!("p99 at {}, ms", name(rounds, level));
        at_most(name, figure, bound)
    })
}

fn no_loss(rounds: &Rounds) -> Bar {
    let lost = rounds.median(Contender::Adaptive, COLD, |_, seen| Some(seen.lost));
    let name = format!("lost at {} from a cold start", name(rounds, COLD));
    at_most(name, lost, 0.0)
}

fn critical(rounds: &Rounds) -> Vec<Bar> {
    let [_, twice, floods @ ..] = FLOOD;
    let served = rounds.median(Contender::Adaptive, twice, |_, seen| {
        Some(seen.critical_served)
    });
    let at_twice = format!("critical served at {}", name(rounds, twice));
    let mut bars = vec![at_least(at_twice, served, 0.98)];
    for level in floods {
        let figure = rounds.median(Contender::Adaptive, level, |round, seen| {
            Some(of_possible(round.capacity, seen))
        });
        let name = format!("critical served / possible at {}", name(rounds, level));
        bars.push(at_least(name, figure, 0.97));
    }
    bars
}

fn name(rounds: &Rounds, level: usize) -> String {
    rounds.workload.levels()[level].name()
}
