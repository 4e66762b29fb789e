//! Series as points to draw: no more than a picture can show.

use super::scale::known;
use crate::Series;

/// More points than this lie on top of each other.
const MOST: usize = 360;

/// Where it lies on the axis of time, and its value where one is known.
pub(super) type Point = (f64, Option<f64>);

/// How long a step is; a report that does not say it spreads its steps over the whole run.
pub(super) fn step(series: &Series, seconds: f64) -> f64 {
    if series.step.is_finite() && series.step > 0.0 {
        return series.step;
    }
    let steps = series.offered.len().max(series.goodput.len()).max(1);
    known(seconds).filter(|all| *all > 0.0).unwrap_or(1.0) / steps as f64
}

/// The means of neighbours, where there are too many.
pub(super) fn means(values: impl ExactSizeIterator<Item = Option<f64>>, step: f64) -> Vec<Point> {
    thin(values, step, |known| {
        known.iter().sum::<f64>() / known.len() as f64
    })
}

/// The greatest of neighbours, where there are too many: the mean of percentiles means nothing.
pub(super) fn peaks(values: impl ExactSizeIterator<Item = Option<f64>>, step: f64) -> Vec<Point> {
    thin(values, step, |known| {
        known.iter().copied().fold(0.0, f64::max)
    })
}

fn thin(
    values: impl ExactSizeIterator<Item = Option<f64>>,
    step: f64,
    merge: impl Fn(&[f64]) -> f64,
) -> Vec<Point> {
    let size = values.len().div_ceil(MOST).max(1);
    let values: Vec<_> = values.map(|value| value.and_then(known)).collect();
    let mut start = 0;
    values
        .chunks(size)
        .map(|chunk| {
            let middle = (start as f64 + 0.5 * chunk.len() as f64) * step;
            start += chunk.len();
            let known: Vec<_> = chunk.iter().flatten().copied().collect();
            (middle, (!known.is_empty()).then(|| merge(&known)))
        })
        .collect()
}

/// Without the stretches that are zero: nobody refused needs no line along the axis.
pub(super) fn without_zeros(points: &[Point]) -> Vec<Point> {
    let positive = |at: usize| points.get(at).is_some_and(|point| point.1 > Some(0.0));
    (0..points.len())
        .map(|at| {
            // A zero beside something else stays: the line starts and ends on the axis.
            let seen = positive(at) || positive(at + 1) || (at > 0 && positive(at - 1));
            (points[at].0, points[at].1.filter(|_| seen))
        })
        .collect()
}

/// The greatest value there is; zero if there is none.
pub(super) fn top(points: &[Point]) -> f64 {
    points
        .iter()
        .filter_map(|point| point.1)
        .fold(0.0, f64::max)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_steps_become_as_many_points_as_a_picture_shows() {
        let points = means((0..10_000).map(|at| Some(f64::from(at))), 1.0);
        assert!(points.len() <= MOST);
        assert_eq!(points[0], (14.0, Some(13.5)));
    }

    #[test]
    fn what_is_no_number_is_not_known() {
        let values = [Some(f64::NAN), None, Some(f64::INFINITY), Some(2.0)];
        let known: Vec<_> = means(values.into_iter(), 1.0)
            .iter()
            .map(|point| point.1)
            .collect();
        assert_eq!(known, [None, None, None, Some(2.0)]);
    }

    #[test]
    fn a_line_starts_and_ends_on_the_axis_where_it_leaves_zero() {
        let points = [0.0, 0.0, 0.0, 5.0, 0.0, 0.0]
            .map(|value| (0.0, Some(value)))
            .to_vec();
        let seen: Vec<_> = without_zeros(&points).iter().map(|point| point.1).collect();
        assert_eq!(seen, [None, None, Some(0.0), Some(5.0), Some(0.0), None]);
    }
}
