use std::collections::BTreeMap;

use floodwall_core::limit::Preset;
use floodwall_sim::Contender;
use serde::Serialize;

use crate::field::{Entrant, Field, ladder};
use crate::figures::Figures;
use crate::job::Job;
use crate::rows::{Point, Row};
use crate::store::Store;

/// What comes before it counts apart, as settling: seconds.
pub(crate) const SETTLING: f64 = 10.0;
/// Of the fixed limits that do as much as the best one but for this, the smallest is the best one.
const AS_GOOD: f64 = 0.995;

/// All rows, scored.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct League {
    pub(crate) seeds: u64,
    pub(crate) rows: Vec<Scored>,
}

/// A scenario, and how everybody did.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Scored {
    pub(crate) name: String,
    pub(crate) shown: Option<String>,
    pub(crate) is_narrow: bool,
    pub(crate) seeds: u64,
    pub(crate) points: Vec<Spot>,
    /// In the order of the field.
    pub(crate) results: Vec<Result>,
}

/// A scenario at one load: the sweep of fixed limits, and the runs of those who play.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Spot {
    pub(crate) load: Option<f64>,
    /// The best fixed limit, and the answers in time per run with it.
    pub(crate) best: (u32, f64),
    /// Every fixed limit that was tried, and its answers in time per run.
    pub(crate) sweep: Vec<(u32, f64)>,
    #[serde(skip)]
    pub(crate) fixed: Vec<(u32, Vec<Figures>)>,
    #[serde(skip)]
    pub(crate) plays: BTreeMap<String, Vec<Figures>>,
}

/// How one of the field did in a row.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Result {
    pub(crate) name: String,
    pub(crate) is_algorithm: bool,
    /// The mean over loads and starts of the goodput as a share of that of the best fixed limit, at most 1.
    pub(crate) score: f64,
    /// The same by start.
    pub(crate) starts: Vec<(Option<u32>, f64)>,
    /// Goodput as a share of that of the best fixed limit, however much.
    pub(crate) goodput: f64,
    /// The same of the first ten seconds.
    pub(crate) settling: f64,
    /// The success of the most urgent class.
    pub(crate) top: Option<f64>,
    /// Refusals for want of room while there was room, per run.
    pub(crate) false_refusals: Option<f64>,
    /// Seconds until 95 % of what could be done was done: in the first phase, and in the last of several.
    pub(crate) settles: Option<f64>,
    pub(crate) recovers: Option<f64>,
    /// The mean limit over the best fixed one.
    pub(crate) limit: Option<f64>,
}

impl League {
    pub(crate) fn of(rows: &[Row], field: &Field, jobs: &[Job], store: &Store) -> Self {
        let seeds_of = |row: usize| {
            let of_row = jobs.iter().filter(|job| job.row == row);
            of_row.map(|job| job.seed).max().unwrap_or(0)
        };
        let scored = rows.iter().enumerate().map(|(at, row)| {
            let seeds = seeds_of(at);
            let spot = |point: &Point| Spot::of(point, field, seeds, store);
            let points: Vec<_> = row.points.iter().map(spot).collect();
            let results = field.entrants.iter();
            Scored {
                name: row.name.clone(),
                shown: row.shown.clone(),
                is_narrow: row.is_narrow,
                seeds,
                results: results.map(|entrant| result(entrant, &points)).collect(),
                points,
            }
        });
        let rows: Vec<_> = scored.collect();
        Self {
            seeds: rows.iter().map(|row| row.seeds).max().unwrap_or(0),
            rows,
        }
    }

    /// Those rows that count.
    pub(crate) fn judging(&self) -> impl Iterator<Item = &Scored> {
        self.rows.iter().filter(|row| row.shown.is_none())
    }

    /// The mean score of each of the field over all rows that count, the best first.
    pub(crate) fn means(&self) -> Vec<(String, bool, f64)> {
        let mut sums: Vec<(String, bool, Vec<f64>)> = Vec::new();
        for result in self.judging().flat_map(|row| &row.results) {
            match sums.iter_mut().find(|(name, ..)| *name == result.name) {
                Some((.., all)) => all.push(result.score),
                None => sums.push((result.name.clone(), result.is_algorithm, vec![result.score])),
            }
        }
        let mut means: Vec<_> = sums
            .into_iter()
            .map(|(name, is_algorithm, all)| (name, is_algorithm, mean(&all)))
            .collect();
        means.sort_by(|one, other| other.2.total_cmp(&one.2));
        means
    }
}

impl Scored {
    pub(crate) fn result(&self, name: &str) -> Option<&Result> {
        self.results.iter().find(|result| result.name == name)
    }

    /// The algorithms, the best first.
    pub(crate) fn ranking(&self) -> Vec<&Result> {
        let mut all: Vec<_> = self
            .results
            .iter()
            .filter(|result| result.is_algorithm)
            .collect();
        all.sort_by(|one, other| other.score.total_cmp(&one.score));
        all
    }
}

impl Spot {
    fn of(point: &Point, field: &Field, seeds: u64, store: &Store) -> Self {
        let runs = |contender: Contender| -> Vec<Figures> {
            (1..=seeds)
                .filter_map(|seed| store.get(point.hash, contender, seed).cloned())
                .collect()
        };
        let fixed: Vec<_> = ladder(&point.scenario)
            .into_iter()
            .map(|limit| (limit, runs(Contender::Limit(Preset::Fixed, Some(limit)))))
            .collect();
        let plays = field.entrants.iter().flat_map(|entrant| &entrant.plays);
        let mut spot = Self {
            load: point.load,
            best: (1, 0.0),
            sweep: Vec::new(),
            fixed,
            plays: plays
                .map(|(_, contender)| (contender.to_string(), runs(*contender)))
                .collect(),
        };
        spot.sweep = spot.sweep(SETTLING, f64::INFINITY);
        spot.best = best(&spot.sweep);
        spot
    }

    /// The answers in time per run with each fixed limit, between two moments.
    pub(crate) fn sweep(&self, from: f64, to: f64) -> Vec<(u32, f64)> {
        self.fixed
            .iter()
            .map(|(limit, runs)| (*limit, good(runs, from, to)))
            .collect()
    }

    /// The best fixed limit between two moments.
    pub(crate) fn best_between(&self, from: f64, to: f64) -> (u32, f64) {
        best(&self.sweep(from, to))
    }
}

fn best(sweep: &[(u32, f64)]) -> (u32, f64) {
    let most = sweep.iter().map(|(_, good)| *good).fold(0.0, f64::max);
    let first = sweep.iter().find(|(_, good)| *good >= most * AS_GOOD);
    (first.map_or(1, |(limit, _)| *limit), most)
}

/// The answers in time per run, between two moments.
pub(crate) fn good(runs: &[Figures], from: f64, to: f64) -> f64 {
    let sum: u64 = runs.iter().map(|figures| figures.good(from, to)).sum();
    sum as f64 / runs.len().max(1) as f64
}

fn share(part: f64, of: f64) -> f64 {
    if of > 0.0 { part / of } else { 1.0 }
}

pub(crate) fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

fn mean_of(values: impl Iterator<Item = Option<f64>>) -> Option<f64> {
    let known: Vec<_> = values.flatten().collect();
    (!known.is_empty()).then(|| mean(&known))
}

fn result(entrant: &Entrant, points: &[Spot]) -> Result {
    let ratio = |contender: &Contender, from: f64, to: f64| -> Vec<f64> {
        let of = |spot: &Spot| {
            let done = good(spot.runs(contender), from, to);
            share(done, spot.best_between(from, to).1)
        };
        points.iter().map(of).collect()
    };
    let capped = |all: &[f64]| mean(&all.iter().map(|one| one.min(1.0)).collect::<Vec<_>>());
    let all: Vec<_> = entrant
        .plays
        .iter()
        .map(|(start, contender)| (*start, ratio(contender, SETTLING, f64::INFINITY)))
        .collect();
    let starts: Vec<_> = all
        .iter()
        .map(|(start, ratios)| (*start, capped(ratios)))
        .collect();
    let settling = entrant.plays.iter();
    let settling = settling.flat_map(|(_, contender)| ratio(contender, 0.0, SETTLING));
    let every = || {
        let plays = entrant.plays.iter();
        plays.flat_map(|(_, contender)| points.iter().map(move |spot| (spot, spot.runs(contender))))
    };
    let runs = || every().flat_map(|(_, runs)| runs);
    let limits = every().flat_map(|(spot, runs)| {
        let best = f64::from(spot.best.0);
        let of = move |figures: &Figures| Some(figures.limit(SETTLING, f64::INFINITY)? / best);
        runs.iter().map(of)
    });
    Result {
        name: entrant.name.clone(),
        is_algorithm: entrant.is_algorithm(),
        score: mean(&starts.iter().map(|(_, score)| *score).collect::<Vec<_>>()),
        goodput: mean(
            &all.iter()
                .flat_map(|(_, all)| all.clone())
                .collect::<Vec<_>>(),
        ),
        settling: mean(&settling.collect::<Vec<_>>()),
        top: mean_of(runs().map(|figures| figures.top)),
        false_refusals: mean_of(runs().map(|figures| Some(figures.false_refusals? as f64))),
        settles: mean_of(runs().map(|figures| *figures.recovery.first()?)),
        recovers: mean_of(runs().map(|figures| match figures.recovery.as_slice() {
            [_, .., last] => *last,
            _ => None,
        })),
        limit: mean_of(limits),
        starts,
    }
}

impl Spot {
    pub(crate) fn runs(&self, contender: &Contender) -> &[Figures] {
        self.plays
            .get(&contender.to_string())
            .map_or(&[], Vec::as_slice)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_limits_that_do_as_much_the_smallest_is_the_best() {
        assert_eq!(
            best(&[(5, 60.0), (8, 99.6), (10, 100.0), (12, 98.0)]),
            (8, 100.0)
        );
        assert_eq!(best(&[(5, 60.0), (8, 99.0), (10, 100.0)]), (10, 100.0));
        assert_eq!(best(&[]), (1, 0.0));
    }
}
