//! For programs.

use serde_json::{Value, json as object};

use crate::bar::Verdict;
use crate::case::Role;
use crate::machine::Machine;
use crate::measure::{Report, Row};
use crate::spread::Spread;

pub(crate) fn json(machine: &Machine, reports: &[Report]) -> Value {
    let cases: Vec<_> = reports.iter().map(case).collect();
    object!({
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

fn case(report: &Report) -> Value {
    let rows: Vec<_> = report
        .rows
        .iter()
        .map(|row| contender(report, row))
        .collect();
    object!({
        "name": report.name,
        "reference": report.reference,
        "unit": report.unit,
        "axis": report.axis,
        "rounds": report.rounds,
        "contenders": rows,
    })
}

fn contender(report: &Report, row: &Row) -> Value {
    let bars: Vec<_> = row.verdicts.iter().map(bar).collect();
    let mut told = object!({
        "name": row.name,
        "role": role(row.role),
        "ratio": spread(row.ratio),
        "allocations": row.allocations,
        "bars": bars,
        "faster_peers": row.faster_peers,
    });
    told[report.unit] = spread(row.figure);
    if let Some(x) = row.x {
        told["x"] = x.into();
    }
    told
}

fn role(role: Role) -> &'static str {
    match role {
        Role::Ours => "floodwall",
        Role::Peer => "peer",
        Role::Bare => "bare",
    }
}

fn bar(verdict: &Verdict) -> Value {
    object!({
        "bar": verdict.to_string(),
        "figure": verdict.figure,
        "holds": verdict.holds(),
    })
}

fn spread(Spread { median, p10, p90 }: Spread) -> Value {
    object!({ "median": median, "p10": p10, "p90": p90 })
}

#[cfg(test)]
mod tests {
    use super::super::example;
    use super::*;

    #[test]
    fn the_object_has_the_figures_of_the_table() {
        let mut machine = example::machine();
        let object = json(&machine, &[example::report(), example::line()]);
        assert_eq!(object["machine"]["cores"], 2);
        assert_eq!(object["machine"]["busy"], false);
        let contender = &object["cases"][0]["contenders"][1];
        assert_eq!(contender["name"], "floodwall");
        assert_eq!(contender["ns"]["median"], 12.0);
        assert_eq!(contender["ratio"]["p90"], 1.25);
        assert_eq!(contender["allocations"], 1.5);
        assert_eq!(contender["bars"][0]["holds"], true);
        assert_eq!(object["cases"][1]["contenders"][1]["x"], 100.0);
        machine.load = Some(1.5);
        assert_eq!(json(&machine, &[])["machine"]["busy"], true);
    }
}
