use floodwall_core::limit::Preset;
use floodwall_sim::Contender;

use super::Bar;
use crate::figures::Figures;
use crate::rows::{Point, Row};
use crate::score::{League, Spot, good};

const DRIFT: &str = "drift: three times slower for half an hour (long-incident)";
const MILD: &str = "half an hour just above the capacity (mild-overload)";
const CALM: &str = "calm, once settled";
/// When who starts anywhere has found its place: seconds.
const FOUND: f64 = 60.0;

pub(super) fn all(rows: &[Row], league: &League) -> Vec<Bar> {
    let mut bars = Vec::new();
    let found = |name: &str| {
        let (row, scored) = rows
            .iter()
            .zip(&league.rows)
            .find(|(row, _)| row.name == name)?;
        Some(row.points.iter().zip(&scored.points))
    };
    match found("long-incident") {
        Some(points) => points.for_each(|point| bars.extend(incident(point))),
        None => bars.push(Bar::missing(DRIFT, "the limit and the goodput")),
    }
    match found("mild-overload") {
        Some(points) => points.for_each(|point| bars.extend(mild(point))),
        None => bars.push(Bar::missing(MILD, "the limit and the p99")),
    }
    for name in ["calm", "shedding-calm"] {
        match found(name) {
            Some(points) => points.for_each(|point| bars.extend(calm(name, point))),
            None => bars.push(Bar::missing(CALM, name)),
        }
    }
    bars
}

/// Our runs at a point, by what was played.
pub(super) fn ours(spot: &Spot) -> impl Iterator<Item = (String, &[Figures])> {
    spot.plays
        .iter()
        .filter(|(name, runs)| {
            let contender = name.parse();
            let ours = matches!(contender, Ok(Contender::Limit(Preset::Marginal, _)));
            ours && !runs.is_empty()
        })
        .map(|(name, runs)| (name.clone(), runs.as_slice()))
}

/// When the phase of this name begins and ends, in seconds.
pub(super) fn span(point: &Point, name: &str) -> Option<(f64, f64)> {
    let mut start = 0.0;
    for phase in &point.scenario.phases {
        let end = start + phase.lasts.as_secs_f64();
        if phase.name == name {
            return Some((start, end));
        }
        start = end;
    }
    None
}

/// The five-second means of the limit between two moments, over the limit `best`, of all runs.
fn ratios(runs: &[Figures], (from, to): (f64, f64), best: u32) -> Vec<f64> {
    let means = runs
        .iter()
        .flat_map(|figures| &figures.limit[figures.steps(from, to)]);
    means
        .flatten()
        .map(|limit| limit / f64::from(best))
        .collect()
}

fn share(all: &[f64], holds: impl Fn(f64) -> bool) -> f64 {
    let count = all.iter().filter(|one| holds(**one)).count();
    count as f64 / all.len().max(1) as f64
}

fn incident((point, spot): (&Point, &Spot)) -> Vec<Bar> {
    let Some((from, to)) = span(point, "slow") else {
        return Vec::new();
    };
    let (best, most) = spot.best_between(from, to);
    let mut bars = Vec::new();
    for (name, runs) in ours(spot) {
        let ratios = ratios(runs, (from, to), best);
        let within = share(&ratios, |ratio| ratio <= 1.5);
        let low = share(&ratios, |ratio| ratio < 1.0 / 1.5);
        // While nothing is overloaded a limit may stand anywhere, so the incident finds it there.
        let found = self::ratios(runs, (from + FOUND, to), best);
        let top = found.iter().copied().fold(0.0, f64::max);
        let done = good(runs, from, to) / most.max(1.0);
        bars.push(Bar::new(
            DRIFT,
            format!("{name}: within 1.5 x the best fixed limit ({best}) for 95 % of the time"),
            format!(
                "{:.1} % (below it by as much: {:.1} %)",
                100.0 * within,
                100.0 * low
            ),
            within >= 0.95,
        ));
        bars.push(Bar::new(
            DRIFT,
            format!("{name}: never above 2.5 x after the first minute of it"),
            format!("{top:.2} x"),
            top <= 2.5,
        ));
        bars.push(Bar::new(
            DRIFT,
            format!("{name}: goodput at least 0.95 of the best fixed limit's"),
            format!("{done:.3}"),
            done >= 0.95,
        ));
    }
    bars
}

fn mild((point, spot): (&Point, &Spot)) -> Vec<Bar> {
    let load = point.load.unwrap_or(1.0);
    let (best, _) = spot.best_between(FOUND, f64::INFINITY);
    let mut bars = Vec::new();
    for (name, runs) in ours(spot) {
        let ratios = ratios(runs, (FOUND, f64::INFINITY), best);
        let top = ratios.iter().copied().fold(0.0, f64::max);
        let within = share(&ratios, |ratio| ratio <= 2.0);
        bars.push(Bar::new(
            MILD,
            format!("{name} at {load}: within 2 x the best fixed limit ({best})"),
            format!(
                "{top:.2} x at most, {:.1} % of the time within",
                100.0 * within
            ),
            top <= 2.0,
        ));
        let p99 = runs.iter().filter_map(|figures| *figures.p99.first()?);
        let p99 = p99.fold(0.0, f64::max);
        bars.push(Bar::new(
            MILD,
            format!("{name} at {load}: p99 at most the longest wait and the service's own, 860 ms"),
            format!("{:.0} ms", 1e3 * p99),
            p99 <= 0.86,
        ));
    }
    bars
}

fn calm(row: &str, (_, spot): (&Point, &Spot)) -> Vec<Bar> {
    let mut bars = Vec::new();
    for (name, runs) in ours(spot) {
        let steps = |figures: &Figures| figures.steps(FOUND, f64::INFINITY);
        let refused: u64 = runs
            .iter()
            .flat_map(|figures| &figures.refused[steps(figures)])
            .sum();
        bars.push(Bar::new(
            CALM,
            format!("{row}, {name}: not one refusal after a minute"),
            format!("{refused} in {} runs", runs.len()),
            refused == 0,
        ));
        let worst = runs.iter().flat_map(|figures| {
            steps(figures)
                .map(|step| figures.good[step] as f64 / figures.offered[step].max(1) as f64)
        });
        let worst = worst.fold(1.0, f64::min);
        bars.push(Bar::new(
            CALM,
            format!("{row}, {name}: no dip, in the worst five seconds 0.97 of what was asked for"),
            format!("{worst:.3}"),
            worst >= 0.97,
        ));
    }
    bars
}
