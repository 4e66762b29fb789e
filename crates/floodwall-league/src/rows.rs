use std::collections::BTreeMap;
use std::hash::Hasher;
use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use floodwall_sim::{Builtin, Scenario, builtin};
use serde::Deserialize;
use siphasher::sip::SipHasher13;

use crate::args::Args;

/// Which scenarios judge.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Lists {
    scored: Vec<String>,
    narrow: Vec<String>,
    long: Vec<String>,
    quick: Vec<String>,
    shown: BTreeMap<String, String>,
    pub(crate) left_out: BTreeMap<String, String>,
}

/// One scenario of the league: at one load, or at each of its sweep.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) name: String,
    /// Why it is shown and not scored, if so.
    pub(crate) shown: Option<String>,
    /// One worker or a lock is the whole capacity.
    pub(crate) is_narrow: bool,
    pub(crate) most_seeds: u64,
    pub(crate) points: Vec<Point>,
}

/// What one run plays.
#[derive(Clone, Debug)]
pub(crate) struct Point {
    pub(crate) load: Option<f64>,
    pub(crate) scenario: Scenario,
    /// What is played, as a number: other words about it are the same scenario.
    pub(crate) hash: u64,
    /// About how many requests come.
    pub(crate) size: u64,
}

/// Where the crate's files are.
pub(crate) fn home() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

pub(crate) fn lists() -> Result<Lists> {
    Ok(toml::from_str(include_str!("../judging.toml"))?)
}

/// The rows that were asked for.
pub(crate) fn asked(args: &Args) -> Result<Vec<Row>> {
    let lists = lists()?;
    let all = if args.tuning {
        tuning()?
    } else {
        judging(&lists)?
    };
    let is_quick = |name: &String| args.tuning || lists.quick.contains(name);
    for name in &args.only {
        let known: Vec<_> = all.iter().map(|row| row.name.as_str()).collect();
        let known = known.join(", ");
        ensure!(
            all.iter().any(|row| &row.name == name),
            "no scenario is called `{name}`: there is {known}"
        );
    }
    let wanted = |row: &Row| {
        (args.only.is_empty() || args.only.contains(&row.name))
            && (!args.quick || is_quick(&row.name))
    };
    Ok(all.into_iter().filter(wanted).collect())
}

fn judging(lists: &Lists) -> Result<Vec<Row>> {
    builtin()
        .iter()
        .filter(|one| !lists.left_out.contains_key(one.name()))
        .map(|one| row(one, lists))
        .collect()
}

fn row(one: &Builtin, lists: &Lists) -> Result<Row> {
    let name = one.name().to_owned();
    let shown = lists.shown.get(&name).cloned();
    ensure!(
        shown.is_some() != lists.scored.contains(&name),
        "`{name}` must be in one list of judging.toml: `scored` or `shown`"
    );
    let most_seeds = if lists.long.contains(&name) {
        3
    } else {
        u64::MAX
    };
    Ok(Row {
        points: points(&one.scenario()?),
        is_narrow: lists.narrow.contains(&name),
        most_seeds,
        shown,
        name,
    })
}

pub(crate) fn tuning() -> Result<Vec<Row>> {
    let folder = home().join("tuning");
    let entries =
        std::fs::read_dir(&folder).with_context(|| format!("cannot read {}", folder.display()))?;
    let mut files: Vec<_> = entries
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| path.extension().is_some_and(|end| end == "toml"))
        .collect();
    files.sort();
    files
        .iter()
        .map(|file| {
            let scenario = Scenario::load(file)?;
            Ok(Row {
                name: scenario.name.clone(),
                shown: None,
                is_narrow: false,
                most_seeds: u64::MAX,
                points: points(&scenario),
            })
        })
        .collect()
}

fn points(scenario: &Scenario) -> Vec<Point> {
    let point = |load: Option<f64>, scenario: Scenario| Point {
        hash: hash(&scenario),
        size: size(&scenario),
        load,
        scenario,
    };
    if scenario.sweep.is_empty() {
        return vec![point(None, scenario.clone())];
    }
    let at = |load: &f64| point(Some(*load), scenario.at_load(*load));
    scenario.sweep.iter().map(at).collect()
}

fn hash(scenario: &Scenario) -> u64 {
    let mut played = scenario.clone();
    played.about.clear();
    played.holds.clear();
    played.compare.clear();
    played.collapse.clear();
    played.expect.clear();
    played.no_collapse = None;
    let mut hasher = SipHasher13::new();
    // What is made of strings and numbers can be written.
    hasher.write(
        serde_json::to_string(&played)
            .unwrap_or_default()
            .as_bytes(),
    );
    hasher.finish()
}

/// Retries, shapes and closed loops are left out: it is for the order and a bar.
fn size(scenario: &Scenario) -> u64 {
    let capacity = scenario.best_capacity().unwrap_or(1_000.0);
    let requests = scenario.phases.iter().map(|phase| {
        let load = phase.load.unwrap_or(1.0);
        phase.rate.unwrap_or(load * capacity) * phase.lasts.as_secs_f64()
    });
    requests.sum::<f64>() as u64 + 5_000
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_scenario_is_in_one_list() {
        let lists = lists().unwrap();
        let rows = judging(&lists).unwrap();
        let known = |name: &String| rows.iter().any(|row| row.name == *name);
        let named = [&lists.scored, &lists.narrow, &lists.long, &lists.quick];
        for name in named.into_iter().flatten().chain(lists.shown.keys()) {
            assert!(known(name), "{name} is no scenario");
        }
        assert!(rows.iter().all(|row| !row.points.is_empty()));
        for name in lists.left_out.keys() {
            assert!(Builtin::find(name).is_some() && !known(name), "{name}");
        }
    }

    #[test]
    fn no_scenario_tunes_and_judges() {
        let judging = judging(&lists().unwrap()).unwrap();
        let tuning = tuning().unwrap();
        assert!(tuning.len() >= 8);
        for row in &tuning {
            for point in &row.points {
                point.scenario.validate().unwrap();
                let all = judging.iter().flat_map(|row| &row.points);
                assert!(all.clone().all(|other| other.hash != point.hash));
                assert!(judging.iter().all(|other| other.name != row.name));
            }
        }
    }

    #[test]
    fn other_words_are_the_same_scenario_and_another_load_is_not() {
        let scenario = Builtin::find("mild-overload").unwrap().scenario().unwrap();
        let mut said = scenario.clone();
        said.about = "something else".to_owned();
        assert_eq!(hash(&scenario), hash(&said));
        assert_ne!(hash(&scenario.at_load(1.05)), hash(&scenario.at_load(1.1)));
    }
}
