use plotters::style::text_anchor::HPos;

use super::{
    PlotError,
    canvas::{Canvas, Frame, picture},
    inside,
    labels::Labels,
    latency,
    panel::{HEAD, Line, Panel, TICKS, TIME},
    phases::{self, STRIP, Span},
    points::step,
    rates,
    scale::{self, Scale, known},
    style::{BODY, FAINT, INK, TITLE},
    words,
};
use crate::Report;

const WIDTH: i32 = 1_200;
const LEFT: i32 = 16 + TICKS;
const RIGHT: i32 = WIDTH - 28;
const TOP: i32 = 84;
/// Above a panel, beside its head.
const BETWEEN: i32 = 10;

/// What a panel shows, and how high it is.
struct Row {
    title: &'static str,
    height: i32,
    lines: Vec<Line>,
    kind: Kind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Rates,
    Latency,
    Counts,
    Share,
}

/// Draws one run over time, as SVG: rates, latency, and what the stack knows of itself, one above
/// the other, with the phases shaded.
///
/// A panel of which the report knows nothing is left out. The same report gives the same bytes.
///
/// ```
/// use floodwall_sim::{Report, plot};
///
/// let mut report = Report::default();
/// report.stack = "floodwall".to_owned();
/// report.seconds = 3.0;
/// report.series.step = 1.0;
/// report.series.offered = vec![50.0, 400.0, 50.0];
/// report.series.goodput = vec![50.0, 100.0, 50.0];
/// let svg = plot::timeline(&report)?;
/// assert!(svg.contains("answered in time"));
/// # Ok::<(), plot::PlotError>(())
/// ```
///
/// # Errors
///
/// Fails only if the drawing itself does.
pub fn timeline(report: &Report) -> Result<String, PlotError> {
    let seconds = seconds(report);
    let spans = phases::spans(report, seconds);
    let rows = rows(report, seconds);
    let heights: i32 = rows.iter().map(|row| BETWEEN + HEAD + row.height).sum();
    picture((WIDTH, TOP + STRIP + heights + TIME + 12), |canvas| {
        title(canvas, report, seconds)?;
        let mut top = TOP + STRIP;
        for (at, row) in rows.iter().enumerate() {
            top += BETWEEN + HEAD;
            let frame = Frame {
                left: LEFT,
                top,
                right: RIGHT,
                bottom: top + row.height,
            };
            let panel = row.panel(frame, seconds);
            if at == 0 {
                phases::names(canvas, &panel, &spans, TOP)?;
            }
            row.draw(canvas, &panel, &spans, (report, seconds))?;
            if at + 1 == rows.len() {
                panel.time(canvas, seconds)?;
            }
            top += row.height;
        }
        Ok(())
    })
}

/// How long the axis of time is: all that there is lies on it.
pub(super) fn seconds(report: &Report) -> f64 {
    let series = &report.series;
    let steps = series.offered.len().max(series.goodput.len());
    let drawn = step(series, report.seconds) * steps as f64;
    let all = known(report.seconds).unwrap_or(0.0).max(drawn);
    known(all).filter(|all| *all > 0.0).unwrap_or(1.0)
}

fn rows(report: &Report, seconds: f64) -> Vec<Row> {
    let row = |kind, title, height, lines| Row {
        title,
        height,
        lines,
        kind,
    };
    let rates = rates::lines(report, seconds);
    let p99 = vec![latency::line(report, seconds)];
    let mut rows = vec![
        row(Kind::Rates, "requests per second", 320, rates),
        row(
            Kind::Latency,
            "p99 latency of the answers in time",
            150,
            p99,
        ),
    ];
    let counts = inside::counts(report, seconds);
    if !counts.is_empty() {
        let title = "requests that wait and that are in flight";
        rows.push(row(Kind::Counts, title, 180, counts));
    }
    let pressure = inside::pressure(report, seconds);
    if pressure.shows() {
        let title = "pressure on the service, 0 to 1";
        rows.push(row(Kind::Share, title, 70, vec![pressure]));
    }
    let cut_off = inside::cut_off(report, seconds);
    if cut_off.shows() {
        let title = "cut-off: from which level on requests are shed";
        rows.push(row(Kind::Counts, title, 70, vec![cut_off]));
    }
    rows
}

impl Row {
    fn panel(&self, frame: Frame, seconds: f64) -> Panel {
        let (from, to) = (frame.bottom, frame.top);
        let up = match self.kind {
            Kind::Rates => Scale::linear(0.0, rates::height(&self.lines), from, to),
            Kind::Latency => latency::scale(&self.lines, from, to),
            Kind::Counts => inside::scale(&self.lines, from, to),
            Kind::Share => Scale::linear(0.0, 1.0, from, to),
        };
        Panel {
            frame,
            across: Scale::linear(0.0, seconds, frame.left, frame.right),
            up,
        }
    }

    fn draw(
        &self,
        canvas: &Canvas<'_>,
        panel: &Panel,
        spans: &[Span],
        (report, seconds): (&Report, f64),
    ) -> Result<(), PlotError> {
        phases::shade(canvas, panel, spans)?;
        let time = self.kind == Kind::Latency;
        let tick: &dyn Fn(f64) -> String = if time { &scale::time } else { &scale::number };
        panel.frame(canvas, self.title, tick)?;
        let mut labels = Labels::new(panel.frame);
        if let (true, Some(line)) = (time, self.lines.first()) {
            latency::silence(canvas, panel, report, (line, seconds), &mut labels)?;
        }
        let key = panel.frame.left + words::width(self.title, BODY) + 100;
        panel.lines(canvas, &self.lines, &mut labels, Some(key))
    }
}

fn title(canvas: &Canvas<'_>, report: &Report, seconds: f64) -> Result<(), PlotError> {
    let room = RIGHT - 24;
    let title = match (report.stack.as_str(), report.scenario.as_str()) {
        (stack, "") => stack.to_owned(),
        (stack, scenario) => format!("{stack} in the scenario \"{scenario}\""),
    };
    canvas.text(&title, (24, 28), HPos::Left, (TITLE, room), INK)?;
    let mut facts = vec![format!("seed {}", report.seed), scale::time(seconds)];
    if let Some(capacity) = report.capacity.and_then(known) {
        facts.push(format!(
            "the service can do {} requests/s",
            scale::number(capacity)
        ));
    }
    if !report.series.offered.iter().any(|offered| *offered > 0.0) {
        facts.push("nothing was asked for".to_owned());
    } else if let Some(flood) = rates::flood(report) {
        facts.push(super::figures::figures(flood).join(" · "));
    }
    let facts = facts.join(" · ");
    canvas.text(&facts, (24, 60), HPos::Left, (BODY, room), FAINT)
}
