//! The figures of one scenario: a line for each phase behind each stack, or for each load of a sweep.

use super::{
    figures::Figures,
    outcome::{Group, Outcome},
    plan::Subject,
};
use crate::{
    paint::{Ink, Paint},
    text::many,
};

const HEADS: [([&str; 6], &str); 2] = [
    (["offered", "goodput", "of", "", "", "refusal"], ""),
    (
        ["per s", "per s", "possible", "p50", "p99", "p50"],
        "success",
    ),
];
const WIDTH: usize = 9;

pub(crate) fn render(outcome: &Outcome<'_>, subject: &Subject, paint: Paint) -> String {
    let of_stack = |&contender| {
        let groups = outcome.groups_of(subject);
        let groups: Vec<_> = groups
            .filter(|group| group.contender == contender)
            .collect();
        match groups.as_slice() {
            // One run: the library tells more of it than means would.
            [group] if group.reports.len() == 1 && !subject.is_swept() => {
                strong_head(&floodwall_sim::table(group.reports), paint)
            }
            groups => strong_head(&means(subject, groups, paint), paint),
        }
    };
    let tables: Vec<_> = subject.contenders.iter().map(of_stack).collect();
    tables.join("\n")
}

fn strong_head(table: &str, paint: Paint) -> String {
    match table.split_once('\n') {
        Some((head, rest)) => format!("{}\n{rest}", paint.with(Ink::Strong, head)),
        None => table.to_owned(),
    }
}

fn means(subject: &Subject, groups: &[&Group<'_>], paint: Paint) -> String {
    let Some(first) = groups.first() else {
        return String::new();
    };
    let mean = match first.reports {
        [only] => format!("seed {}", only.seed),
        reports => format!("the mean of {}", many(reports.len(), "seed")),
    };
    let name = &subject.scenario().name;
    let mut text = format!("{} in {name:?}, {mean}\n", first.contender);
    let rows = rows(subject, groups);
    let widest = rows.iter().map(|(name, _)| name.chars().count()).max();
    let width = widest.unwrap_or(0).max(9) + 2;
    for (cells, rest) in HEADS {
        let cells = cells.map(str::to_owned);
        text += &paint.with(Ink::Faint, &line("", width, &cells, rest));
        text.push('\n');
    }
    for (name, figures) in &rows {
        text += &line(name, width, &cells(figures), &successes(figures));
        text.push('\n');
    }
    text
}

fn rows(subject: &Subject, groups: &[&Group<'_>]) -> Vec<(String, Figures)> {
    if subject.is_swept() {
        let of = |group: &&Group<'_>| {
            let load = group.load().unwrap_or_default();
            (format!("load {load}"), Figures::mean(&group.wholes()))
        };
        return groups.iter().map(of).collect();
    }
    let reports = groups.iter().flat_map(|group| group.reports);
    let reports: Vec<_> = reports.collect();
    let phases = reports.first().map_or(&[][..], |report| &report.phases);
    let of = |(n, name): (usize, &str)| {
        let same: Vec<_> = reports
            .iter()
            .filter_map(|report| report.phases.get(n))
            .collect();
        (name.to_owned(), Figures::mean(&same))
    };
    let names = phases.iter().map(|phase| phase.name.as_str());
    names.enumerate().map(of).collect()
}

fn line(name: &str, width: usize, cells: &[String; 6], rest: &str) -> String {
    let mut line = format!("{name:<width$}");
    for cell in cells {
        line += &format!("{cell:>WIDTH$}");
    }
    format!("{line}  {rest}").trim_end().to_owned()
}

fn cells(figures: &Figures) -> [String; 6] {
    [
        rate(figures.offered),
        rate(figures.goodput),
        percent(figures.of_possible),
        time(figures.p50),
        time(figures.p99),
        time(figures.refusal_p50),
    ]
}

/// Of one class its share; of several each with its name.
fn successes(figures: &Figures) -> String {
    match figures.classes.as_slice() {
        [(_, success)] => percent(*success),
        classes => classes
            .iter()
            .map(|(name, success)| format!("{name}: {}", percent(*success)))
            .collect::<Vec<_>>()
            .join("  "),
    }
}

fn rate(value: Option<f64>) -> String {
    value.map_or_else(unknown, |value| format!("{value:.0}"))
}

fn percent(value: Option<f64>) -> String {
    value.map_or_else(unknown, |value| format!("{:.1} %", value * 100.0))
}

fn time(value: Option<f64>) -> String {
    value.map_or_else(unknown, |value| floodwall_sim::Measure::P50.show(value))
}

fn unknown() -> String {
    "-".to_owned()
}
