use plotters::style::text_anchor::HPos;

use super::{
    PlotError,
    canvas::{Frame, picture},
    scale::{self, known},
    style::{BODY, FAINT, GOODPUT_AREA, GRID, INK, SHADE, SMALL, TITLE},
};

const WIDTH: i32 = 900;
const LEFT: i32 = 190;
const RIGHT: i32 = WIDTH - 90;
const TOP: i32 = 76;
const ROW: i32 = 34;
const MOST: usize = 40;

/// One bar of a picture of scores.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Score {
    /// Whose it is.
    pub name: String,
    /// 0 to 1.
    pub score: f64,
    /// Whether it is drawn in colour.
    pub stands_out: bool,
}

/// Draws scores of 0 to 1 as bars, one below the other in the order in which they are given, as SVG.
///
/// ```
/// use floodwall_sim::plot::{self, Score};
///
/// let score = Score { name: "aimd".to_owned(), score: 0.71, stands_out: false };
/// assert!(plot::scores("who does best", "goodput", &[score])?.contains("0.710"));
/// # Ok::<(), plot::PlotError>(())
/// ```
///
/// # Errors
///
/// Fails if there are more than forty.
pub fn scores(title: &str, about: &str, scores: &[Score]) -> Result<String, PlotError> {
    let given = scores.len();
    if given > MOST {
        return Err(PlotError::TooMany { given, most: MOST });
    }
    let bottom = TOP + ROW * given as i32;
    let at = |share: f64| LEFT + (share * f64::from(RIGHT - LEFT)).round() as i32;
    picture((WIDTH, bottom + 40), |canvas| {
        let room = WIDTH - 48;
        canvas.text(title, (24, 26), HPos::Left, (TITLE, room), INK)?;
        canvas.text(about, (24, 52), HPos::Left, (BODY, room), FAINT)?;
        for tenth in [0.0, 0.2, 0.4, 0.6, 0.8, 1.0] {
            let x = at(tenth);
            canvas.thin(&[(x, TOP), (x, bottom)], GRID)?;
            let tick = scale::percent(tenth);
            canvas.text(&tick, (x, bottom + 14), HPos::Center, (SMALL, 60), INK)?;
        }
        for (row, score) in (0..).zip(scores) {
            let top = TOP + row * ROW + 6;
            let share = known(score.score).unwrap_or(0.0).clamp(0.0, 1.0);
            let bar = Frame {
                left: LEFT,
                top,
                right: at(share).max(LEFT + 1),
                bottom: top + ROW - 12,
            };
            let colour = if score.stands_out {
                GOODPUT_AREA
            } else {
                SHADE
            };
            canvas.fill(&bar, colour)?;
            let outline = [
                (bar.left, bar.top),
                (bar.right, bar.top),
                (bar.right, bar.bottom),
                (bar.left, bar.bottom),
                (bar.left, bar.top),
            ];
            canvas.thin(&outline, FAINT)?;
            let middle = top + (ROW - 12) / 2;
            canvas.text(
                &score.name,
                (LEFT - 10, middle),
                HPos::Right,
                (BODY, LEFT - 30),
                INK,
            )?;
            let figure = format!("{share:.3}");
            canvas.text(
                &figure,
                (bar.right + 8, middle),
                HPos::Left,
                (BODY, 80),
                INK,
            )?;
        }
        Ok(())
    })
}
