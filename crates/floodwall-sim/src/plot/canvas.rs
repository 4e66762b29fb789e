//! Drawing in pixels. Nothing leaves the canvas: plotters moves what lies outside to its edge.

use plotters::{
    coord::Shift,
    prelude::{
        Circle, DrawingArea, IntoDrawingArea, IntoFont, PathElement, Polygon, Rectangle,
        SVGBackend, Text,
    },
    style::{
        Color, RGBColor, ShapeStyle,
        text_anchor::{HPos, Pos, VPos},
    },
};

use super::{
    PlotError, dash,
    style::{Look, Mark, PAPER},
    words,
};

pub(super) type At = (i32, i32);

/// The corners of something, edges included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Frame {
    pub(super) left: i32,
    pub(super) top: i32,
    pub(super) right: i32,
    pub(super) bottom: i32,
}

impl Frame {
    pub(super) fn width(&self) -> i32 {
        self.right - self.left
    }

    pub(super) fn holds(&self, other: &Self) -> bool {
        self.left <= other.left
            && self.right >= other.right
            && self.top <= other.top
            && self.bottom >= other.bottom
    }

    pub(super) fn meets(&self, other: &Self) -> bool {
        self.left <= other.right
            && other.left <= self.right
            && self.top <= other.bottom
            && other.top <= self.bottom
    }
}

pub(super) struct Canvas<'a> {
    area: DrawingArea<SVGBackend<'a>, Shift>,
}

/// Has `draw` fill a picture of that size.
pub(super) fn picture(
    (width, height): At,
    draw: impl FnOnce(&Canvas<'_>) -> Result<(), PlotError>,
) -> Result<String, PlotError> {
    let mut svg = String::new();
    {
        let size = (width.unsigned_abs(), height.unsigned_abs());
        let area = SVGBackend::with_string(&mut svg, size).into_drawing_area();
        area.fill(&PAPER).map_err(PlotError::draw)?;
        let canvas = Canvas { area };
        draw(&canvas)?;
        canvas.area.present().map_err(PlotError::draw)?;
    }
    Ok(svg)
}

impl Canvas<'_> {
    /// Draws `words` with `at` in the middle of their height; what does not fit into `room` is cut.
    pub(super) fn text(
        &self,
        words: &str,
        at: At,
        side: HPos,
        (size, room): (u32, i32),
        colour: RGBColor,
    ) -> Result<(), PlotError> {
        let Some(words) = words::fit(words, size, room) else {
            return Ok(());
        };
        let style = ("sans-serif", size)
            .into_font()
            .color(&colour)
            .pos(Pos::new(side, VPos::Center));
        self.area
            .draw(&Text::new(words, at, style))
            .map_err(PlotError::draw)
    }

    /// Draws a path with the look's pattern.
    pub(super) fn path(&self, path: &[At], look: &Look) -> Result<(), PlotError> {
        for piece in dash::cut(path, look.pattern) {
            self.area
                .draw(&PathElement::new(piece, stroke(look.colour, look.width)))
                .map_err(PlotError::draw)?;
        }
        Ok(())
    }

    pub(super) fn thin(&self, path: &[At], colour: RGBColor) -> Result<(), PlotError> {
        self.area
            .draw(&PathElement::new(path.to_vec(), stroke(colour, 1)))
            .map_err(PlotError::draw)
    }

    pub(super) fn fill(&self, frame: &Frame, colour: RGBColor) -> Result<(), PlotError> {
        let corners = [(frame.left, frame.top), (frame.right, frame.bottom)];
        self.area
            .draw(&Rectangle::new(corners, colour.filled()))
            .map_err(PlotError::draw)
    }

    pub(super) fn shape(&self, outline: &[At], colour: RGBColor) -> Result<(), PlotError> {
        self.area
            .draw(&Polygon::new(outline.to_vec(), colour.filled()))
            .map_err(PlotError::draw)
    }

    pub(super) fn mark(&self, at: At, look: &Look, r: i32) -> Result<(), PlotError> {
        let colour = look.colour;
        let (x, y) = at;
        match look.mark {
            Mark::Nothing => Ok(()),
            Mark::Dot => self.circle(at, r, colour.filled()),
            Mark::Ring => {
                self.circle(at, r, PAPER.filled())?;
                self.circle(at, r, stroke(colour, 2))
            }
            Mark::Square => {
                let [left, top, right, bottom] = [x - r, y - r, x + r, y + r];
                self.fill(
                    &Frame {
                        left,
                        top,
                        right,
                        bottom,
                    },
                    colour,
                )
            }
            Mark::Triangle => self.shape(
                &[(x, y - r - 1), (x + r + 1, y + r), (x - r - 1, y + r)],
                colour,
            ),
            Mark::Diamond => self.shape(
                &[
                    (x, y - r - 1),
                    (x + r + 1, y),
                    (x, y + r + 1),
                    (x - r - 1, y),
                ],
                colour,
            ),
            Mark::Cross => {
                let look = Look {
                    width: 2,
                    pattern: &[],
                    ..*look
                };
                self.path(&[(x - r, y - r), (x + r, y + r)], &look)?;
                self.path(&[(x - r, y + r), (x + r, y - r)], &look)
            }
        }
    }

    fn circle(&self, at: At, radius: i32, style: ShapeStyle) -> Result<(), PlotError> {
        self.area
            .draw(&Circle::new(at, radius, style))
            .map_err(PlotError::draw)
    }
}

fn stroke(colour: RGBColor, width: u32) -> ShapeStyle {
    ShapeStyle {
        color: colour.into(),
        filled: false,
        stroke_width: width,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plot::style::{GOODPUT, INK};

    #[test]
    fn nothing_is_drawn_outside() {
        let svg = picture((100, 50), |canvas| {
            canvas.thin(&[(-50, -50), (500, 500)], INK)?;
            canvas.path(&[(-1, 20), (101, 20)], &GOODPUT)
        });
        let svg = svg.unwrap();
        assert!(svg.contains("\"0,0 100,50 \""), "{svg}");
        assert!(svg.contains("\"0,20 100,20 \""), "{svg}");
    }
}
