use plotters::style::text_anchor::HPos;
use serde::Serialize;

use super::{
    PlotError,
    canvas::{Canvas, Frame, picture},
    labels::{Labels, spread},
    latency,
    panel::{HEAD, Line, Panel, TICKS, TIME},
    scale::{self, Scale, known},
    style::{self, BODY, CURVES, FAINT, INK, Look, SMALL, TITLE},
    words,
};

const WIDTH: i32 = 1_000;
const LEFT: i32 = 16 + TICKS;
/// The names of the curves stand right of it.
const RIGHT: i32 = WIDTH - 230;
const TOP: i32 = 48;

/// How one stack did at several loads.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct SweepCurve {
    /// The stack's name.
    pub stack: String,
    /// By load, the least first.
    pub points: Vec<SweepPoint>,
}

/// How a stack did at one load.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct SweepPoint {
    /// What was asked for, in multiples of the capacity.
    pub load: f64,
    /// Answers in time, as a share of the capacity; `None` if nothing is known.
    pub goodput: Option<f64>,
    /// The share of the most urgent class's requests that succeeded; `None` if it sent none.
    pub success_top: Option<f64>,
    /// The 99th percentile of the latency of the answers in time, in seconds; `None` if there were
    /// none.
    pub p99: Option<f64>,
}

/// Draws what stacks do under more and more load, as SVG: goodput, success of the most urgent class
/// (if any is known) and p99 against load, one curve for each stack, up to six.
///
/// ```
/// use floodwall_sim::plot::{self, SweepCurve, SweepPoint};
///
/// let point = |load: f64| SweepPoint {
///     load,
///     goodput: Some(load.min(1.0)),
///     success_top: None,
///     p99: Some(0.05),
/// };
/// let curve = SweepCurve {
///     stack: "floodwall".to_owned(),
///     points: [0.5, 1.0, 2.0, 5.0].map(point).to_vec(),
/// };
/// assert!(plot::sweep(&[curve])?.contains("floodwall"));
/// # Ok::<(), plot::PlotError>(())
/// ```
///
/// # Errors
///
/// Fails if there are more than six curves.
pub fn sweep(curves: &[SweepCurve]) -> Result<String, PlotError> {
    let given = curves.len();
    if given > CURVES.len() {
        let most = CURVES.len();
        return Err(PlotError::TooMany { given, most });
    }
    let most = curves
        .iter()
        .flat_map(|curve| &curve.points)
        .filter_map(|point| known(point.load))
        .fold(1.0, f64::max);
    let rows = rows(curves, most);
    let height: i32 = rows.iter().map(|row| HEAD + row.height + 16).sum();
    picture((WIDTH, TOP + height + 2 * TIME + 16), |canvas| {
        let title = "More and more load: what is still answered in time";
        canvas.text(title, (24, 26), HPos::Left, (TITLE, WIDTH - 48), INK)?;
        let mut top = TOP;
        for (at, row) in rows.iter().enumerate() {
            top += HEAD + 16;
            let frame = Frame {
                left: LEFT,
                top,
                right: RIGHT,
                bottom: top + row.height,
            };
            let panel = row.panel(frame, most);
            row.draw(canvas, &panel)?;
            if at + 1 == rows.len() {
                loads(canvas, &panel)?;
            }
            top += row.height;
        }
        Ok(())
    })
}

struct Row {
    title: &'static str,
    height: i32,
    /// None of the stacks: what could be.
    ideal: Option<Line>,
    lines: Vec<Line>,
    time: bool,
}

fn rows(curves: &[SweepCurve], most: f64) -> Vec<Row> {
    let lines = |value: &dyn Fn(&SweepPoint) -> Option<f64>| -> Vec<Line> {
        curves
            .iter()
            .zip(looks(curves))
            .map(|(curve, look)| line(curve, look, value))
            .collect()
    };
    let ideal = vec![(0.0, Some(0.0)), (1.0, Some(1.0)), (most, Some(1.0))];
    let mut rows = vec![Row {
        title: "answers in time, in % of the capacity",
        height: 260,
        ideal: Some(Line::new("what is possible", style::CAPACITY, ideal)),
        lines: lines(&|point| point.goodput),
        time: false,
    }];
    let success = lines(&|point| point.success_top);
    if success.iter().any(Line::shows) {
        rows.push(Row {
            title: "requests of the most urgent class that succeed",
            height: 180,
            ideal: None,
            lines: success,
            time: false,
        });
    }
    rows.push(Row {
        title: "p99 latency of the answers in time",
        height: 180,
        ideal: None,
        lines: lines(&|point| point.p99),
        time: true,
    });
    rows
}

/// One look for each; the heavy one without breaks is kept for floodwall, where it takes part.
fn looks(curves: &[SweepCurve]) -> Vec<Look> {
    let mut looks = CURVES[..curves.len()].to_vec();
    if let Some(at) = curves.iter().position(|curve| curve.stack == "floodwall") {
        looks[..=at].rotate_left(1);
    }
    looks
}

fn line(curve: &SweepCurve, look: Look, value: &dyn Fn(&SweepPoint) -> Option<f64>) -> Line {
    let points = curve.points.iter();
    let mut points: Vec<_> = points
        .filter_map(|point| Some((known(point.load)?, value(point).and_then(known))))
        .collect();
    points.sort_by(|left, right| left.0.total_cmp(&right.0));
    Line::new(curve.stack.clone(), look, points)
}

impl Row {
    fn panel(&self, frame: Frame, most: f64) -> Panel {
        let (from, to) = (frame.bottom, frame.top);
        Panel {
            frame,
            across: Scale::linear(0.0, 1.02 * most, frame.left, frame.right),
            up: if self.time {
                latency::scale(&self.lines, from, to)
            } else {
                let all = self.lines.iter().flat_map(|line| &line.points);
                let top = all.filter_map(|point| point.1).fold(1.0, f64::max);
                Scale::linear(0.0, 1.1 * top, from, to)
            },
        }
    }

    fn draw(&self, canvas: &Canvas<'_>, panel: &Panel) -> Result<(), PlotError> {
        let tick: &dyn Fn(f64) -> String = if self.time {
            &scale::time
        } else {
            &scale::percent
        };
        panel.frame(canvas, self.title, tick)?;
        if let Some(ideal) = &self.ideal {
            let lines = std::slice::from_ref(ideal);
            panel.lines(canvas, lines, &mut Labels::new(panel.frame), None)?;
        }
        let nameless: Vec<_> = self
            .lines
            .iter()
            .map(|line| Line {
                name: String::new(),
                ..line.clone()
            })
            .collect();
        panel.lines(canvas, &nameless, &mut Labels::new(panel.frame), None)?;
        self.names(canvas, panel)
    }

    /// At the right ends of the curves, with a thread to where each ends.
    fn names(&self, canvas: &Canvas<'_>, panel: &Panel) -> Result<(), PlotError> {
        let ends: Vec<_> = self
            .lines
            .iter()
            .map(|line| {
                let known = line.points.iter().rev();
                known.filter_map(|(x, y)| Some((*x, (*y)?))).next()
            })
            .collect();
        let middle = (panel.frame.top + panel.frame.bottom) / 2;
        let mut heights: Vec<_> = ends
            .iter()
            .map(|end| end.map_or(middle, |end| panel.up.at(end.1)))
            .collect();
        spread(&mut heights, 17, panel.frame.top, panel.frame.bottom);
        for ((line, end), y) in self.lines.iter().zip(ends).zip(heights) {
            let x = RIGHT + 16;
            let Some((load, value)) = end else {
                continue;
            };
            let from = panel.at(load, value);
            canvas.thin(&[(from.0 + 6, from.1), (x - 4, y), (x, y)], style::GRID)?;
            canvas.path(&[(x, y), (x + 34, y)], &line.look)?;
            canvas.mark((x + 17, y), &line.look, 4)?;
            let cut = line.points.last().is_some_and(|last| last.0 > load);
            let room = WIDTH - x - 46;
            let note = if cut {
                format!(", none past {}x", scale::number(load))
            } else {
                String::new()
            };
            let room_for_name = room - words::width(&note, SMALL);
            let Some(name) = words::fit(&line.name, SMALL, room_for_name) else {
                continue;
            };
            let name = format!("{name}{note}");
            canvas.text(
                &name,
                (x + 40, y),
                HPos::Left,
                (SMALL, room),
                line.look.colour,
            )?;
        }
        Ok(())
    }
}

fn loads(canvas: &Canvas<'_>, panel: &Panel) -> Result<(), PlotError> {
    let bottom = panel.frame.bottom;
    for load in panel.across.ticks(8) {
        let x = panel.across.at(load);
        canvas.thin(&[(x, bottom), (x, bottom + 4)], INK)?;
        let label = format!("{}x", scale::number(load));
        canvas.text(&label, (x, bottom + 14), HPos::Center, (SMALL, 80), INK)?;
    }
    let at = ((panel.frame.left + panel.frame.right) / 2, bottom + 36);
    let words = "load, in multiples of what the service can do";
    canvas.text(words, at, HPos::Center, (BODY, panel.frame.width()), FAINT)
}
