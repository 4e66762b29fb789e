//! For people who look at a terminal.

use std::fmt::Write;

use super::{allocations, cell, place};
use crate::machine::Machine;
use crate::measure::Report;

pub(crate) fn table(machine: &Machine, reports: &[Report]) -> String {
    let mut text = String::new();
    for report in reports {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{}: {}", report.name, report.about);
        let ratio = format!("ratio to {}", report.reference);
        let (unit, empty) = (report.unit, "");
        let _ = writeln!(
            text,
            "  {empty:40} {unit:>30} {ratio:>30} {:>12}",
            "allocations"
        );
        for row in &report.rows {
            let _ = writeln!(
                text,
                "  {:40} {:>30} {:>30} {:>12}",
                row.name,
                cell(row.figure, 1),
                cell(row.ratio, 2),
                allocations(row)
            );
            for verdict in &row.verdicts {
                let _ = writeln!(text, "      {verdict}");
            }
            for peer in &row.faster_peers {
                let _ = writeln!(text, "      {peer} is faster");
            }
        }
        let rounds = report.rounds;
        let _ = writeln!(
            text,
            "  median (p10 to p90) of {rounds} interleaved rounds\n"
        );
    }
    let _ = writeln!(text, "{}", place(machine));
    if machine.is_busy() {
        let _ = writeln!(
            text,
            "the machine was busy with other work: do not quote these"
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::super::example;
    use super::*;

    #[test]
    fn the_table_names_ratio_spread_allocations_bars_and_machine() {
        let table = table(&example::machine(), &[example::report()]);
        for part in [
            "ratio to peer",
            "12.0 (11.5 to 12.5)",
            "0.75 (0.25 to 1.25)",
            " 1.5\n",
            "at most 0.8 of peer: 0.750 holds",
            "other peer is faster",
            "on Fast CPU, 2 cores, linux, load 0.25",
        ] {
            assert!(table.contains(part), "no {part:?} in:\n{table}");
        }
        assert!(!table.contains("busy"), "{table}");
    }

    #[test]
    fn figures_from_a_busy_machine_say_so() {
        let mut machine = example::machine();
        machine.load = Some(1.5);
        assert!(table(&machine, &[example::report()]).contains("busy"));
    }
}
