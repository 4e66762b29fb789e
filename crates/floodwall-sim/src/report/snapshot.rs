use std::fmt::Write as _;

use super::{
    Report,
    table::{cut, rate},
};

/// No more lines than this, heads left out.
const ROWS: usize = 60;
const BAR: usize = 20;
const HEADS: [&str; 9] = [
    "time",
    "offered",
    "goodput",
    "refused",
    "p99 ms",
    "limit",
    "in flight",
    "queue",
    "cut-off",
];

/// Writes the course of a run as text that shows in a diff what changed: at most 60 lines of
/// aligned columns, each with a bar.
///
/// Neighbouring steps are brought together, rates by their mean, latencies by the longest, the rest
/// by the last that is known. In the bar, `#` is the goodput and `.` what else was asked for, up to
/// the capacity; `+` says that more was asked for. The last column names the phase that starts.
///
/// ```
/// use floodwall_sim::{Report, snapshot};
///
/// let mut report = Report::default();
/// report.capacity = Some(100.0);
/// report.series.step = 1.0;
/// report.series.offered = vec![50.0, 400.0];
/// report.series.goodput = vec![50.0, 100.0];
/// let text = snapshot(&report);
/// assert!(text.contains("|##########          |"));
/// assert!(text.ends_with("|####################|+\n"));
/// ```
#[must_use]
pub fn snapshot(report: &Report) -> String {
    let series = &report.series;
    let steps = series.offered.len().max(series.goodput.len());
    let size = steps.div_ceil(ROWS).max(1);
    let mut text = String::new();
    let title = format!(
        "{} in {:?}, seed {}",
        report.stack, report.scenario, report.seed
    );
    line(&mut text, &cut(&title, 100));
    row(
        &mut text,
        &HEADS.map(str::to_owned),
        &format!("|{:^BAR$}|", "of capacity"),
    );
    let top = report
        .series
        .offered
        .iter()
        .copied()
        .filter(|offered| offered.is_finite());
    let top = top.fold(0.0, f64::max);
    let mut phases = report.phases.iter().peekable();
    for start in (0..steps).step_by(size) {
        let time = start as f64 * series.step;
        let next = (start + size) as f64 * series.step;
        let offered = mean(&series.offered, start, size);
        let goodput = mean(&series.goodput, start, size);
        let capacity = last(&series.capacity, start, size).or(report.capacity);
        let cells = [
            format!("{time:.2}"),
            show_rate(offered),
            show_rate(goodput),
            show_rate(mean(&series.refused, start, size)),
            value(longest(&series.p99, start, size).map(|p99| 1e3 * p99), 1),
            value(last(&series.limit, start, size), 1),
            value(last(&series.in_flight, start, size), 1),
            value(last(&series.queue, start, size), 1),
            value(last(&series.cut_off, start, size), 2),
        ];
        let mut end = bar(
            offered.unwrap_or(0.0),
            goodput.unwrap_or(0.0),
            capacity.unwrap_or(top),
        );
        while let Some(phase) = phases.next_if(|phase| phase.start < next) {
            let _ = write!(end, " {}", cut(&phase.name, 24));
        }
        row(&mut text, &cells, &end);
    }
    text
}

fn row(text: &mut String, cells: &[String; 9], end: &str) {
    let mut row = String::new();
    for (cell, head) in cells.iter().zip(HEADS) {
        let width = head.len().max(8) + 1;
        let _ = write!(row, "{cell:>width$}");
    }
    line(text, &format!("{row}  {end}"));
}

fn line(text: &mut String, line: &str) {
    text.push_str(line.trim_end());
    text.push('\n');
}

fn bar(offered: f64, goodput: f64, capacity: f64) -> String {
    // Without a capacity that is a number there is nothing to compare with.
    let share = |value: f64| match value / capacity {
        share if share.is_finite() => (share * BAR as f64).round() as usize,
        _ => 0,
    };
    let (good, asked) = (share(goodput).min(BAR), share(offered));
    let rest = asked.min(BAR).saturating_sub(good);
    let more = if asked > BAR { "+" } else { " " };
    format!(
        "|{}{}{}|{more}",
        "#".repeat(good),
        ".".repeat(rest),
        " ".repeat(BAR - good - rest)
    )
}

fn part<T>(values: &[T], start: usize, size: usize) -> &[T] {
    let end = (start + size).min(values.len());
    values.get(start..end).unwrap_or(&[])
}

fn mean(values: &[f64], start: usize, size: usize) -> Option<f64> {
    let part = part(values, start, size);
    (!part.is_empty()).then(|| part.iter().sum::<f64>() / part.len() as f64)
}

fn longest(values: &[Option<f64>], start: usize, size: usize) -> Option<f64> {
    let known = part(values, start, size).iter().flatten();
    known.copied().reduce(f64::max)
}

fn last(values: &[Option<f64>], start: usize, size: usize) -> Option<f64> {
    part(values, start, size)
        .iter()
        .rev()
        .flatten()
        .next()
        .copied()
}

fn show_rate(value: Option<f64>) -> String {
    value.map_or_else(|| "-".to_owned(), rate)
}

fn value(value: Option<f64>, decimals: usize) -> String {
    match value {
        Some(value) if !value.is_finite() => "-".to_owned(),
        Some(value) if value.abs() >= 99_999.0 => rate(value),
        // Nothing is `-0.0`.
        Some(value) => format!("{:.decimals$}", value + 0.0),
        None => "-".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{expected, sample};

    #[test]
    fn the_course_of_a_flood() {
        let text = snapshot(&sample::floodwall());
        let file = include_str!("snapshot.expected.txt");
        expected::check("snapshot", &text, file);
    }

    #[test]
    fn the_same_report_gives_the_same_text() {
        let report = sample::bare();
        assert_eq!(snapshot(&report), snapshot(&report.clone()));
    }

    #[test]
    fn a_change_shows_in_the_lines_that_it_changed() {
        let (before, mut report) = (snapshot(&sample::bare()), sample::bare());
        report.series.goodput[10] = 0.0;
        let after = snapshot(&report);
        let changed = before
            .lines()
            .zip(after.lines())
            .filter(|(before, after)| before != after);
        assert_eq!(changed.count(), 1);
    }

    #[test]
    fn however_long_the_run_there_are_sixty_lines_at_most() {
        for steps in [1, 59, 60, 61, 119, 120, 121, 100_000] {
            let mut report = Report::default();
            report.series.step = 0.1;
            report.series.offered = vec![1.0; steps];
            let lines = snapshot(&report).lines().count() - 2;
            assert!((1..=ROWS).contains(&lines), "{steps} steps: {lines}");
        }
    }

    #[test]
    fn figures_that_are_none_are_dashes_and_nothing_panics() {
        let mut report = sample::floodwall();
        report.series.step = f64::NAN;
        report.series.goodput[3] = f64::NAN;
        report.series.offered[4] = f64::INFINITY;
        report.series.offered[5] = 1e300;
        report.series.limit[6] = Some(f64::NEG_INFINITY);
        report.series.p99.truncate(2);
        report.capacity = Some(0.0);
        report.series.capacity.clear();
        assert!(snapshot(&report).ends_with('\n'));
        assert_eq!(snapshot(&Report::default()).lines().count(), 2);
    }
}
