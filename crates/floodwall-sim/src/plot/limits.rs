use plotters::style::text_anchor::HPos;

use super::{
    PlotError,
    canvas::{Canvas, Frame, picture},
    labels::Labels,
    panel::{Line, Panel, TICKS, TIME},
    points::means,
    scale::{self, Scale, known},
    style::{self, BODY, FAINT, INK, TITLE},
};

const WIDTH: i32 = 1_000;
const LEFT: i32 = 16 + TICKS;
const RIGHT: i32 = WIDTH - 28;
const TOP: i32 = 76;
const HEIGHT: i32 = 116;
const BETWEEN: i32 = 34;
/// So many fit into one picture.
const MOST: usize = 16;

/// How the limit of one algorithm went.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LimitCourse {
    /// The algorithm's name, and what else belongs beside it.
    pub name: String,
    /// The limit, in even steps.
    pub limit: Vec<Option<f64>>,
}

/// Draws how limits went over time, as SVG: a panel for each, all on one logarithmic scale, and in each
/// the `best` fixed limit of each step as a thin line. A step is `step` seconds long.
///
/// ```
/// use floodwall_sim::plot::{self, LimitCourse};
///
/// let course = LimitCourse {
///     name: "aimd".to_owned(),
///     limit: vec![Some(20.0), Some(18.0), Some(40.0)],
/// };
/// let svg = plot::limits("a slow hour", 5.0, &[course], &[Some(10.0); 3])?;
/// assert!(svg.contains("aimd"));
/// # Ok::<(), plot::PlotError>(())
/// ```
///
/// # Errors
///
/// Fails if there are more than sixteen.
pub fn limits(
    title: &str,
    step: f64,
    courses: &[LimitCourse],
    best: &[Option<f64>],
) -> Result<String, PlotError> {
    let given = courses.len();
    if given > MOST {
        return Err(PlotError::TooMany { given, most: MOST });
    }
    let steps = courses.iter().map(|course| course.limit.len());
    let steps = steps.max().unwrap_or(0).max(1);
    let step = known(step).filter(|step| *step > 0.0).unwrap_or(1.0);
    let seconds = step * steps as f64;
    let all = courses.iter().flat_map(|course| &course.limit).chain(best);
    let most = all.flatten().filter_map(|limit| known(*limit));
    let most = most.fold(10.0, f64::max);
    let rows = given.max(1) as i32;
    picture((WIDTH, TOP + rows * (HEIGHT + BETWEEN) + TIME), |canvas| {
        let room = WIDTH - 48;
        canvas.text(title, (24, 26), HPos::Left, (TITLE, room), INK)?;
        let about = "how many may be inside; thin: the best fixed limit of that time";
        canvas.text(about, (24, 52), HPos::Left, (BODY, room), FAINT)?;
        let best = Line::new("", style::CAPACITY, means(best.iter().copied(), step));
        for (at, course) in (0..).zip(courses) {
            let top = TOP + BETWEEN + at * (HEIGHT + BETWEEN) - 12;
            let frame = Frame {
                left: LEFT,
                top,
                right: RIGHT,
                bottom: top + HEIGHT,
            };
            let panel = Panel {
                frame,
                across: Scale::linear(0.0, seconds, LEFT, RIGHT),
                up: Scale::log_from_zero(1.2 * most, frame.bottom, frame.top),
            };
            draw(canvas, &panel, course, (&best, step))?;
            if at + 1 == rows {
                panel.time(canvas, seconds)?;
            }
        }
        Ok(())
    })
}

fn draw(
    canvas: &Canvas<'_>,
    panel: &Panel,
    course: &LimitCourse,
    (best, step): (&Line, f64),
) -> Result<(), PlotError> {
    panel.frame(canvas, &course.name, &scale::number)?;
    let line = Line::new("", style::QUEUE, means(course.limit.iter().copied(), step));
    let mut labels = Labels::new(panel.frame);
    panel.lines(canvas, &[best.clone(), line], &mut labels, None)
}
