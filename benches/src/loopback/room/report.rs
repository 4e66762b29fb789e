//! The same figures for people and for programs.

use std::fmt::Write;

use serde_json::{Value, json};

use super::bars::{bars, contenders, critical};
use super::round::{LEVELS, Plan, Round, Rounds};
use crate::footer;
use crate::load::{LevelSeen, Seen};
use crate::machine::Machine;
use crate::median::cell;
use crate::process::Pin;

type Figure = (&'static str, fn(&Round, &LevelSeen) -> Option<f64>, usize);

const FIGURES: [Figure; 9] = [
    (
        "goodput / capacity",
        |round, l| Some(l.goodput / round.capacity),
        2,
    ),
    ("timed out", |_, l| Some(l.timed_out), 3),
    ("refused", |_, l| Some(l.refused), 2),
    ("failed", |_, l| Some(l.failed), 3),
    ("critical served", |_, l| Some(l.critical_served), 2),
    ("  of what was possible", |_, l| Some(critical(l)), 2),
    ("success p50, ms", |_, l| l.success_p50, 1),
    ("success p99, ms", |_, l| l.success_p99, 1),
    ("refusal p50, ms", |_, l| l.refusal_p50, 2),
];

pub(super) fn text(machine: &Machine, pin: Pin, plan: &Plan, all: &[Rounds]) -> String {
    let mut text = String::new();
    for rounds in all {
        let capacity = rounds.median(|round| Some(round.capacity));
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "work {}: 1 ms, capacity {capacity:.0}/s (closed loop)",
            rounds.place.name()
        );
        let _ = write!(text, "  {:24}", "");
        for (name, _) in contenders() {
            for level in LEVELS {
                let _ = write!(text, "{:>13}", format!("{name} {level}x"));
            }
        }
        text.push('\n');
        for (name, of, digits) in FIGURES {
            let _ = write!(text, "  {name:24}");
            for (_, seen) in contenders() {
                for level in 0..LEVELS.len() {
                    let figure = rounds.median(|round| of(round, &seen(round).levels[level]));
                    let cell = cell(figure, digits);
                    let _ = write!(text, "{cell:>13}");
                }
            }
            text.push('\n');
        }
        for (name, seen) in contenders() {
            let of = |get: fn(&Seen) -> f64| rounds.median(|round| Some(get(seen(round))));
            let _ = writeln!(
                text,
                "  {name}: last one not admitted {:.3} s after the flood, generator late by {:.2} ms (p99), {:.0} connections",
                of(|seen| seen.recovery_s),
                of(|seen| seen.lag_p99),
                of(|seen| f64::from(seen.connections)),
            );
        }
        for bar in bars(rounds) {
            let _ = writeln!(text, "  {bar}");
        }
        text.push('\n');
    }
    let _ = writeln!(
        text,
        "medians of {} interleaved runs, {} s a level, the first second of each not counted (half of a shorter one)",
        plan.runs, plan.level_seconds
    );
    text += &footer::text(machine, pin);
    text
}

pub(super) fn json(machine: &Machine, pin: Pin, plan: &Plan, all: &[Rounds]) -> Value {
    let works: Vec<_> = all
        .iter()
        .map(|rounds| {
            let runs: Vec<_> = rounds
                .rounds
                .iter()
                .map(|round| {
                    json!({ "capacity": round.capacity, "bare": round.bare, "room": round.room })
                })
                .collect();
            json!({ "work": rounds.place, "runs": runs, "bars": bars(rounds) })
        })
        .collect();
    json!({
        "machine": footer::json(machine, pin),
        "levels": LEVELS,
        "seconds_a_level": plan.level_seconds,
        "works": works,
    })
}
