use floodwall_core::limit::Preset;
use floodwall_sim::Contender;

use crate::args::Args;
use crate::field::{Field, ladder};
use crate::rows::Row;

/// One run.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Job {
    pub(crate) row: usize,
    pub(crate) point: usize,
    pub(crate) contender: Contender,
    pub(crate) seed: u64,
}

/// All runs that make the league: the short ones first, and of each scenario the sweep.
pub(crate) fn all(rows: &[Row], field: &Field, args: &Args) -> Vec<Job> {
    let mut jobs = Vec::new();
    for (row, of) in rows.iter().enumerate() {
        for (point, at) in of.points.iter().enumerate() {
            let sweep = ladder(&at.scenario)
                .into_iter()
                .map(|limit| Contender::Limit(Preset::Fixed, Some(limit)));
            let plays = field.entrants.iter().flat_map(|entrant| &entrant.plays);
            let all = sweep.chain(plays.map(|(_, contender)| *contender));
            for contender in all {
                for seed in 1..=args.seeds().min(of.most_seeds) {
                    jobs.push(Job {
                        row,
                        point,
                        contender,
                        seed,
                    });
                }
            }
        }
    }
    jobs.sort_by_key(|job| rows[job.row].points[job.point].size);
    jobs
}

/// What the result of a contender depends on, besides the scenario and the seed.
pub(crate) fn print(contender: Contender) -> &'static str {
    match contender {
        Contender::Limit(Preset::Marginal, _) => {
            concat!(env!("LEAGUE_ENGINE"), env!("LEAGUE_MARGINAL"))
        }
        Contender::Limit(preset, _) if preset != Preset::Fixed => {
            concat!(env!("LEAGUE_ENGINE"), env!("LEAGUE_PRESETS"))
        }
        _ => env!("LEAGUE_ENGINE"),
    }
}
