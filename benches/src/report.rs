//! The same figures for people and for programs.

use std::fmt::Write;

use serde_json::{Value, json};

use crate::machine::Machine;
use crate::measure::{Report, Spread};

pub(crate) fn table(machine: &Machine, reports: &[Report]) -> String {
    let mut text = String::new();
    for report in reports {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{}: {}", report.name, report.about);
        let ratio = format!("ratio to {}", report.reference);
        let _ = writeln!(text, "  {:24} {:>26} {ratio:>26}", "", "ns");
        for row in &report.rows {
            let nanos = cell(row.nanos, 1);
            let ratio = cell(row.ratio, 2);
            let _ = writeln!(text, "  {:24} {nanos:>26} {ratio:>26}", row.name);
        }
        let rounds = report.rounds;
        let _ = writeln!(
            text,
            "  median (p10 to p90) of {rounds} interleaved rounds\n"
        );
    }
    let Machine {
        cpu, cores, system, ..
    } = machine;
    let load = machine
        .load
        .map_or(String::new(), |load| format!(", load {load:.2}"));
    let _ = writeln!(text, "on {cpu}, {cores} cores, {system}{load}");
    if machine.is_busy() {
        let _ = writeln!(
            text,
            "the machine was busy with other work: do not quote these"
        );
    }
    text
}

pub(crate) fn json(machine: &Machine, reports: &[Report]) -> Value {
    let cases: Vec<_> = reports
        .iter()
        .map(|report| {
            let rows: Vec<_> = report
                .rows
                .iter()
                .map(|row| {
                    json!({ "name": row.name, "ns": spread(row.nanos), "ratio": spread(row.ratio) })
                })
                .collect();
            json!({
                "name": report.name,
                "reference": report.reference,
                "rounds": report.rounds,
                "contenders": rows,
            })
        })
        .collect();
    json!({
        "machine": {
            "cpu": machine.cpu,
            "cores": machine.cores,
            "system": machine.system,
            "load": machine.load,
            "busy": machine.is_busy(),
        },
        "cases": cases,
    })
}

fn cell(Spread { median, p10, p90 }: Spread, digits: usize) -> String {
    format!("{median:.digits$} ({p10:.digits$} to {p90:.digits$})")
}

fn spread(Spread { median, p10, p90 }: Spread) -> Value {
    json!({ "median": median, "p10": p10, "p90": p90 })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::Row;

    fn example() -> (Machine, Vec<Report>) {
        let spread = |median| Spread {
            median,
            p10: median - 0.5,
            p90: median + 0.5,
        };
        let machine = Machine {
            cpu: "Fast CPU".to_owned(),
            cores: 2,
            system: "linux",
            load: Some(0.25),
        };
        let report = Report {
            name: "admit",
            about: "a request",
            reference: "peer",
            rounds: 3,
            rows: vec![Row {
                name: "floodwall",
                nanos: spread(12.0),
                ratio: spread(0.75),
            }],
        };
        (machine, vec![report])
    }

    #[test]
    fn the_table_names_ratio_spread_and_machine() {
        let (machine, reports) = example();
        let table = table(&machine, &reports);
        for part in [
            "ratio to peer",
            "12.0 (11.5 to 12.5)",
            "0.75 (0.25 to 1.25)",
            "on Fast CPU, 2 cores, linux, load 0.25",
        ] {
            assert!(table.contains(part), "no {part:?} in:\n{table}");
        }
        assert!(!table.contains("busy"), "{table}");
    }

    #[test]
    fn figures_from_a_busy_machine_say_so() {
        let (mut machine, reports) = example();
        machine.load = Some(1.5);
        assert!(table(&machine, &reports).contains("busy"));
        assert_eq!(json(&machine, &reports)["machine"]["busy"], true);
    }

    #[test]
    fn the_object_has_the_figures_of_the_table() {
        let (machine, reports) = example();
        let object = json(&machine, &reports);
        assert_eq!(object["machine"]["cores"], 2);
        let contender = &object["cases"][0]["contenders"][0];
        assert_eq!(contender["name"], "floodwall");
        assert_eq!(contender["ns"]["median"], 12.0);
        assert_eq!(contender["ratio"]["p90"], 1.25);
    }
}
