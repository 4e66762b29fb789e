//! The phases: every second one shaded, each with its name above.

use plotters::style::text_anchor::HPos;

use super::{
    PlotError,
    canvas::{Canvas, Frame},
    panel::Panel,
    scale::known,
    style::{BODY, FAINT, INK, SHADE, SMALL},
};
use crate::Report;

/// How high the strip with the names is.
pub(super) const STRIP: i32 = 24;

/// A phase on the axis of time.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Span {
    pub(super) name: String,
    pub(super) start: f64,
    pub(super) end: f64,
}

/// A phase lasts until the next one starts: what it leaves out while it settles belongs to it too.
pub(super) fn spans(report: &Report, seconds: f64) -> Vec<Span> {
    let mut spans: Vec<_> = report
        .phases
        .iter()
        .filter_map(|phase| {
            let start = known(phase.start).filter(|start| *start < seconds)?;
            Some(Span {
                name: phase.name.clone(),
                start,
                end: seconds,
            })
        })
        .collect();
    spans.sort_by(|left, right| left.start.total_cmp(&right.start));
    for at in 1..spans.len() {
        spans[at - 1].end = spans[at].start;
    }
    spans
}

/// Behind everything else: shades every second phase.
pub(super) fn shade(canvas: &Canvas<'_>, panel: &Panel, spans: &[Span]) -> Result<(), PlotError> {
    for span in spans.iter().skip(1).step_by(2) {
        canvas.fill(&between(panel, span), SHADE)?;
    }
    Ok(())
}

/// Writes the names into a strip from `top` on, as far as they have room.
pub(super) fn names(
    canvas: &Canvas<'_>,
    panel: &Panel,
    spans: &[Span],
    top: i32,
) -> Result<(), PlotError> {
    for (at, span) in spans.iter().enumerate() {
        let strip = Frame {
            top,
            bottom: top + STRIP - 2,
            ..between(panel, span)
        };
        if at % 2 == 1 {
            canvas.fill(&strip, SHADE)?;
        }
        canvas.thin(
            &[(strip.left, strip.top), (strip.left, strip.bottom)],
            FAINT,
        )?;
        let size = if strip.width() < 90 { SMALL } else { BODY };
        let at = (strip.left + 6, (strip.top + strip.bottom) / 2);
        canvas.text(&span.name, at, HPos::Left, (size, strip.width() - 10), INK)?;
    }
    Ok(())
}

fn between(panel: &Panel, span: &Span) -> Frame {
    Frame {
        left: panel.across.at(span.start),
        right: panel.across.at(span.end),
        ..panel.frame
    }
}
