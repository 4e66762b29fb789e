//! The comparison as a picture: both runs side by side, rates above, latency below.
//!
//! Each line has its own pattern and its name beside it, so that the picture also works in black and white.

mod latency;
mod rates;
mod style;

use plotters::{
    coord::Shift,
    prelude::{DrawingArea, IntoDrawingArea, SVGBackend, Text},
};

use super::report::{Report, RunReport};
use style::{INK, text};

const SIZE: (u32, u32) = (1_200, 800);
const TITLE: u32 = 80;
const RATES: u32 = 440;

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

pub(crate) fn render(report: &Report) -> anyhow::Result<String> {
    let mut picture = String::new();
    {
        let root = SVGBackend::with_string(&mut picture, SIZE).into_drawing_area();
        root.fill(&style::PAPER)?;
        let (head, body) = root.split_vertically(TITLE);
        title(&head, report)?;
        let top = rates::top(report);
        for (run, column) in report.runs.iter().zip(body.split_evenly((1, 2))) {
            let (above, below) = column.split_vertically(RATES);
            rates::draw(&above, report, run, top)?;
            latency::draw(&below, report, run)?;
        }
        root.present()?;
    }
    Ok(picture)
}

fn title(area: &Area<'_>, report: &Report) -> anyhow::Result<()> {
    let title = format!(
        "The same flood twice: {}x what the service can do",
        report.factor
    );
    let details = format!(
        "{} workers, {} ms each, {:.0} requests/s measured; callers do not wait for one another and give up after {:.0} ms",
        report.workers, report.service_ms, report.capacity_rps, report.deadline_ms,
    );
    area.draw(&Text::new(title, (24, 16), text(26, &INK)))?;
    area.draw(&Text::new(details, (24, 52), text(16, &INK)))?;
    Ok(())
}

/// The whole axis, also of a run that was cut short.
fn seconds(report: &Report) -> f64 {
    3.0 * report.seconds
}

/// Where each slice lies on the axis, with its value.
fn points<'a, T: Copy>(run: &'a RunReport, values: &'a [T]) -> impl Iterator<Item = (f64, T)> + 'a {
    let slice = run.series.slice.as_secs_f64();
    values
        .iter()
        .enumerate()
        .map(move |(index, value)| ((index as f64 + 0.5) * slice, *value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::sample;

    #[test]
    fn the_picture_names_all_that_it_shows() {
        let picture = render(&sample::report()).unwrap();
        for words in [
            "bare",
            "floodwall",
            "offered",
            "answered in time",
            "refused",
            "capacity",
            "flood 5x",
            "p99",
        ] {
            assert!(picture.contains(words), "{words}");
        }
    }

    #[test]
    fn a_demo_that_was_cut_short_still_has_a_picture() {
        let mut report = sample::report();
        report.runs.pop();
        report.runs[0].phases.truncate(1);
        let series = &mut report.runs[0].series;
        series.offered.truncate(1);
        series.goodput.truncate(1);
        series.refused.truncate(1);
        series.p99_ms.truncate(1);
        assert!(render(&report).unwrap().contains("calm"));
        report.runs.clear();
        assert!(render(&report).unwrap().contains("</svg>"));
    }
}
