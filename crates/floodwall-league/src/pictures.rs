use anyhow::Result;
use floodwall_sim::plot::{self, LimitCourse, Score};

use crate::checks::OURS;
use crate::figures::Figures;
use crate::rows::Row;
use crate::score::{League, Spot};

/// Where the limits are drawn over time, and from which start.
const DRAWN: [(&str, &str); 2] = [
    (
        "long-incident",
        "Three times slower for half an hour: how the limits go",
    ),
    (
        "capacity-drop",
        "Four of ten workers are lost and come back: how the limits go",
    ),
];
const START: u32 = 20;

/// The pictures: a name, what it shows, and the SVG.
pub(crate) fn all(rows: &[Row], league: &League) -> Result<Vec<(String, String, String)>> {
    let mut all = vec![scores(league)?];
    for (name, about) in DRAWN {
        let found = rows.iter().zip(&league.rows);
        let found = found.filter(|(row, _)| row.name == name);
        for (row, scored) in found {
            let courses: Vec<_> = scored
                .ranking()
                .iter()
                .filter_map(|result| course(&result.name, &scored.points[0]))
                .collect();
            let best = best(row, &scored.points[0]);
            let step = first(&scored.points[0]).map_or(5.0, |figures| figures.step);
            let svg = plot::limits(about, step, &courses, &best)?;
            all.push((name.to_owned(), about.to_owned(), svg));
        }
    }
    Ok(all)
}

fn scores(league: &League) -> Result<(String, String, String)> {
    let bars: Vec<_> = league
        .means()
        .into_iter()
        .filter(|(_, is_algorithm, _)| *is_algorithm)
        .map(|(name, _, score)| Score {
            stands_out: name == OURS,
            name,
            score,
        })
        .collect();
    let about = "Mean score over all scenarios that judge";
    let under = "goodput as a share of that of the best fixed limit of each scenario";
    let svg = plot::scores(about, under, &bars)?;
    Ok(("scores".to_owned(), about.to_owned(), svg))
}

fn first(spot: &Spot) -> Option<&Figures> {
    spot.fixed.first().and_then(|(_, runs)| runs.first())
}

/// The first seed, from a start of 20.
fn course(name: &str, spot: &Spot) -> Option<LimitCourse> {
    let runs = spot.plays.get(&format!("{name}:{START}"))?;
    Some(LimitCourse {
        name: name.to_owned(),
        limit: runs.first()?.limit.clone(),
    })
}

/// The best fixed limit of each phase, by step.
fn best(row: &Row, spot: &Spot) -> Vec<Option<f64>> {
    let Some(figures) = first(spot) else {
        return Vec::new();
    };
    let mut best = vec![None; figures.good.len()];
    let mut start = 0.0;
    for phase in &row.points[0].scenario.phases {
        let end = start + phase.lasts.as_secs_f64();
        let (limit, _) = spot.best_between(start, end);
        best[figures.steps(start, end)].fill(Some(f64::from(limit)));
        start = end;
    }
    best
}
