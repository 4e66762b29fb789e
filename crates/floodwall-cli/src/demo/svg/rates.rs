//! Offered, answered in time, refused: requests per second over time.

use plotters::{
    chart::ChartContext,
    coord::types::RangedCoordf64,
    prelude::{
        Cartesian2d, ChartBuilder, Color, DashedLineSeries, LineSeries, PathElement, Polygon,
        Rectangle, SVGBackend, Text,
    },
    style::RGBColor,
};

use super::{
    Area, points, seconds,
    style::{self, text},
};
use crate::demo::{
    report::{PhaseReport, Report, RunReport},
    schedule::PhaseName,
};

pub(super) type Chart<'a, 'b> =
    ChartContext<'a, SVGBackend<'b>, Cartesian2d<RangedCoordf64, RangedCoordf64>>;

/// The same scale for both runs, with room for the names of the phases.
pub(super) fn top(report: &Report) -> f64 {
    let offered = report
        .runs
        .iter()
        .flat_map(|run| &run.series.offered)
        .copied();
    offered.fold(report.capacity_rps, f64::max) * 1.15
}

pub(super) fn draw(
    area: &Area<'_>,
    report: &Report,
    run: &RunReport,
    top: f64,
) -> anyhow::Result<()> {
    let mut chart = ChartBuilder::on(area)
        .margin_left(12)
        .margin_right(24)
        .x_label_area_size(24)
        .y_label_area_size(64)
        .caption(run.name, text(22, &style::INK))
        .build_cartesian_2d(0.0..seconds(report), 0.0..top)?;
    shade(&mut chart, report, run, top)?;
    mesh(&mut chart, "requests per second")?;
    phases(&mut chart, report, run, top)?;

    let goodput: Vec<_> = points(run, &run.series.goodput).collect();
    let offered: Vec<_> = points(run, &run.series.offered).collect();
    let refused: Vec<_> = points(run, &run.series.refused).collect();
    if let (Some(first), Some(last)) = (goodput.first(), goodput.last()) {
        let floor = [(last.0, 0.0), (first.0, 0.0)];
        let outline: Vec<_> = goodput.iter().copied().chain(floor).collect();
        chart.draw_series([Polygon::new(outline, style::GOODPUT_AREA.filled())])?;
    }
    let capacity = [
        (0.0, report.capacity_rps),
        (seconds(report), report.capacity_rps),
    ];
    chart.draw_series([PathElement::new(capacity, style::line(style::FAINT, 1))])?;
    let (dash, gap) = style::DASHES;
    chart.draw_series(DashedLineSeries::new(
        offered,
        dash,
        gap,
        style::line(style::OFFERED, 2),
    ))?;
    let (dot, gap) = style::DOTS;
    // Nobody refused needs no line along the axis.
    for stretch in refused.chunk_by(|left, right| (left.1 > 0.0) == (right.1 > 0.0)) {
        if stretch[0].1 > 0.0 {
            let dots =
                DashedLineSeries::new(stretch.to_vec(), dot, gap, style::line(style::REFUSED, 3));
            chart.draw_series(dots)?;
        }
    }
    chart.draw_series(LineSeries::new(goodput, style::line(style::GOODPUT, 3)))?;
    names(&mut chart, report, run, top)
}

/// The flood is shaded.
fn shade(
    chart: &mut Chart<'_, '_>,
    report: &Report,
    run: &RunReport,
    top: f64,
) -> anyhow::Result<()> {
    if run.phase(PhaseName::Flood).is_some() {
        let corners = [(report.seconds, 0.0), (2.0 * report.seconds, top)];
        chart.draw_series([Rectangle::new(corners, style::FLOOD.filled())])?;
    }
    Ok(())
}

/// Each phase says what it is, on a band that no line of the grid strikes through.
fn phases(
    chart: &mut Chart<'_, '_>,
    report: &Report,
    run: &RunReport,
    top: f64,
) -> anyhow::Result<()> {
    for (phase, index) in run.phases.iter().zip(0u32..) {
        let start = f64::from(index) * report.seconds;
        let band = if phase.name == PhaseName::Flood {
            style::FLOOD
        } else {
            style::PAPER
        };
        let corners = [(start, 0.93 * top), (start + report.seconds, top)];
        chart.draw_series([Rectangle::new(corners, band.filled())])?;
        let label = format!("{} {}x", phase.name, phase.factor);
        let at = (start + 0.03 * report.seconds, top * 0.98);
        chart.draw_series([Text::new(label, at, text(16, &style::INK))])?;
    }
    Ok(())
}

pub(super) fn mesh(chart: &mut Chart<'_, '_>, what: &str) -> anyhow::Result<()> {
    chart
        .configure_mesh()
        .disable_x_mesh()
        .light_line_style(style::PAPER.mix(0.0))
        .bold_line_style(style::GRID)
        .axis_style(style::INK)
        .y_labels(6)
        .x_labels(8)
        .x_label_formatter(&|seconds| format!("{seconds:.0} s"))
        .y_label_formatter(&|value| format!("{value:.0}"))
        .label_style(text(14, &style::INK))
        .axis_desc_style(text(14, &style::INK))
        .y_desc(what)
        .draw()?;
    Ok(())
}

/// Beside the lines, at the flood, where they are apart.
fn names(
    chart: &mut Chart<'_, '_>,
    report: &Report,
    run: &RunReport,
    top: f64,
) -> anyhow::Result<()> {
    let capacity = format!("capacity {:.0}", report.capacity_rps);
    let at = (0.1 * report.seconds, report.capacity_rps + 0.055 * top);
    label(chart, &capacity, at, &style::FAINT)?;
    let Some(flood) = run.phase(PhaseName::Flood) else {
        return Ok(());
    };
    let left = 1.08 * report.seconds;
    let right = 2.05 * report.seconds;
    label(
        chart,
        "offered",
        (right, flood.offered_rps),
        &style::OFFERED,
    )?;
    label(
        chart,
        "answered in time",
        (right, report.capacity_rps + 0.055 * top),
        &style::GOODPUT,
    )?;
    let refused = flood.refused() as f64 / flood.seconds;
    if refused > 0.0 {
        let name = match flood.refusal_p50_ms {
            Some(median) => format!("refused, in {median:.1} ms"),
            None => "refused".to_owned(),
        };
        label(chart, &name, (right, refused), &style::REFUSED)?;
    }
    if let Some(words) = what_became_of_the_rest(flood) {
        label(chart, &words, (left, 0.5 * top), &style::INK)?;
    }
    Ok(())
}

fn what_became_of_the_rest(flood: &PhaseReport) -> Option<String> {
    let share = flood.timeouts as f64 / flood.offered().max(1) as f64;
    (share > 0.1).then(|| format!("{:.0} % wait in vain", 100.0 * share))
}

pub(super) fn label(
    chart: &mut Chart<'_, '_>,
    words: &str,
    at: (f64, f64),
    colour: &RGBColor,
) -> anyhow::Result<()> {
    chart.draw_series([Text::new(words.to_owned(), at, text(16, colour))])?;
    Ok(())
}
