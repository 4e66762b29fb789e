//! The p99 of those who were answered in time.

use plotters::prelude::{ChartBuilder, Circle, Color, LineSeries, PathElement, Rectangle};

use super::{
    Area, points,
    rates::{label, mesh},
    seconds, style,
};
use crate::demo::{
    report::{Report, RunReport},
    schedule::PhaseName,
};

/// So many slices without a success in a row need a word.
const SILENCE: usize = 6;

pub(super) fn draw(area: &Area<'_>, report: &Report, run: &RunReport) -> anyhow::Result<()> {
    let top = 1.2 * report.deadline_ms;
    let mut chart = ChartBuilder::on(area)
        .margin_left(12)
        .margin_right(24)
        .margin_bottom(12)
        .x_label_area_size(32)
        .y_label_area_size(64)
        .build_cartesian_2d(0.0..seconds(report), 0.0..top)?;
    if run.phase(PhaseName::Flood).is_some() {
        let corners = [(report.seconds, 0.0), (2.0 * report.seconds, top)];
        chart.draw_series([Rectangle::new(corners, style::FLOOD.filled())])?;
    }
    mesh(&mut chart, "p99 of answers in time, ms")?;
    let deadline = [
        (0.0, report.deadline_ms),
        (seconds(report), report.deadline_ms),
    ];
    chart.draw_series([PathElement::new(deadline, style::line(style::FAINT, 1))])?;
    label(
        &mut chart,
        "callers give up",
        (0.1 * report.seconds, 1.1 * report.deadline_ms),
        &style::FAINT,
    )?;

    let p99: Vec<_> = points(run, &run.series.p99_ms).collect();
    let stretches = || p99.chunk_by(|left, right| left.1.is_some() == right.1.is_some());
    // One word is enough, where there is most room for it.
    let silent = stretches().filter(|stretch| stretch[0].1.is_none());
    let longest = silent
        .max_by_key(|stretch| stretch.len())
        .map(|stretch| stretch[0].0);
    for stretch in stretches() {
        let known: Vec<_> = stretch
            .iter()
            .filter_map(|(at, p99)| Some((*at, (*p99)?)))
            .collect();
        if known.is_empty() {
            if stretch.len() >= SILENCE && Some(stretch[0].0) == longest {
                let at = (stretch[0].0, 0.5 * top);
                label(&mut chart, "no answer in time", at, &style::INK)?;
            }
            continue;
        }
        // A point each: a line cannot show one that stands alone.
        let points = known
            .iter()
            .map(|at| Circle::new(*at, 3, style::GOODPUT.filled()));
        chart.draw_series(points)?;
        chart.draw_series(LineSeries::new(known, style::line(style::GOODPUT, 2)))?;
    }
    // Where it is high, the curve itself says so, and needs the space.
    let flood = run.phase(PhaseName::Flood).and_then(|flood| flood.p99_ms);
    if let Some(p99) = flood.filter(|p99| *p99 < 0.5 * top) {
        let at = (1.04 * report.seconds, p99 + 0.14 * top);
        label(
            &mut chart,
            &format!("{p99:.0} ms in the flood"),
            at,
            &style::GOODPUT,
        )?;
    }
    Ok(())
}
