//! How the cost grows, as a picture: a panel for each line, with a logarithm below and nanoseconds
//! at the side.
//!
//! Written by hand and not with `plotters`, because a style sheet can follow the reader's choice of
//! light or dark, and colours that are drawn in cannot.

use std::fmt::Write;

use crate::measure::Report;

const WIDTH: f64 = 720.0;
const PANEL: f64 = 260.0;
/// Around what is drawn in a panel: left, right, above, below.
const LEFT: f64 = 80.0;
const RIGHT: f64 = 24.0;
const ABOVE: f64 = 44.0;
const BELOW: f64 = 52.0;

const STYLE: &str = "\
svg { background: #fff; font: 14px sans-serif; }
text { fill: #222; }
.title { font-weight: bold; }
.grid { stroke: #ddd; }
.line { stroke: #006d50; stroke-width: 2.5; fill: none; }
.spread { stroke: #006d50; stroke-width: 1.5; }
.point { fill: #006d50; }
@media (prefers-color-scheme: dark) {
  svg { background: #14171a; }
  text { fill: #e4e4e4; }
  .grid { stroke: #3a3f44; }
  .line, .spread { stroke: #5fd3ac; }
  .point { fill: #5fd3ac; }
}
";

/// All reports that are lines, one below the other.
pub(super) fn picture(reports: &[Report]) -> String {
    let panels: Vec<_> = reports.iter().filter_map(Panel::of).collect();
    let height = PANEL * panels.len() as f64;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" aria-label=\"What a decision costs, and how that grows\">\n<style>\n{STYLE}</style>\n"
    );
    for (index, panel) in panels.iter().enumerate() {
        // Writing to a string cannot fail.
        let _ = writeln!(
            svg,
            "<g transform=\"translate(0 {})\">",
            PANEL * index as f64
        );
        panel.draw(&mut svg);
        svg += "</g>\n";
    }
    svg + "</svg>\n"
}

struct Panel<'a> {
    report: &'a Report,
    axis: &'a str,
    /// Decades that are shown.
    decades: (i32, i32),
    /// The highest that is shown, and the step of the grid.
    top: f64,
    step: f64,
}

impl<'a> Panel<'a> {
    fn of(report: &'a Report) -> Option<Self> {
        let axis = report.axis?;
        let logs = || report.rows.iter().filter_map(|row| Some(row.x?.log10()));
        let first = logs().fold(f64::INFINITY, f64::min);
        let last = logs().fold(f64::NEG_INFINITY, f64::max);
        if !first.is_finite() {
            return None;
        }
        let decades = (first.floor() as i32, last.ceil() as i32);
        let highest = report.rows.iter().map(|row| row.figure.p90);
        let step = step(highest.fold(1.0, f64::max) / 4.0);
        let steps = report.rows.iter().map(|row| row.figure.p90 / step);
        Some(Self {
            report,
            axis,
            decades: (decades.0, decades.1.max(decades.0 + 1)),
            top: steps.fold(1.0, f64::max).ceil() * step,
            step,
        })
    }

    fn x(&self, value: f64) -> f64 {
        let (first, last) = (f64::from(self.decades.0), f64::from(self.decades.1));
        LEFT + (value.log10() - first) / (last - first) * (WIDTH - LEFT - RIGHT)
    }

    fn y(&self, value: f64) -> f64 {
        let share = value.clamp(0.0, self.top) / self.top;
        PANEL - BELOW - share * (PANEL - ABOVE - BELOW)
    }

    fn draw(&self, svg: &mut String) {
        let (bottom, right) = (PANEL - BELOW, WIDTH - RIGHT);
        let unit = self.report.unit;
        let _ = writeln!(
            svg,
            "<text class=\"title\" x=\"{LEFT}\" y=\"20\">{}</text>",
            escaped(&wrapped(self.report.about))
        );
        let lines = (self.top / self.step).round() as u32;
        for line in 0..=lines {
            let value = f64::from(line) * self.step;
            let y = self.y(value);
            let _ = writeln!(
                svg,
                "<line class=\"grid\" x1=\"{LEFT}\" x2=\"{right}\" y1=\"{y:.1}\" y2=\"{y:.1}\"/><text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{value}</text>",
                LEFT - 8.0,
                y + 5.0
            );
        }
        for decade in self.decades.0..=self.decades.1 {
            let x = self.x(10_f64.powi(decade));
            let _ = writeln!(
                svg,
                "<line class=\"grid\" x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{ABOVE}\" y2=\"{bottom}\"/><text x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\">10<tspan dy=\"-6\" font-size=\"10\">{decade}</tspan></text>",
                bottom + 20.0
            );
        }
        let _ = writeln!(
            svg,
            "<text x=\"{right}\" y=\"{:.1}\" text-anchor=\"end\">{}</text><text x=\"8\" y=\"{ABOVE}\">{unit}</text>",
            bottom + 40.0,
            escaped(self.axis)
        );
        self.curve(svg);
    }

    fn curve(&self, svg: &mut String) {
        let points = || {
            let rows = self.report.rows.iter();
            rows.filter_map(|row| Some((self.x(row.x?), row.figure)))
        };
        let path: Vec<_> = points()
            .map(|(x, figure)| format!("{x:.1},{:.1}", self.y(figure.median)))
            .collect();
        let _ = writeln!(
            svg,
            "<polyline class=\"line\" points=\"{}\"/>",
            path.join(" ")
        );
        for (x, figure) in points() {
            let (low, high) = (self.y(figure.p10), self.y(figure.p90));
            let _ = writeln!(
                svg,
                "<line class=\"spread\" x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{low:.1}\" y2=\"{high:.1}\"/><circle class=\"point\" cx=\"{x:.1}\" cy=\"{:.1}\" r=\"4\"/>",
                self.y(figure.median)
            );
        }
    }
}

/// The next of 1, 2, 5, 10, 20, …
fn step(least: f64) -> f64 {
    let decade = 10_f64.powf(least.log10().floor());
    let steps = [1.0, 2.0, 5.0, 10.0].map(|step| step * decade);
    // What is a step by one of its last bits should not skip one.
    let enough = |step: &f64| *step >= least * 0.999;
    steps.into_iter().find(enough).unwrap_or(10.0 * decade)
}

/// What comes before a remark: a title has one line.
fn wrapped(text: &str) -> String {
    text.split(';').next().unwrap_or(text).to_owned()
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

#[cfg(test)]
mod tests {
    use super::super::example;
    use super::*;

    #[test]
    fn every_point_is_drawn_where_its_logarithm_says() {
        let svg = picture(&[example::report(), example::line()]);
        assert_eq!(svg.matches("<circle").count(), 3, "{svg}");
        assert_eq!(svg.matches("<g ").count(), 1, "only lines are panels");
        let (first, last) = (LEFT, WIDTH - RIGHT);
        for x in [first, f64::midpoint(first, last), last] {
            assert!(svg.contains(&format!("cx=\"{x:.1}\"")), "{x} in {svg}");
        }
    }

    #[test]
    fn axes_have_their_names_and_both_kinds_of_paper_their_colours() {
        let svg = picture(&[example::line()]);
        for part in [
            ">keys<",
            ">ns<",
            ">a decision<",
            "prefers-color-scheme: dark",
        ] {
            assert!(svg.contains(part), "no {part} in {svg}");
        }
    }

    #[test]
    fn steps_of_the_grid_are_round() {
        assert_eq!([0.9, 1.0, 3.0, 70.0].map(step), [1.0, 1.0, 5.0, 100.0]);
    }

    #[test]
    fn without_lines_there_is_an_empty_picture() {
        assert!(picture(&[]).ends_with("</svg>\n"));
    }
}
