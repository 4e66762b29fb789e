use super::{Bar, OURS};
use crate::score::League;

const MEAN: &str = "the mean over all scenarios that judge";
const EACH: &str = "each scenario, as a share of the best algorithm";

/// The best mean score of all algorithms.
pub(super) fn mean(league: &League) -> Vec<Bar> {
    let means: Vec<_> = league
        .means()
        .into_iter()
        .filter(|(_, is_algorithm, _)| *is_algorithm)
        .collect();
    let ours = means.iter().find(|(name, ..)| name == OURS);
    let other = means.iter().find(|(name, ..)| name != OURS);
    vec![match (ours, other) {
        (Some((.., ours)), Some((name, _, other))) => Bar::new(
            MEAN,
            "the best score of all algorithms",
            format!("{ours:.4}, the best other is {name} with {other:.4}"),
            ours >= other,
        ),
        _ => Bar::missing(MEAN, "the best score of all algorithms"),
    }]
}

/// In each scenario nearly as much as the best of all algorithms there.
pub(super) fn each(league: &League) -> Vec<Bar> {
    league
        .judging()
        .filter_map(|row| {
            let ours = row.result(OURS)?;
            let best = row.ranking().into_iter().next()?;
            let share = if best.score > 0.0 {
                ours.score / best.score
            } else {
                1.0
            };
            let bar = if row.is_narrow { 0.93 } else { 0.97 };
            Some(Bar::new(
                EACH,
                format!("{} at least {bar}", row.name),
                format!(
                    "{share:.3} ({:.3}; best {} {:.3})",
                    ours.score, best.name, best.score
                ),
                share >= bar,
            ))
        })
        .collect()
}
