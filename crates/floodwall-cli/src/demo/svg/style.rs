//! Colours that differ in grey too, patterns, and letters.

use plotters::{
    prelude::{IntoFont, RGBColor, TextStyle},
    style::ShapeStyle,
};

pub(super) const PAPER: RGBColor = RGBColor(255, 255, 255);
pub(super) const INK: RGBColor = RGBColor(40, 40, 40);
pub(super) const FAINT: RGBColor = RGBColor(120, 120, 120);
pub(super) const GRID: RGBColor = RGBColor(225, 225, 225);
pub(super) const FLOOD: RGBColor = RGBColor(243, 243, 243);
pub(super) const OFFERED: RGBColor = RGBColor(90, 90, 90);
pub(super) const GOODPUT: RGBColor = RGBColor(0, 109, 80);
pub(super) const GOODPUT_AREA: RGBColor = RGBColor(178, 223, 205);
pub(super) const REFUSED: RGBColor = RGBColor(213, 94, 0);

/// Dash and gap, in pixels.
pub(super) const DASHES: (u32, u32) = (9, 5);
pub(super) const DOTS: (u32, u32) = (2, 4);

pub(super) fn text(size: u32, colour: &RGBColor) -> TextStyle<'static> {
    ("sans-serif", size).into_font().color(colour)
}

pub(super) fn line(colour: RGBColor, width: u32) -> ShapeStyle {
    ShapeStyle {
        color: colour.into(),
        filled: false,
        stroke_width: width,
    }
}
