use plotters::style::text_anchor::HPos;

use super::{
    PlotError,
    canvas::{At, Canvas, Frame, picture},
    figures::figures,
    labels::Labels,
    latency,
    panel::{self, HEAD, Line, Panel, TICKS, TIME},
    phases::{self, STRIP},
    rates,
    scale::{self, Scale},
    style::{BODY, FAINT, HEAD as BIG, INK, TITLE},
    timeline::seconds,
};
use crate::Report;

/// So many stacks fit into one picture.
const MOST: usize = 6;
const CELL: At = (460, 566);
const TOP: i32 = 92;
const RATES: i32 = 210;
const P99: i32 = 120;

/// One stack: its report and what is drawn of it.
struct Cell<'a> {
    report: &'a Report,
    rates: Vec<Line>,
    p99: Line,
}

/// Draws several stacks side by side on the same scales, as SVG: rates above, latency below, and
/// what became of the flood in words. Up to six; made for runs of the same scenario.
///
/// ```
/// use floodwall_sim::{Report, plot};
///
/// let mut bare = Report::default();
/// bare.stack = "bare".to_owned();
/// let mut floodwall = Report::default();
/// floodwall.stack = "floodwall".to_owned();
/// let svg = plot::compare(&[&bare, &floodwall])?;
/// assert!(svg.contains("bare") && svg.contains("floodwall"));
/// # Ok::<(), plot::PlotError>(())
/// ```
///
/// # Errors
///
/// Fails if there are more than six.
pub fn compare(reports: &[&Report]) -> Result<String, PlotError> {
    let given = reports.len();
    if given > MOST {
        return Err(PlotError::TooMany { given, most: MOST });
    }
    let seconds = reports
        .iter()
        .map(|report| seconds(report))
        .fold(0.0, f64::max);
    let cells: Vec<_> = reports
        .iter()
        .map(|report| Cell {
            report,
            rates: rates::lines(report, seconds),
            p99: latency::line(report, seconds),
        })
        .collect();
    // Four are a square.
    let columns = if given == 4 { 2 } else { given.clamp(1, 3) };
    let rows = given.div_ceil(columns).max(1);
    let width = (CELL.0 * columns as i32).max(900);
    let size = (width, TOP + CELL.1 * rows as i32);
    picture(size, |canvas| {
        title(canvas, &cells, width)?;
        let height = cells
            .iter()
            .map(|cell| rates::height(&cell.rates))
            .fold(0.0, f64::max);
        let p99: Vec<_> = cells.iter().map(|cell| cell.p99.clone()).collect();
        for (at, cell) in cells.iter().enumerate() {
            let corner = (
                CELL.0 * (at % columns) as i32,
                TOP + CELL.1 * (at / columns) as i32,
            );
            cell.draw(canvas, corner, (seconds, height, &p99))?;
        }
        Ok(())
    })
}

fn title(canvas: &Canvas<'_>, cells: &[Cell<'_>], width: i32) -> Result<(), PlotError> {
    let room = width - 48;
    let Some(first) = cells.first().map(|cell| cell.report) else {
        return canvas.text(
            "nothing to compare",
            (24, 28),
            HPos::Left,
            (TITLE, room),
            INK,
        );
    };
    canvas.text(&first.scenario, (24, 28), HPos::Left, (TITLE, room), INK)?;
    // The same lines everywhere: one key serves all, with every line that shows in any of them.
    let mut seen: Vec<&str> = Vec::new();
    let mut x = 24;
    for line in cells.iter().flat_map(|cell| &cell.rates) {
        let name = line
            .name
            .split_once(' ')
            .map_or(line.name.as_str(), |(first, _)| {
                if first == "capacity" {
                    first
                } else {
                    &line.name
                }
            });
        if line.shows() && !seen.contains(&name) && panel::key_end(name, x) < width - 24 {
            seen.push(name);
            x = panel::in_key(canvas, name, &line.look, (x, 62))?;
        }
    }
    Ok(())
}

impl Cell<'_> {
    fn draw(
        &self,
        canvas: &Canvas<'_>,
        (x, y): At,
        (seconds, height, p99): (f64, f64, &[Line]),
    ) -> Result<(), PlotError> {
        let left = x + 24;
        let room = CELL.0 - 40;
        canvas.text(
            &self.report.stack,
            (left, y + 12),
            HPos::Left,
            (BIG, room),
            INK,
        )?;
        if let Some(flood) = rates::flood(self.report) {
            for (line, figure) in (0..).zip(figures(flood)) {
                let at = (left, y + 38 + 20 * line);
                canvas.text(&figure, at, HPos::Left, (BODY, room), FAINT)?;
            }
        }
        let spans = phases::spans(self.report, seconds);
        let top = y + 104;
        let frame = |top: i32, height: i32| Frame {
            left: x + TICKS,
            top,
            right: x + CELL.0 - 16,
            bottom: top + height,
        };
        let above = frame(top + STRIP + HEAD, RATES);
        let across = Scale::linear(0.0, seconds, above.left, above.right);
        let panel = Panel {
            frame: above,
            across,
            up: Scale::linear(0.0, height, above.bottom, above.top),
        };
        phases::names(canvas, &panel, &spans, top)?;
        phases::shade(canvas, &panel, &spans)?;
        panel.frame(canvas, "requests per second", &scale::number)?;
        panel.lines(canvas, &self.rates, &mut Labels::new(above), None)?;

        let below = frame(above.bottom + HEAD + 8, P99);
        let panel = Panel {
            frame: below,
            across,
            up: latency::scale(p99, below.bottom, below.top),
        };
        phases::shade(canvas, &panel, &spans)?;
        panel.frame(canvas, "p99 of the answers in time", &scale::time)?;
        let mut labels = Labels::new(below);
        latency::silence(
            canvas,
            &panel,
            self.report,
            (&self.p99, seconds),
            &mut labels,
        )?;
        panel.lines(canvas, std::slice::from_ref(&self.p99), &mut labels, None)?;
        debug_assert!(below.bottom + TIME < y + CELL.1, "the cell is high enough");
        panel.time(canvas, seconds)
    }
}
