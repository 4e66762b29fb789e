use std::fmt::Write as _;

use super::{PhaseReport, Report};
use crate::Measure;

/// No line is longer.
const WIDTH: usize = 100;
const NAME: usize = 15;
const CLASS: usize = 12;

/// Writes the figures of runs as text, one after the other, in at most 100 columns.
///
/// `of possible` is the goodput as a share of what could be: the lesser of the capacity and what was
/// asked for. A figure that nobody knows is `-`.
///
/// ```
/// use floodwall_sim::{Report, table};
///
/// let mut report = Report::default();
/// report.scenario = "flood".to_owned();
/// report.stack = "floodwall".to_owned();
/// assert!(table(&[report]).starts_with("floodwall in \"flood\", seed 0"));
/// ```
#[must_use]
pub fn table(reports: &[Report]) -> String {
    let mut text = String::new();
    for (at, report) in reports.iter().enumerate() {
        if at > 0 {
            text.push('\n');
        }
        one(&mut text, report);
    }
    text
}

fn one(text: &mut String, report: &Report) {
    let title = format!(
        "{} in {:?}, seed {}",
        report.stack, report.scenario, report.seed
    );
    line(text, &cut(&title, WIDTH));
    for head in [
        [
            "",
            "offered",
            "goodput",
            "of",
            "",
            "",
            "refused",
            "refusal",
            "late, left",
            "retries",
        ],
        [
            "phase", "per s", "per s", "possible", "p50", "p99", "for good", "p50", "failed",
            "per req.",
        ],
    ] {
        row(text, head.map(str::to_owned));
    }
    let total = (report.phases.len() != 1).then_some(&report.total);
    for phase in report.phases.iter().chain(total) {
        row(text, figures(phase));
    }
    classes(text, report);
}

fn figures(phase: &PhaseReport) -> [String; 10] {
    let all = &phase.all;
    [
        name(phase),
        rate(phase.offered_rate),
        rate(phase.goodput_rate),
        show(Measure::Possible, phase.possible),
        show(Measure::P50, all.latency.p50),
        show(Measure::P99, all.latency.p99),
        show(Measure::Refused, all.share(all.refused)),
        show(Measure::RefusalP50, all.refusal.p50),
        show(
            Measure::Late,
            all.share(
                all.late
                    .saturating_add(all.abandoned)
                    .saturating_add(all.failed),
            ),
        ),
        all.amplification().map_or_else(unknown, |attempts| {
            format!("{:.2}", (attempts - 1.0).max(0.0))
        }),
    ]
}

/// One more line for each phase: which share of each class succeeded, or of each client where several
/// have the same class; as many as have room.
fn classes(text: &mut String, report: &Report) {
    let mut names: Vec<&str> = Vec::new();
    for class in report.phases.iter().flat_map(told_apart) {
        if !names.contains(&class.name.as_str()) {
            names.push(&class.name);
        }
    }
    if names.is_empty() {
        return;
    }
    names.truncate((WIDTH - NAME) / CLASS);
    let mut head = format!("{:<NAME$}", "success of");
    for name in &names {
        let _ = write!(head, "{:>CLASS$}", cut(name, CLASS - 1));
    }
    line(text, &head);
    for phase in &report.phases {
        let mut row = format!("{:<NAME$}", name(phase));
        for name in &names {
            let class = told_apart(phase).iter().find(|class| class.name == *name);
            let success = class.and_then(super::Group::success);
            let _ = write!(row, "{:>CLASS$}", show(Measure::Success, success));
        }
        line(text, &row);
    }
}

fn told_apart(phase: &PhaseReport) -> &[super::Group] {
    if phase.clients.len() > phase.classes.len() {
        &phase.clients
    } else {
        &phase.classes
    }
}

fn row(text: &mut String, cells: [String; 10]) {
    let [name, cells @ ..] = cells;
    let widths = [9, 9, 9, 10, 10, 9, 10, 9, 9];
    let mut row = format!("{name:<NAME$}");
    for (cell, width) in cells.iter().zip(widths) {
        let _ = write!(row, "{:>width$}", cut(cell, width - 1));
    }
    line(text, &row);
}

fn line(text: &mut String, line: &str) {
    text.push_str(line.trim_end());
    text.push('\n');
}

/// The whole run has no name of its own.
pub(super) fn name(phase: &PhaseReport) -> String {
    let name = if phase.name.is_empty() {
        "whole run"
    } else {
        &phase.name
    };
    cut(name, NAME - 2)
}

pub(super) fn show(measure: Measure, value: Option<f64>) -> String {
    match value {
        Some(value) if value.is_finite() => measure.show(value),
        _ => unknown(),
    }
}

/// Requests per second, in at most eight columns.
pub(super) fn rate(value: f64) -> String {
    if !value.is_finite() {
        unknown()
    } else if value.abs() < 99_999.95 {
        format!("{:.1}", value.max(0.0))
    } else if value < 1e8 {
        format!("{value:.0}")
    } else {
        format!("{value:.1e}")
    }
}

fn unknown() -> String {
    "-".to_owned()
}

/// In at most that many letters, and on one line.
pub(super) fn cut(words: &str, most: usize) -> String {
    let clean = || {
        words
            .chars()
            .map(|letter| if letter.is_control() { ' ' } else { letter })
    };
    if clean().count() <= most {
        return clean().collect();
    }
    clean().take(most.saturating_sub(1)).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{Group, expected, sample};

    #[test]
    fn the_figures_of_a_flood() {
        let text = table(&[sample::bare(), sample::floodwall()]);
        expected::check("table", &text, include_str!("table.expected.txt"));
    }

    #[test]
    fn no_line_is_longer_than_a_hundred_columns_whatever_the_figures() {
        let mut report = sample::floodwall();
        report.stack = "a stack with a name that does not end\n".repeat(9);
        let classes = (0..40).map(|at| Group {
            name: format!("the class with the number {at}"),
            offered: 1,
            ..Group::default()
        });
        report.phases[0].classes = classes.collect();
        report.phases[0].name = "a phase with a name that does not end".repeat(9);
        report.phases[1].offered_rate = 1e300;
        report.phases[1].goodput_rate = f64::NAN;
        report.phases[1].possible = Some(f64::INFINITY);
        report.phases[2].offered_rate = 12_345_678.0;
        report.phases[2].all.latency.p99 = Some(86_400.0);
        let text = table(&[report, Report::default()]);
        for line in text.lines() {
            assert!(line.chars().count() <= WIDTH, "{line}");
        }
    }

    #[test]
    fn a_report_of_nothing_has_a_table_of_nothing() {
        assert_eq!(table(&[]), "");
        assert!(table(&[Report::default()]).contains("whole run"));
    }
}
