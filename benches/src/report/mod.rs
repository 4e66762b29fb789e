//! The same figures for people, for programs, and for the page.

mod json;
mod page;
mod picture;
mod table;

use std::path::{Path, PathBuf};

pub(crate) use json::json;
pub(crate) use table::table;

use crate::machine::Machine;
use crate::measure::{Report, Row};
use crate::spread::Spread;

/// Writes the page and its picture into the workspace's documents.
pub(crate) fn save(machine: &Machine, reports: &[Report]) -> Result<PathBuf, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let steps = read(&root.join("steps.md"))?;
    let docs = root.join("../docs");
    let page = docs.join("performance.md");
    write(&page, &page::page(machine, reports, &steps))?;
    write(
        &docs.join("performance/scale.svg"),
        &picture::picture(reports),
    )?;
    Ok(page)
}

fn read(path: &Path) -> Result<String, String> {
    std::fs::read_to_string(path)
        .map_err(|error| format!("cannot read {}: {error}", path.display()))
}

fn write(path: &Path, text: &str) -> Result<(), String> {
    let folder = path.parent().unwrap_or(path);
    std::fs::create_dir_all(folder)
        .and_then(|()| std::fs::write(path, text))
        .map_err(|error| format!("cannot write {}: {error}", path.display()))
}

fn cell(Spread { median, p10, p90 }: Spread, digits: usize) -> String {
    if median.is_nan() {
        return "-".to_owned();
    }
    format!("{median:.digits$} ({p10:.digits$} to {p90:.digits$})")
}

fn allocations(row: &Row) -> String {
    let whole = |count: f64| (count * 1_000.0).round() / 1_000.0;
    row.allocations
        .map_or_else(|| "-".to_owned(), |count| whole(count).to_string())
}

/// Where it was measured, in a line.
fn place(machine: &Machine) -> String {
    let Machine {
        cpu,
        cores,
        system,
        load,
    } = machine;
    let load = load.map_or(String::new(), |load| format!(", load {load:.2}"));
    format!("on {cpu}, {cores} cores, {system}{load}")
}

#[cfg(test)]
mod example {
    use super::*;
    use crate::bar::{Bar, Verdict};
    use crate::case::Role;

    pub(super) fn machine() -> Machine {
        Machine {
            cpu: "Fast CPU".to_owned(),
            cores: 2,
            system: "linux",
            load: Some(0.25),
        }
    }

    fn spread(median: f64) -> Spread {
        Spread {
            median,
            p10: median - 0.5,
            p90: median + 0.5,
        }
    }

    fn row(name: &str, role: Role, nanos: f64) -> Row {
        Row {
            name: name.to_owned(),
            role,
            x: None,
            figure: spread(nanos),
            ratio: spread(nanos / 16.0),
            allocations: None,
            verdicts: Vec::new(),
            faster_peers: Vec::new(),
        }
    }

    /// One with a bar that holds and a peer that is faster.
    pub(super) fn report() -> Report {
        let verdict = Verdict {
            bar: Bar::Share(0.8, "peer".to_owned()),
            unit: "ns",
            figure: Some(0.75),
        };
        Report {
            name: "admit",
            about: "a request",
            reference: "peer",
            unit: "ns",
            axis: None,
            rounds: 3,
            rows: vec![
                row("peer", Role::Peer, 16.0),
                Row {
                    allocations: Some(1.5),
                    verdicts: vec![verdict],
                    faster_peers: vec!["other peer".to_owned()],
                    ..row("floodwall", Role::Ours, 12.0)
                },
            ],
        }
    }

    /// A line of three points.
    pub(super) fn line() -> Report {
        let point = |x: f64| Row {
            x: Some(x),
            ..row(&x.to_string(), Role::Ours, 20.0 + x.log10())
        };
        Report {
            name: "scale",
            about: "a decision",
            axis: Some("keys"),
            rows: [1.0, 100.0, 10_000.0].map(point).into(),
            ..report()
        }
    }
}
