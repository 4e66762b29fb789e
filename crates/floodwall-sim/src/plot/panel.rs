//! One panel: a frame with two axes, and lines with their names.

use plotters::style::{RGBColor, text_anchor::HPos};

use super::{
    PlotError,
    canvas::{At, Canvas, Frame},
    labels::{Labels, Trail},
    points::Point,
    scale::Scale,
    style::{BODY, GRID, INK, Look, SMALL},
    words,
};

/// Above the frame: what the panel shows, and the key to lines that found no place for their names.
pub(super) const HEAD: i32 = 24;
/// Left of the frame: what its ticks are called.
pub(super) const TICKS: i32 = 64;
/// Below the frame: the time.
pub(super) const TIME: i32 = 24;
/// How high a tick's name is.
const TICK: i32 = 13;
/// How long the sample of a line in a key is.
const SAMPLE: i32 = 34;

/// A line with its name.
#[derive(Clone, Debug)]
pub(super) struct Line {
    pub(super) name: String,
    pub(super) look: Look,
    pub(super) points: Vec<Point>,
    /// What lies below it, if that is filled.
    pub(super) area: Option<RGBColor>,
}

impl Line {
    pub(super) fn new(name: impl Into<String>, look: Look, points: Vec<Point>) -> Self {
        Self {
            name: name.into(),
            look,
            points,
            area: None,
        }
    }

    /// Whether there is anything to see of it.
    pub(super) fn shows(&self) -> bool {
        self.points.iter().any(|point| point.1.is_some())
    }
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Panel {
    pub(super) frame: Frame,
    pub(super) across: Scale,
    pub(super) up: Scale,
}

impl Panel {
    pub(super) fn at(&self, x: f64, y: f64) -> At {
        (self.across.at(x), self.up.at(y))
    }

    /// The grid, the ticks and what the panel shows.
    pub(super) fn frame(
        &self,
        canvas: &Canvas<'_>,
        title: &str,
        tick: &dyn Fn(f64) -> String,
    ) -> Result<(), PlotError> {
        let Frame {
            left,
            top,
            right,
            bottom,
        } = self.frame;
        let about = ((bottom - top) / 28).clamp(2, 7) as usize;
        let mut free = i32::MAX;
        for value in self.up.ticks(about) {
            let y = self.up.at(value);
            canvas.thin(&[(left, y), (right, y)], GRID)?;
            // On a long logarithmic axis zero and one lie on top of each other.
            if y <= free {
                free = y - TICK;
                let room = (SMALL, TICKS - 10);
                canvas.text(&tick(value), (left - 8, y), HPos::Right, room, INK)?;
            }
        }
        canvas.thin(&[(left, top), (left, bottom), (right, bottom)], INK)?;
        let log = if self.up.is_log() { " (log scale)" } else { "" };
        let at = (left, top - HEAD / 2);
        canvas.text(
            &format!("{title}{log}"),
            at,
            HPos::Left,
            (BODY, self.frame.width()),
            INK,
        )
    }

    /// The axis of time.
    pub(super) fn time(&self, canvas: &Canvas<'_>, seconds: f64) -> Result<(), PlotError> {
        let (unit, name) = match seconds {
            seconds if seconds <= 1.0 => (1e-3, "ms"),
            seconds if seconds <= 600.0 => (1.0, "s"),
            seconds if seconds <= 36_000.0 => (60.0, "min"),
            _ => (3_600.0, "h"),
        };
        let about = (self.frame.width() / 110).clamp(2, 10) as usize;
        let ticks = Scale::linear(0.0, seconds / unit, 0, 1).ticks(about);
        for tick in ticks {
            let x = self.across.at(tick * unit);
            let bottom = self.frame.bottom;
            canvas.thin(&[(x, bottom), (x, bottom + 4)], INK)?;
            let label = format!("{} {name}", super::scale::number(tick));
            canvas.text(&label, (x, bottom + 14), HPos::Center, (SMALL, 90), INK)?;
        }
        Ok(())
    }

    /// The lines, and beside each its name; names without a place go into a key above the frame,
    /// from the pixel `key` on, as many as have room.
    pub(super) fn lines(
        &self,
        canvas: &Canvas<'_>,
        lines: &[Line],
        labels: &mut Labels,
        key: Option<i32>,
    ) -> Result<(), PlotError> {
        let paths: Vec<_> = lines.iter().map(|line| self.paths(line)).collect();
        let drawn = || lines.iter().zip(&paths);
        for (line, paths) in drawn() {
            if let Some(colour) = line.area {
                for path in paths {
                    let ends = [path.last(), path.first()].into_iter().flatten();
                    let floor = ends.map(|end| (end.0, self.frame.bottom));
                    let outline: Vec<_> = path.iter().copied().chain(floor).collect();
                    canvas.shape(&outline, colour)?;
                }
            }
        }
        for (line, paths) in drawn() {
            for path in paths {
                self.path(canvas, path, &line.look)?;
            }
        }
        let trails: Vec<_> = drawn()
            .map(|(line, paths)| Trail::new(paths, &self.frame, line.look.width == 1))
            .collect();
        let mut left = key;
        for (index, line) in lines.iter().enumerate().filter(|(_, line)| line.shows()) {
            let room = self.frame.width() / 2;
            let Some(name) = words::fit(&line.name, SMALL, room) else {
                continue;
            };
            if let Some(at) = labels.place(&name, index, &trails) {
                canvas.text(&name, at, HPos::Left, (SMALL, room), line.look.colour)?;
            } else if let Some(x) = left.filter(|x| key_end(&name, *x) <= self.frame.right) {
                left = Some(in_key(
                    canvas,
                    &name,
                    &line.look,
                    (x, self.frame.top - HEAD / 2),
                )?);
            }
        }
        Ok(())
    }

    fn path(&self, canvas: &Canvas<'_>, path: &[At], look: &Look) -> Result<(), PlotError> {
        match path {
            // A line cannot show a point that stands alone.
            [(x, y)] => canvas.path(
                &[(x - 2, *y), (x + 2, *y)],
                &Look {
                    pattern: &[],
                    ..*look
                },
            ),
            path => canvas.path(path, look),
        }?;
        // So many marks in a row would be a thicker line.
        let long = match path {
            [first, .., last] => last.0 - first.0,
            _ => self.frame.width(),
        };
        if long / (path.len() as i32) >= 12 {
            for at in path {
                canvas.mark(*at, look, look.width as i32 + 1)?;
            }
        }
        Ok(())
    }

    /// The stretches where something is known, in pixels.
    fn paths(&self, line: &Line) -> Vec<Vec<At>> {
        line.points
            .chunk_by(|left, right| left.1.is_some() == right.1.is_some())
            .map(|stretch| {
                let known = stretch.iter().filter_map(|(x, y)| Some((*x, (*y)?)));
                // A series that is longer than the others would pile up at the edge.
                let known = known.filter(|(x, _)| self.across.holds(*x));
                known.map(|(x, y)| self.at(x, y)).collect::<Vec<_>>()
            })
            .filter(|path| !path.is_empty())
            .collect()
    }
}

/// A sample of the line with its name; returns where the next one may start.
pub(super) fn in_key(
    canvas: &Canvas<'_>,
    name: &str,
    look: &Look,
    (x, y): At,
) -> Result<i32, PlotError> {
    canvas.path(&[(x, y), (x + SAMPLE, y)], look)?;
    canvas.mark((x + SAMPLE / 2, y), look, look.width as i32 + 1)?;
    let (end, left) = (key_end(name, x), x + SAMPLE + 6);
    canvas.text(
        name,
        (left, y),
        HPos::Left,
        (SMALL, end - left),
        look.colour,
    )?;
    Ok(end + 18)
}

/// Where a name in a key ends.
pub(super) fn key_end(name: &str, x: i32) -> i32 {
    x + SAMPLE + 6 + words::width(name, SMALL)
}
