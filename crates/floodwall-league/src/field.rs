use anyhow::{Result, ensure};
use floodwall_core::limit::Preset;
use floodwall_sim::{Contender, Scenario};

use crate::args::Args;

/// Who plays.
#[derive(Clone, Debug)]
pub(crate) struct Field {
    pub(crate) entrants: Vec<Entrant>,
}

/// One who plays: from each of some starts, or as it is.
#[derive(Clone, Debug)]
pub(crate) struct Entrant {
    pub(crate) name: String,
    /// What is played, by where it begins.
    pub(crate) plays: Vec<(Option<u32>, Contender)>,
}

/// Those who are told how many workers there are, or take no limit at all: beside the league.
const BESIDE: [&str; 8] = [
    "floodwall",
    "bare",
    "fifo:20",
    "tower",
    "codel",
    "codel-lifo",
    "ordered:40",
    "dagor",
];

/// Around the limit that a scenario has itself.
const LADDER: [f64; 15] = [
    0.1, 0.2, 0.35, 0.5, 0.65, 0.8, 0.9, 1.0, 1.15, 1.35, 1.6, 2.0, 2.7, 4.0, 8.0,
];

impl Field {
    /// All of them, or those that were named: `marginal` from every start, `marginal:20` from this one.
    pub(crate) fn asked(args: &Args) -> Result<Self> {
        let mut entrants: Vec<_> = Preset::ALL
            .into_iter()
            .filter(|preset| *preset != Preset::Fixed)
            .map(|preset| Entrant {
                name: preset.label().to_owned(),
                plays: args
                    .starts()
                    .iter()
                    .map(|start| (Some(*start), Contender::Limit(preset, Some(*start))))
                    .collect(),
            })
            .collect();
        for name in BESIDE {
            entrants.push(Entrant {
                name: name.to_owned(),
                plays: vec![(None, name.parse()?)],
            });
        }
        if args.contender.is_empty() {
            return Ok(Self { entrants });
        }
        let mut chosen = Vec::new();
        for name in &args.contender {
            if let Some(entrant) = entrants.iter().find(|entrant| entrant.name == *name) {
                chosen.push(entrant.clone());
                continue;
            }
            let contender: Contender = name.parse()?;
            let (start, name) = match contender {
                Contender::Limit(preset, start) => (start.or(Some(20)), preset.label().to_owned()),
                _ => (None, name.clone()),
            };
            chosen.push(Entrant {
                name,
                plays: vec![(start, contender)],
            });
        }
        ensure!(!chosen.is_empty(), "nobody plays");
        Ok(Self { entrants: chosen })
    }
}

impl Entrant {
    /// Whether it is one of the algorithms, which all stand behind the same queue.
    pub(crate) fn is_algorithm(&self) -> bool {
        self.plays
            .iter()
            .all(|(_, contender)| matches!(contender, Contender::Limit(..)))
    }
}

/// The limits that a sweep tries.
pub(crate) fn ladder(scenario: &Scenario) -> Vec<u32> {
    let own = own_limit(scenario);
    let mut limits: Vec<_> = LADDER
        .iter()
        .map(|factor| (f64::from(own) * factor).round().max(1.0) as u32)
        .collect();
    limits.dedup();
    limits
}

/// As the scenario's stack says, or as many as there are workers behind it.
fn own_limit(scenario: &Scenario) -> u32 {
    let said = scenario.stack.as_ref().and_then(|stack| stack.limit);
    let first = scenario.protect.first().map_or_else(
        || scenario.tiers.first(),
        |name| scenario.tiers.iter().find(|tier| tier.name == *name),
    );
    said.or_else(|| first.map(|tier| tier.workers))
        .unwrap_or(20)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    fn field(words: &[&str]) -> Result<Field> {
        let all = std::iter::once(&"league").chain(words);
        Field::asked(&Args::try_parse_from(all).unwrap())
    }

    #[test]
    fn an_algorithm_plays_from_each_start() {
        let all = field(&[]).unwrap();
        let ours = all.entrants.iter().find(|one| one.name == "marginal");
        let plays: Vec<_> = ours
            .unwrap()
            .plays
            .iter()
            .map(|(start, _)| *start)
            .collect();
        assert_eq!(plays, [Some(1), Some(20), Some(200)]);
        assert!(all.entrants.iter().all(|one| one.name != "fixed"));
        let one = field(&["--contender", "aimd:7"]).unwrap();
        assert_eq!(one.entrants[0].plays[0].1.to_string(), "aimd:7");
        assert!(field(&["--contender", "nobody"]).is_err());
    }

    #[test]
    fn a_sweep_climbs_around_the_limit_of_the_scenario() {
        let scenario = |name| {
            floodwall_sim::Builtin::find(name)
                .unwrap()
                .scenario()
                .unwrap()
        };
        let ladder_of = |name| ladder(&scenario(name));
        let wide = ladder_of("breakwater-spike");
        assert!((12..=16).contains(&wide.len()), "{wide:?}");
        assert!(wide.windows(2).all(|two| two[0] < two[1]) && wide.contains(&20));
        assert_eq!(ladder_of("one-worker"), [1, 2, 3, 4, 8]);
    }
}
