//! Runs as pictures: SVG text, the same bytes for the same figures on every machine.
//!
//! Each line has its own pattern and its name beside it, so that a picture also works in black and
//! white. Values that are no numbers are treated as unknown.

mod canvas;
mod compare;
mod dash;
mod error;
mod figures;
mod inside;
mod labels;
mod latency;
mod limits;
mod panel;
mod phases;
mod points;
mod rates;
mod scale;
mod scores;
mod style;
mod sweep;
mod timeline;
mod words;

pub use compare::compare;
pub use error::PlotError;
pub use limits::{LimitCourse, limits};
pub use scores::{Score, scores};
pub use sweep::{SweepCurve, SweepPoint, sweep};
pub use timeline::timeline;

#[cfg(test)]
mod tests;
