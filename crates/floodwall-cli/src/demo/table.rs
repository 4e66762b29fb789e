//! The figures, in 80 columns.

use std::fmt::{self, Write};

use crate::paint::{Ink, Paint};

use super::{
    report::{PhaseReport, PriorityReport, Report, RunReport},
    schedule::PhaseName,
};

const HEADS: [&str; 2] = [
    "               offered goodput   of its  p50  p99 refused timed    % succeeded,",
    "                 per s   per s capacity   ms   ms   in ms   out    by priority",
];

/// Writes the figures and, when both floods ran, what they come to.
pub(crate) fn render(report: &Report, paint: Paint) -> Result<String, fmt::Error> {
    let mut out = String::new();
    writeln!(
        out,
        "The service: {} workers, {} ms each. Measured capacity: {} requests per second.\n\
         Callers do not wait for one another and hang up after {:.0} ms.\n",
        report.workers,
        report.service_ms,
        paint.with(Ink::Strong, &format!("{:.0}", report.capacity_rps)),
        report.deadline_ms,
    )?;
    for head in HEADS {
        writeln!(out, "{}", paint.with(Ink::Faint, head))?;
    }
    for run in &report.runs {
        write_run(&mut out, run, report.capacity_rps, paint)?;
    }
    if let Some(verdict) = verdict(report) {
        write!(out, "\n{verdict}")?;
    }
    Ok(out)
}

fn write_run(out: &mut String, run: &RunReport, capacity_rps: f64, paint: Paint) -> fmt::Result {
    writeln!(out, "{}", paint.with(Ink::Strong, run.name))?;
    for phase in &run.phases {
        let label = format!("{} {}x", phase.name, phase.factor);
        let success: String = phase
            .priorities
            .iter()
            .map(|priority| {
                format!(
                    "{:>5}",
                    whole(priority.success().map(|share| share * 100.0))
                )
            })
            .collect();
        writeln!(
            out,
            "  {label:<13}{:>7.0} {} {:>6.0} %{:>5}{:>5}{:>8}{:>6}{success}",
            phase.offered_rps,
            paint.with(Ink::Good, &format!("{:>7.0}", phase.goodput_rps)),
            100.0 * phase.goodput_rps / capacity_rps,
            whole(phase.p50_ms),
            whole(phase.p99_ms),
            fine(phase.refusal_p50_ms),
            phase.timeouts,
        )?;
        if phase.errors > 0 {
            writeln!(out, "{:>16}{} connections failed", "", phase.errors)?;
        }
    }
    Ok(())
}

/// The flood in words; nothing if one of the two was not reached.
fn verdict(report: &Report) -> Option<String> {
    let bare = report.run("bare")?.phase(PhaseName::Flood)?;
    let wall = report.run("floodwall")?.phase(PhaseName::Flood)?;
    let share = |phase: &PhaseReport| 100.0 * phase.goodput_rps / report.capacity_rps;
    let mut text = format!(
        "In the flood, the bare service did {:.0} % of what it can; behind floodwall {:.0} %",
        share(bare),
        share(wall),
    );
    if let Some(success) = wall.priorities.first().and_then(PriorityReport::success) {
        let _ = write!(
            text,
            ",\nand {:.1} % of the most urgent requests succeeded",
            100.0 * success
        );
    }
    if let Some(refusal) = wall.refusal_p50_ms {
        let _ = write!(
            text,
            ".\nRefused callers knew within {refusal:.2} ms (median)"
        );
    }
    text.push_str(".\n");
    Some(text)
}

fn whole(value: Option<f64>) -> String {
    value.map_or_else(|| "-".to_owned(), |value| format!("{value:.0}"))
}

fn fine(value: Option<f64>) -> String {
    value.map_or_else(|| "-".to_owned(), |value| format!("{value:.2}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::sample;

    #[test]
    fn a_line_for_each_phase_of_each_run() {
        let table = render(&sample::report(), Paint::Plain).unwrap();
        assert_eq!(
            table.lines().filter(|line| line.contains(" 0.5x")).count(),
            4
        );
        let flood = table
            .lines()
            .filter(|line| line.contains("flood 5x"))
            .nth(1)
            .unwrap();
        let words: Vec<_> = flood.split_whitespace().collect();
        assert_eq!(
            words,
            [
                "flood", "5x", "3500", "700", "100", "%", "12", "31", "0.20", "0", "100", "33",
                "0",
            ],
        );
    }

    #[test]
    fn the_verdict_compares_the_floods() {
        let table = render(&sample::report(), Paint::Plain).unwrap();
        assert!(table.contains("bare service did 20 %"), "{table}");
        assert!(table.contains("floodwall 100 %"), "{table}");
    }

    #[test]
    fn half_a_demo_has_no_verdict() {
        let mut report = sample::report();
        report.runs.pop();
        let table = render(&report, Paint::Plain).unwrap();
        assert!(!table.contains("In the flood"), "{table}");
    }

    #[test]
    fn it_fits_into_80_columns() {
        let table = render(&sample::report(), Paint::Plain).unwrap();
        assert!(
            table.lines().all(|line| line.chars().count() <= 80),
            "{table}"
        );
    }
}
