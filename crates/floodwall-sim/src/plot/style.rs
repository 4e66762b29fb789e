//! Colours that differ in grey too, patterns and marks: whoever cannot see one sees the others.

use plotters::style::RGBColor;

pub(super) const PAPER: RGBColor = RGBColor(255, 255, 255);
pub(super) const INK: RGBColor = RGBColor(40, 40, 40);
pub(super) const FAINT: RGBColor = RGBColor(110, 110, 110);
pub(super) const GRID: RGBColor = RGBColor(225, 225, 225);
pub(super) const SHADE: RGBColor = RGBColor(240, 240, 240);
pub(super) const GOODPUT_AREA: RGBColor = RGBColor(178, 223, 205);

/// Sizes of letters.
pub(super) const TITLE: u32 = 26;
pub(super) const HEAD: u32 = 20;
pub(super) const BODY: u32 = 16;
pub(super) const SMALL: u32 = 15;

/// How a line looks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Look {
    pub(super) colour: RGBColor,
    pub(super) width: u32,
    /// Drawn and left out in turns, in pixels; a line without breaks has none.
    pub(super) pattern: &'static [u32],
    pub(super) mark: Mark,
}

/// What stands on each point of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mark {
    Nothing,
    Dot,
    Ring,
    Square,
    Triangle,
    Cross,
    Diamond,
}

const fn look(colour: RGBColor, width: u32, pattern: &'static [u32]) -> Look {
    Look {
        colour,
        width,
        pattern,
        mark: Mark::Nothing,
    }
}

const GREEN: RGBColor = RGBColor(0, 109, 80);
const ORANGE: RGBColor = RGBColor(213, 94, 0);
const PURPLE: RGBColor = RGBColor(110, 50, 120);
const BLUE: RGBColor = RGBColor(0, 90, 150);

pub(super) const OFFERED: Look = look(RGBColor(90, 90, 90), 2, &[9, 5]);
pub(super) const ATTEMPTS: Look = look(RGBColor(120, 120, 120), 2, &[3, 3]);
pub(super) const GOODPUT: Look = look(GREEN, 3, &[]);
pub(super) const REFUSED: Look = look(ORANGE, 3, &[2, 5]);
pub(super) const WASTED: Look = look(PURPLE, 2, &[12, 3, 2, 3]);
pub(super) const CAPACITY: Look = look(FAINT, 1, &[]);
pub(super) const P99: Look = Look {
    mark: Mark::Dot,
    ..look(GREEN, 2, &[])
};
pub(super) const QUEUE: Look = look(BLUE, 2, &[]);
pub(super) const LINE: Look = look(PURPLE, 2, &[12, 3, 2, 3]);
pub(super) const IN_FLIGHT: Look = look(GREEN, 3, &[2, 4]);
pub(super) const LIMIT: Look = look(RGBColor(90, 90, 90), 2, &[9, 5]);
pub(super) const PRESSURE: Look = look(ORANGE, 2, &[]);
pub(super) const CUT_OFF: Look = look(BLUE, 2, &[]);

/// One for each curve of a sweep; there are no more curves than these.
pub(super) const CURVES: [Look; 6] = [
    Look {
        mark: Mark::Dot,
        ..look(GREEN, 3, &[])
    },
    Look {
        mark: Mark::Square,
        ..look(ORANGE, 2, &[9, 5])
    },
    Look {
        mark: Mark::Triangle,
        ..look(BLUE, 2, &[3, 4])
    },
    Look {
        mark: Mark::Cross,
        ..look(PURPLE, 2, &[12, 3, 2, 3])
    },
    Look {
        mark: Mark::Ring,
        ..look(RGBColor(120, 90, 0), 2, &[18, 5])
    },
    Look {
        mark: Mark::Diamond,
        ..look(RGBColor(90, 90, 90), 2, &[6, 3, 2, 3, 2, 3])
    },
];
