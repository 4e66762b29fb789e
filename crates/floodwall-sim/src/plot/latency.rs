//! The p99 of the answers in time, and where there are none.

use plotters::style::text_anchor::HPos;

use super::{
    PlotError,
    canvas::{Canvas, Frame},
    labels::Labels,
    panel::{Line, Panel},
    points::{Point, peaks, step, top},
    scale::Scale,
    style::{self, FAINT, INK, SMALL},
    words,
};
use crate::Report;

const SILENT: &str = "no answer in time";
/// A line that is higher than this, compared to its lowest point, hides what happens below.
const WIDE: f64 = 25.0;

pub(super) fn line(report: &Report, seconds: f64) -> Line {
    let series = &report.series;
    let points = peaks(series.p99.iter().copied(), step(series, seconds));
    Line::new("p99", style::P99, points)
}

/// One scale for all of them.
pub(super) fn scale(lines: &[Line], from: i32, to: i32) -> Scale {
    let high = lines
        .iter()
        .map(|line| top(&line.points))
        .fold(0.0, f64::max);
    let low = lines
        .iter()
        .flat_map(|line| &line.points)
        .filter_map(|point| point.1.filter(|value| *value > 0.0))
        .fold(f64::INFINITY, f64::min);
    if low.is_finite() && high > WIDE * low {
        Scale::log(0.7 * low, 1.5 * high, from, to)
    } else {
        Scale::linear(0.0, 1.2 * high, from, to)
    }
}

/// Says where requests came and no answer in time did, for long enough to need a word.
pub(super) fn silence(
    canvas: &Canvas<'_>,
    panel: &Panel,
    report: &Report,
    (line, seconds): (&Line, f64),
    labels: &mut Labels,
) -> Result<(), PlotError> {
    let series = &report.series;
    let step = step(series, seconds);
    let in_vain = |point: &Point| {
        let index = (point.0 / step) as usize;
        let positive = |values: &[f64]| values.get(index).is_some_and(|value| *value > 0.0);
        positive(&series.offered) && !positive(&series.goodput)
    };
    let middle = (panel.frame.top + panel.frame.bottom) / 2;
    for stretch in line
        .points
        .chunk_by(|left, right| left.1.is_some() == right.1.is_some())
    {
        let (Some(first), Some(last)) = (stretch.first(), stretch.last()) else {
            continue;
        };
        let vain = stretch.iter().filter(|point| in_vain(point)).count();
        if first.1.is_some() || 2 * vain < stretch.len() {
            continue;
        }
        let left = panel.across.at(first.0 - 0.5 * step);
        let right = panel.across.at(last.0 + 0.5 * step);
        let wide = words::width(SILENT, SMALL);
        if right - left < wide / 2 {
            continue;
        }
        for x in [left, right] {
            canvas.thin(&[(x, middle - 5), (x, middle + 5)], FAINT)?;
        }
        canvas.thin(&[(left, middle), (right, middle)], FAINT)?;
        let centre = (left + right) / 2;
        let below = middle + 12;
        // Beside the edge the words would be cut.
        let x = centre.clamp(panel.frame.left + wide / 2, panel.frame.right - wide / 2);
        canvas.text(SILENT, (x, below), HPos::Center, (SMALL, wide), INK)?;
        labels.take(Frame {
            left: (x - wide / 2).min(left),
            top: middle - 6,
            right: (x + wide / 2).max(right),
            bottom: below + 9,
        });
    }
    Ok(())
}
