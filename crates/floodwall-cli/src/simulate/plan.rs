//! What is to be run: each scenario, at each load, behind each stack, with each seed.

use std::path::Path;

use anyhow::{Context, anyhow, bail};
use floodwall_sim::{Contender, Scenario};

use super::{args::SimulateArgs, loads::Loads, sources};

/// All runs, in the order in which their results are shown.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) subjects: Vec<Subject>,
    pub(crate) seeds: Vec<u64>,
    pub(crate) runs: Vec<Run>,
}

/// One scenario.
#[derive(Debug)]
pub(crate) struct Subject {
    /// As it was given, to be given again.
    pub(crate) file: String,
    pub(crate) contenders: Vec<Contender>,
    /// One for each load of a sweep; otherwise one.
    pub(crate) points: Vec<Point>,
}

/// A scenario at one load, or as it is.
#[derive(Debug)]
pub(crate) struct Point {
    pub(crate) load: Option<f64>,
    pub(crate) scenario: Scenario,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Run {
    pub(crate) subject: usize,
    pub(crate) point: usize,
    pub(crate) contender: Contender,
    pub(crate) seed: u64,
}

impl Plan {
    pub(crate) fn new(args: &SimulateArgs) -> anyhow::Result<Self> {
        let mut subjects: Vec<Subject> = Vec::new();
        for path in &args.files {
            let file = path.display().to_string();
            if !subjects.iter().any(|known| known.file == file) {
                subjects.push(Subject::new(path, file, args)?);
            }
        }
        let seeds = args.seeds();
        let mut runs = Vec::new();
        for (subject, one) in subjects.iter().enumerate() {
            for point in 0..one.points.len() {
                for &contender in &one.contenders {
                    runs.extend(seeds.iter().map(|&seed| Run {
                        subject,
                        point,
                        contender,
                        seed,
                    }));
                }
            }
        }
        Ok(Self {
            subjects,
            seeds,
            runs,
        })
    }

    /// What a run plays.
    pub(crate) fn point(&self, run: Run) -> &Point {
        &self.subjects[run.subject].points[run.point]
    }
}

impl Subject {
    fn new(path: &Path, file: String, args: &SimulateArgs) -> anyhow::Result<Self> {
        let scenario = sources::scenario(path)?;
        let asked = args.sweep.as_ref().map(Loads::as_slice);
        let points = match asked.unwrap_or(&scenario.sweep) {
            [] => Vec::new(),
            loads => swept(&scenario, loads).with_context(|| match asked {
                Some(_) => format!("--sweep cannot be used with `{file}`"),
                None => format!("{file}: `sweep`"),
            })?,
        };
        let contenders = contenders(&scenario, &args.compare).with_context(|| file.clone())?;
        let points = if points.is_empty() {
            vec![Point {
                load: None,
                scenario,
            }]
        } else {
            points
        };
        Ok(Self {
            file,
            contenders,
            points,
        })
    }

    /// The scenario, at whatever load: what it is called and for does not depend on it.
    pub(crate) fn scenario(&self) -> &Scenario {
        &self.points[0].scenario
    }

    pub(crate) fn is_swept(&self) -> bool {
        self.points[0].load.is_some()
    }
}

/// What was asked for; otherwise what the scenario compares with, and the stack itself.
fn contenders(scenario: &Scenario, asked: &[Contender]) -> anyhow::Result<Vec<Contender>> {
    let mut contenders = asked.to_vec();
    if contenders.is_empty() {
        for name in &scenario.compare {
            contenders.push(name.parse().context("`compare`")?);
        }
        if contenders.is_empty() {
            contenders.push(Contender::Bare);
        }
        // A scenario lists what runs beside the stack; without it nothing could be expected.
        contenders.push(Contender::Floodwall);
    }
    let mut once = Vec::new();
    for contender in contenders {
        if !once.contains(&contender) {
            once.push(contender);
        }
    }
    Ok(once)
}

fn swept(scenario: &Scenario, loads: &[f64]) -> anyhow::Result<Vec<Point>> {
    let mut loads = loads.to_vec();
    loads.sort_by(f64::total_cmp);
    loads.dedup();
    if scenario.clients.iter().all(|client| client.share.is_none()) && scenario.trace.is_none() {
        bail!("no client has a `share` of what the phases send, so every load would be the same");
    }
    loads
        .into_iter()
        .map(|load| {
            let scenario = at_load(scenario, load)?;
            Ok(Point {
                load: Some(load),
                scenario,
            })
        })
        .collect()
}

fn at_load(scenario: &Scenario, load: f64) -> anyhow::Result<Scenario> {
    let mut other = scenario.at_load(load);
    // For the check only: a recording and a sweep exclude one another.
    other.sweep = vec![load];
    other
        .validate()
        .map_err(|error| anyhow!("{}: {}", error.problem(), error.fix()))?;
    Ok(other)
}
