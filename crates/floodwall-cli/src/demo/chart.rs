//! Both runs side by side, drawn with characters: what was offered, and what was answered in time.

use crate::paint::{Ink, Paint};

use super::{
    report::{Report, RunReport},
    series::SLICES,
};

/// Slices to a column: ten columns for each phase.
const SLICES_PER_COLUMN: usize = 2;
const COLUMNS: usize = SLICES / SLICES_PER_COLUMN;
const ROWS: usize = 12;

/// Eighths of a row, so that twelve rows are enough.
const BLOCKS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
const OFFERED: char = '─';

/// One cell of the picture.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Cell {
    Empty,
    /// Eighths that are filled.
    Goodput(usize),
    Offered,
}

pub(crate) fn render(report: &Report, paint: Paint) -> String {
    let top = peak(report).max(report.capacity_rps);
    let panels: Vec<_> = report.runs.iter().map(|run| panel(run, top)).collect();
    let capacity_row = row_of(report.capacity_rps, top);
    let mut out = String::new();
    let titles: Vec<_> = report
        .runs
        .iter()
        .map(|run| paint.with(Ink::Strong, &format!("{:^COLUMNS$}", run.name)))
        .collect();
    out.push_str(format!("{:>8} {}", "req/s", titles.join("   ")).trim_end());
    out.push('\n');
    for row in (0..ROWS).rev() {
        let (label, axis) = if row == capacity_row {
            (format!("{:.0}", report.capacity_rps), '┤')
        } else if row == ROWS - 1 {
            (format!("{top:.0}"), '┤')
        } else {
            (String::new(), '│')
        };
        out.push_str(&format!("{label:>7} {axis}"));
        let lines: Vec<_> = panels
            .iter()
            .map(|panel| draw(&panel[row], paint))
            .collect();
        out.push_str(lines.join(" │ ").trim_end());
        out.push('\n');
    }
    out.push_str(&format!(
        "{:>7} └{}\n",
        0,
        vec!["─".repeat(COLUMNS); panels.len()].join("─┴─")
    ));
    let phases: Vec<_> = report.runs.iter().map(phase_labels).collect();
    out.push_str(format!("{:9}{}", "", phases.join("   ")).trim_end());
    out.push_str(&format!(
        "\n{:9}{} answered in time   {} offered   {:.0} = capacity\n",
        "",
        paint.with(Ink::Good, "█"),
        paint.with(Ink::Offered, &OFFERED.to_string()),
        report.capacity_rps,
    ));
    out
}

/// Rows from the bottom up, each with its columns.
fn panel(run: &RunReport, top: f64) -> Vec<Vec<Cell>> {
    let goodput = columns(&run.series.goodput);
    let offered = columns(&run.series.offered);
    (0..ROWS)
        .map(|row| {
            (0..COLUMNS)
                .map(|column| match (goodput.get(column), offered.get(column)) {
                    (Some(goodput), Some(offered)) => cell(row, *goodput, *offered, top),
                    _ => Cell::Empty,
                })
                .collect()
        })
        .collect()
}

fn cell(row: usize, goodput: f64, offered: f64, top: f64) -> Cell {
    let eighths = (goodput / top * (ROWS * 8) as f64).round() as usize;
    match eighths.saturating_sub(row * 8).min(8) {
        0 if offered > 0.0 && row == row_of(offered, top) => Cell::Offered,
        0 => Cell::Empty,
        filled => Cell::Goodput(filled),
    }
}

/// Where a value lies, counted from the bottom.
fn row_of(value: f64, top: f64) -> usize {
    ((value / top * ROWS as f64) as usize).min(ROWS - 1)
}

/// The mean of each column's slices; a column that was only begun is left out.
fn columns(slices: &[f64]) -> Vec<f64> {
    slices
        .chunks_exact(SLICES_PER_COLUMN)
        .map(|chunk| chunk.iter().sum::<f64>() / SLICES_PER_COLUMN as f64)
        .collect()
}

fn peak(report: &Report) -> f64 {
    report
        .runs
        .iter()
        .flat_map(|run| columns(&run.series.offered))
        .fold(0.0, f64::max)
}

fn draw(cells: &[Cell], paint: Paint) -> String {
    cells
        .chunk_by(|left, right| ink(*left) == ink(*right))
        .map(|chunk| {
            let text: String = chunk.iter().map(|cell| glyph(*cell)).collect();
            ink(chunk[0]).map_or(text.clone(), |ink| paint.with(ink, &text))
        })
        .collect()
}

fn glyph(cell: Cell) -> char {
    match cell {
        Cell::Empty => ' ',
        Cell::Goodput(eighths) => BLOCKS[eighths],
        Cell::Offered => OFFERED,
    }
}

fn ink(cell: Cell) -> Option<Ink> {
    match cell {
        Cell::Empty => None,
        Cell::Goodput(_) => Some(Ink::Good),
        Cell::Offered => Some(Ink::Offered),
    }
}

fn phase_labels(run: &RunReport) -> String {
    let width = COLUMNS / 3;
    let labels: String = run
        .phases
        .iter()
        .map(|phase| {
            // "recovery 0.5x" is too long for its third.
            let label = match phase.name {
                super::schedule::PhaseName::Recovery => phase.name.to_string(),
                _ => format!("{} {}x", phase.name, phase.factor),
            };
            format!("{label:^width$}")
        })
        .collect();
    format!("{labels:<COLUMNS$}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::sample;

    #[test]
    fn the_picture_of_a_flood() {
        let picture = render(&sample::report(), Paint::Plain);
        let expected = include_str!("chart.expected.txt");
        assert_eq!(picture, expected, "\n{picture}");
    }

    #[test]
    fn it_fits_into_80_columns() {
        let picture = render(&sample::report(), Paint::Plain);
        assert!(
            picture.lines().all(|line| line.chars().count() <= 80),
            "{picture}"
        );
    }

    #[test]
    fn without_colours_there_is_no_escape() {
        assert!(!render(&sample::report(), Paint::Plain).contains('\x1b'));
        assert!(render(&sample::report(), Paint::Colours).contains('\x1b'));
    }

    #[test]
    fn a_run_that_was_cut_short_leaves_its_end_empty() {
        let mut report = sample::report();
        report.runs.truncate(1);
        report.runs[0].phases.truncate(1);
        let series = &mut report.runs[0].series;
        series.goodput.truncate(7);
        series.offered.truncate(7);
        let picture = render(&report, Paint::Plain);
        assert!(!picture.contains("flood 5x"), "{picture}");
        let bottom = picture.lines().nth(ROWS).unwrap();
        assert_eq!(bottom, "        │███", "{picture}");
    }

    #[test]
    fn eighths_show_what_rows_cannot() {
        assert_eq!(cell(0, 0.0, 0.0, 12.0), Cell::Empty);
        assert_eq!(cell(0, 0.5, 12.0, 12.0), Cell::Goodput(4));
        assert_eq!(cell(1, 0.5, 12.0, 12.0), Cell::Empty);
        assert_eq!(cell(11, 0.5, 12.0, 12.0), Cell::Offered);
        assert_eq!(cell(0, 12.0, 12.0, 12.0), Cell::Goodput(8));
    }
}
