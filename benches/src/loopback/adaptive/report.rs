//! The same figures for people and for programs.

use std::fmt::Write;

use serde_json::{Value, json};

use super::bars::{bars, of_possible};
use super::course::LevelCourse;
use super::round::{Contender, Plan, Round, Rounds, ran};
use crate::footer;
use crate::load::LevelSeen;
use crate::machine::Machine;
use crate::median::{cell, median};
use crate::process::Pin;

type Figure = (&'static str, fn(&Round, &LevelSeen) -> Option<f64>, usize);

/// Of each limit.
const BOTH: [Figure; 3] = [
    ("goodput", |round, l| Some(l.goodput / round.capacity), 3),
    ("p99, ms", |_, l| l.success_p99, 1),
    (
        "critical",
        |round, l| Some(of_possible(round.capacity, l)),
        3,
    ),
];

/// Of the adaptive one only.
const ADAPTIVE: [Figure; 9] = [
    (
        "offered / capacity",
        |round, l| Some(l.offered / round.capacity),
        2,
    ),
    ("lost, from its start", |_, l| Some(l.lost), 4),
    ("refused", |_, l| Some(l.refused), 3),
    ("late", |_, l| Some(l.late), 3),
    (
        "timed out or failed",
        |_, l| Some(l.timed_out + l.failed),
        3,
    ),
    ("critical served", |_, l| Some(l.critical_served), 3),
    (
        "  of what was possible",
        |round, l| Some(of_possible(round.capacity, l)),
        3,
    ),
    ("success p50, ms", |_, l| l.success_p50, 1),
    ("refusal p50, ms", |_, l| l.refusal_p50, 2),
];

type Place = (&'static str, fn(&LevelCourse) -> f64, usize);

/// Where the adaptive limit was.
const COURSE: [Place; 6] = [
    ("limit, lowest", |course| f64::from(course.min), 0),
    ("limit, median", |course| course.median, 0),
    ("limit, highest", |course| f64::from(course.max), 0),
    ("limit, changes", |course| course.changes as f64, 0),
    ("inside", |course| course.in_flight, 0),
    ("waiting", |course| course.waiting, 0),
];

const NAME: usize = 26;
const COLUMN: usize = 12;

pub(super) fn text(
    machine: &Machine,
    pin: Pin,
    plan: &Plan,
    changes: bool,
    all: &[Rounds],
) -> String {
    let mut text = String::new();
    for rounds in all {
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "{}: {}, capacity {:.0}/s (closed loop, no limit)",
            rounds.workload.name(),
            rounds.workload.about(),
            rounds.capacity(),
        );
        let levels = rounds.workload.levels();
        row(&mut text, "", levels.iter().map(|level| level.name()));
        for (what, of, digits) in BOTH {
            for contender in rounds.contenders() {
                let name = format!("{what}: {}", rounds.name(contender));
                let figures = figures(rounds, contender, of);
                row(&mut text, &name, figures.map(|it| cell(it, digits)));
            }
        }
        for (name, of, digits) in ADAPTIVE {
            let figures = figures(rounds, Contender::Adaptive, of);
            row(&mut text, name, figures.map(|it| cell(it, digits)));
        }
        for (name, of, digits) in COURSE {
            let figures = courses(rounds, of);
            row(&mut text, name, figures.map(|it| cell(it, digits)));
        }
        reasons(&mut text, rounds);
        if changes {
            every_change(&mut text, rounds);
        }
        let lag = rounds
            .rounds
            .iter()
            .map(|round| round.adaptive.seen.lag_p99);
        let recovery = rounds
            .rounds
            .iter()
            .map(|round| round.adaptive.seen.recovery_s);
        let _ = writeln!(
            text,
            "  adaptive: last one not admitted {:.3} s after the flood, generator late by {:.2} ms (p99)",
            median(recovery),
            median(lag),
        );
        for bar in bars(rounds) {
            let _ = writeln!(text, "  {bar}");
        }
        text.push('\n');
    }
    let _ = writeln!(
        text,
        "medians of {} interleaved runs, {} s a level, the first second of each not counted (half of a shorter one); \
         goodput is answers within 100 ms to the capacity",
        plan.runs, plan.level_seconds
    );
    text + &footer::text(machine, pin)
}

fn row(text: &mut String, name: &str, cells: impl Iterator<Item = String>) {
    let _ = write!(text, "  {name:NAME$}");
    for cell in cells {
        let _ = write!(text, "{cell:>COLUMN$}");
    }
    text.push('\n');
}

fn figures(
    rounds: &Rounds,
    contender: Contender,
    of: fn(&Round, &LevelSeen) -> Option<f64>,
) -> impl Iterator<Item = f64> {
    let levels = 0..rounds.workload.levels().len();
    levels.map(move |level| rounds.median(contender, level, of))
}

fn courses(rounds: &Rounds, of: fn(&LevelCourse) -> f64) -> impl Iterator<Item = f64> {
    let levels = 0..rounds.workload.levels().len();
    levels.map(move |level| {
        let courses = rounds.rounds.iter().map(|round| &round.adaptive.course);
        median(
            courses
                .filter_map(|course| course.levels.get(level))
                .map(of),
        )
    })
}

/// Why the limit was changed last at each level of the last run.
fn reasons(text: &mut String, rounds: &Rounds) {
    let Some(round) = rounds.rounds.last() else {
        return;
    };
    let course = &ran(round, Contender::Adaptive).course;
    for (level, course) in rounds.workload.levels().iter().zip(&course.levels) {
        let last = course.last.as_deref().unwrap_or("no change");
        let _ = writeln!(text, "  last at {:12} {last}", level.name());
    }
}

fn every_change(text: &mut String, rounds: &Rounds) {
    let Some(round) = rounds.rounds.first() else {
        return;
    };
    for (at, change) in &round.adaptive.course.changes {
        let _ = writeln!(text, "  {at:8.3} s {change}");
    }
}

pub(super) fn json(machine: &Machine, pin: Pin, plan: &Plan, all: &[Rounds]) -> Value {
    let works: Vec<_> = all
        .iter()
        .map(|rounds| {
            json!({
                "work": rounds.workload,
                "levels": rounds.workload.levels(),
                "fixed": rounds.ladder,
                "runs": rounds.rounds,
                "bars": bars(rounds),
            })
        })
        .collect();
    json!({
        "machine": footer::json(machine, pin),
        "seconds_a_level": plan.level_seconds,
        "works": works,
    })
}
