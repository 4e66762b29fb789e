use super::Bar;
use super::drift::{ours, span};
use crate::figures::Figures;
use crate::rows::{Point, Row};
use crate::score::{League, Spot, good};

const CHANGE: &str = "after a change: within 20 % of the best fixed limit, or 0.97 of its goodput";
const FLOOR: &str = "never at the floor while the service is healthy";

/// The scenarios in which something changes, and the phases at whose end it must have been found out.
const CASES: [(&str, &[&str]); 9] = [
    ("capacity-drop", &["before", "fewer", "after"]),
    ("slow-dependency", &["slow", "after"]),
    ("protego-locks", &["overload", "after"]),
    ("one-lock", &["overload"]),
    ("two-routes", &["overload"]),
    ("health-checks", &["flood"]),
    ("instant-failures", &["before", "after"]),
    ("constant-delay", &["overload"]),
    ("shared-cpu", &["overload"]),
];

pub(super) fn all(rows: &[Row], league: &League) -> Vec<Bar> {
    let (mut bars, mut floors) = (Vec::new(), Vec::new());
    for (name, phases) in CASES {
        let mut found = rows.iter().zip(&league.rows);
        let Some((row, scored)) = found.find(|(row, _)| row.name == name) else {
            bars.push(Bar::missing(CHANGE, name));
            continue;
        };
        for (point, spot) in row.points.iter().zip(&scored.points) {
            for phase in phases {
                bars.extend(after(name, phase, point, spot));
            }
            floors.extend(floor(name, point, spot));
        }
    }
    bars.extend(floors);
    bars
}

/// From when on it must have been found out: after the longer of a minute and 5,000 completions, and in a
/// phase that is shorter than twice that, in its second half.
fn known_from(point: &Point, (from, to): (f64, f64)) -> f64 {
    let rate = point.scenario.best_capacity().unwrap_or(1_000.0);
    let wait = (5_000.0 / rate).max(60.0);
    from + wait.min((to - from) / 2.0)
}

fn after(row: &str, phase: &str, point: &Point, spot: &Spot) -> Vec<Bar> {
    let Some((from, to)) = span(point, phase) else {
        return Vec::new();
    };
    let from = known_from(point, (from, to));
    let (best, most) = spot.best_between(from, to);
    let one = |(name, runs): (String, &[Figures])| {
        let limits: Vec<_> = runs
            .iter()
            .filter_map(|figures| figures.limit(from, to))
            .collect();
        let limit = limits.iter().sum::<f64>() / limits.len().max(1) as f64;
        let done = good(runs, from, to) / most.max(1.0);
        let near = (limit / f64::from(best) - 1.0).abs() <= 0.2;
        Bar::new(
            CHANGE,
            format!("{row} during {phase}, {name}"),
            format!("limit {limit:.1}, best {best}; goodput {done:.3}"),
            near || done >= 0.97,
        )
    };
    ours(spot).map(one).collect()
}

/// The floor is 1: a mean of five seconds below 1.5 is as good as there, where the best fixed limit is 4 or
/// more and somebody was refused; a limit that holds nobody back need not move. The first half minute is for
/// who starts there.
fn floor(row: &str, point: &Point, spot: &Spot) -> Vec<Bar> {
    if spot.best.0 < 4 {
        return Vec::new();
    }
    let end = point.scenario.length().as_secs_f64();
    let one = |(name, runs): (String, &[Figures])| {
        let at_floor = |figures: &Figures| {
            let steps = figures.steps(30.0, end);
            steps
                .filter(|step| figures.refused[*step] > 0)
                .filter(|step| figures.limit[*step].is_some_and(|limit| limit < 1.5))
                .count()
        };
        let count: usize = runs.iter().map(at_floor).sum();
        Bar::new(
            FLOOR,
            format!("{row}, {name}"),
            format!("{count} steps of five seconds in {} runs", runs.len()),
            count == 0,
        )
    };
    ours(spot).map(one).collect()
}
