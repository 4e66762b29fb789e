//! What the stack and the service know of themselves: queues, limits, pressure.

use super::{
    panel::Line,
    points::{means, step, top},
    scale::Scale,
    style::{self, Look},
};
use crate::Report;

/// From this on the smallest line lies flat on a linear axis.
const WIDE: f64 = 15.0;

/// How many wait and how many are inside; only what is known.
pub(super) fn counts(report: &Report, seconds: f64) -> Vec<Line> {
    let series = &report.series;
    [
        ("queue of the stack", style::QUEUE, &series.queue),
        ("line behind the stack", style::LINE, &series.line),
        ("in flight", style::IN_FLIGHT, &series.in_flight),
        ("limit", style::LIMIT, &series.limit),
    ]
    .into_iter()
    .map(|(name, look, values)| line(name, look, values, (report, seconds)))
    .filter(Line::shows)
    .collect()
}

pub(super) fn cut_off(report: &Report, seconds: f64) -> Line {
    let (name, look) = ("cut-off", style::CUT_OFF);
    line(name, look, &report.series.cut_off, (report, seconds))
}

pub(super) fn pressure(report: &Report, seconds: f64) -> Line {
    let (name, look) = ("pressure", style::PRESSURE);
    line(name, look, &report.series.pressure, (report, seconds))
}

fn line(name: &str, look: Look, values: &[Option<f64>], (report, seconds): (&Report, f64)) -> Line {
    let points = means(values.iter().copied(), step(&report.series, seconds));
    Line::new(name, look, points)
}

/// Linear if every line can be seen on it.
pub(super) fn scale(lines: &[Line], from: i32, to: i32) -> Scale {
    let tops = || lines.iter().map(|line| top(&line.points));
    let high = tops().fold(0.0, f64::max);
    let least = tops().filter(|top| *top >= 1.0).fold(high, f64::min);
    if high > WIDE * least {
        Scale::log_from_zero(2.0 * high, from, to)
    } else {
        Scale::linear(0.0, 1.25 * high, from, to)
    }
}
