//! `docs/performance.md`.

use std::fmt::Write;

use super::{allocations, cell, place};
use crate::machine::Machine;
use crate::measure::{Report, Row};

const BEGIN: &str = "\
# What it costs

Written by `cargo xtask bench --save`, from the same figures that `cargo xtask bench` prints; do not
edit it. What is under *Steps* comes from `benches/steps.md`.

Every case measures its contenders in turns of some 5 ms, and compares only within a turn: what disturbs
the machine disturbs all of them. Cells are the median of all rounds, with the tenth and the ninetieth
percentile. Nanoseconds belong to this machine; the ratios carry over. A bar is what was asked for before
it was built, and a row where a peer is faster says so. Allocations are counted in a process of their
own, for doing the work once; `-` is what was not counted.

";

pub(super) fn page(machine: &Machine, reports: &[Report], steps: &str) -> String {
    let mut page = BEGIN.to_owned();
    // Writing to a string cannot fail.
    let _ = writeln!(page, "Measured {}.", place(machine));
    if machine.is_busy() {
        page += "\n**The machine was busy with other work: nanoseconds, and all figures with two threads, are worth little here.**\n";
    }
    page += &summary(reports);
    for report in reports {
        page += &section(report);
    }
    if reports.iter().any(|report| report.axis.is_some()) {
        page += "\n## How it grows\n\n![Cost over keys, waiting requests and tenants, each on a line](performance/scale.svg)\n";
    }
    let _ = write!(page, "\n## Steps\n\n{}\n", steps.trim());
    page
}

/// What was missed, and where peers are faster, before all tables.
fn summary(reports: &[Report]) -> String {
    let rows = || {
        reports
            .iter()
            .flat_map(|report| report.rows.iter().map(move |row| (report, row)))
    };
    let verdicts = || rows().flat_map(|(_, row)| &row.verdicts);
    let held = verdicts().filter(|verdict| verdict.holds() == Some(true));
    let mut text = format!(
        "\nOf {} bars {} hold.\n\n",
        verdicts().count(),
        held.count()
    );
    for (report, row) in rows() {
        let mut said: Vec<_> = row
            .verdicts
            .iter()
            .filter(|verdict| verdict.holds() != Some(true))
            .map(ToString::to_string)
            .collect();
        if !row.faster_peers.is_empty() {
            said.push(faster(row));
        }
        if !said.is_empty() {
            let (case, said) = (report.name, said.join("; "));
            let _ = writeln!(text, "- `{case}`, {}: {said}", row.name);
        }
    }
    text
}

fn section(report: &Report) -> String {
    let (name, about, unit) = (report.name, report.about, report.unit);
    let (reference, rounds) = (report.reference, report.rounds);
    let mut text = format!(
        "\n## {name}\n\n{}; {rounds} rounds.\n\n| | {unit} | ratio to {reference} | allocations | |\n|---|---|---|---|---|\n",
        capital(about)
    );
    for row in &report.rows {
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {} |",
            row.name,
            cell(row.figure, 1),
            cell(row.ratio, 2),
            allocations(row),
            remarks(row)
        );
    }
    text
}

fn remarks(row: &Row) -> String {
    let mut said: Vec<_> = row.verdicts.iter().map(ToString::to_string).collect();
    if !row.faster_peers.is_empty() {
        said.push(faster(row));
    }
    said.join("; ")
}

fn faster(row: &Row) -> String {
    let verb = if row.faster_peers.len() == 1 {
        "is"
    } else {
        "are"
    };
    format!("{} {verb} faster", row.faster_peers.join(" and "))
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::super::example;
    use super::*;

    fn example_page() -> String {
        let reports = [example::report(), example::line()];
        page(&example::machine(), &reports, "\nWe took a step.\n\n")
    }

    #[test]
    fn the_page_has_every_figure_with_spread_bar_and_machine() {
        let page = example_page();
        for part in [
            "| floodwall | 12.0 (11.5 to 12.5) | 0.75 (0.25 to 1.25) | 1.5 | at most 0.8 of peer: 0.750 holds; other peer is faster |",
            "| | ns | ratio to peer | allocations | |",
            "A request; 3 rounds.",
            "Measured on Fast CPU, 2 cores, linux, load 0.25.",
            "Of 1 bars 1 hold.",
            "![Cost over",
            "## Steps\n\nWe took a step.\n",
        ] {
            assert!(page.contains(part), "no {part:?} in:\n{page}");
        }
    }

    #[test]
    fn what_was_missed_and_where_a_peer_is_faster_is_said_first() {
        let mut report = example::report();
        report.rows[1].verdicts[0].figure = Some(0.9);
        let page = page(&example::machine(), &[report], "");
        let said =
            "- `admit`, floodwall: at most 0.8 of peer: 0.900 MISSED; other peer is faster\n";
        let tables = page.find("## admit").unwrap();
        assert!(page.find(said).unwrap() < tables, "{page}");
        assert!(page.contains("Of 1 bars 0 hold."), "{page}");
        assert!(!page.contains("scale.svg"), "{page}");
    }

    #[test]
    fn a_busy_machine_is_confessed() {
        let mut machine = example::machine();
        assert!(!page(&machine, &[], "").contains("busy"));
        machine.load = Some(2.0);
        assert!(page(&machine, &[], "").contains("busy"));
    }
}
