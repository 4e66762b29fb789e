//! What was asked for and what became of it: requests per second over time.

use super::{
    panel::Line,
    points::{Point, means, step, top, without_zeros},
    scale::number,
    style,
};
use crate::{PhaseReport, Report};

/// The lines of a report, those first that need the best places for their names.
pub(super) fn lines(report: &Report, seconds: f64) -> Vec<Line> {
    let series = &report.series;
    let step = step(series, seconds);
    let rate = |values: &[f64]| means(values.iter().copied().map(Some), step);
    let mut goodput = Line::new("answered in time", style::GOODPUT, rate(&series.goodput));
    goodput.area = Some(style::GOODPUT_AREA);
    let mut lines = vec![
        goodput,
        Line::new("offered", style::OFFERED, rate(&series.offered)),
        Line::new(
            "refused",
            style::REFUSED,
            without_zeros(&rate(&series.refused)),
        ),
        Line::new(
            "answered too late",
            style::WASTED,
            without_zeros(&rate(&series.wasted)),
        ),
    ];
    if differ(&series.attempts, &series.offered) {
        lines.push(Line::new(
            "with retries",
            style::ATTEMPTS,
            rate(&series.attempts),
        ));
    }
    let capacity = capacity(report, seconds);
    if let Some(name) = capacity_name(&capacity) {
        lines.push(Line::new(name, style::CAPACITY, capacity));
    }
    lines
}

/// How high the axis must be.
pub(super) fn height(lines: &[Line]) -> f64 {
    lines
        .iter()
        .map(|line| top(&line.points))
        .fold(0.0, f64::max)
        * 1.12
}

/// Whether clients retry so much that a second line can be told from the first.
fn differ(attempts: &[f64], offered: &[f64]) -> bool {
    attempts
        .iter()
        .zip(offered)
        .any(|(attempts, offered)| *attempts > 1.02 * offered + 0.01)
}

/// What the series says, else what the report says of the whole run.
fn capacity(report: &Report, seconds: f64) -> Vec<Point> {
    let series = &report.series;
    if series.capacity.iter().any(Option::is_some) {
        return means(series.capacity.iter().copied(), step(series, seconds));
    }
    let level = report.capacity;
    vec![(0.0, level), (seconds, level)]
}

fn capacity_name(points: &[Point]) -> Option<String> {
    let mut known = points.iter().filter_map(|point| point.1);
    let first = known.next()?;
    if known.all(|value| (value - first).abs() < 0.005 * first) {
        Some(format!("capacity {}/s", number(first)))
    } else {
        Some("capacity".to_owned())
    }
}

/// The phase in which most was asked for, against what could be done.
pub(super) fn flood(report: &Report) -> Option<&PhaseReport> {
    let pressed = |phase: &PhaseReport| {
        let capacity = phase.capacity.filter(|capacity| *capacity > 0.0);
        phase.offered_rate / capacity.unwrap_or(1.0)
    };
    let numbers = report
        .phases
        .iter()
        .filter(|phase| pressed(phase).is_finite());
    // Of equals the first.
    numbers.reduce(|most, phase| {
        if pressed(phase) > pressed(most) {
            phase
        } else {
            most
        }
    })
}
