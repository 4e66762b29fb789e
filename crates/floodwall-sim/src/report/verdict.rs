use serde::Serialize;

use super::figure::{Part, mean};
use super::{Report, Runs};
use crate::scenario::{Expect, Over, Scenario};

/// What became of one expectation of a scenario.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Verdict {
    /// The expectation as a sentence.
    pub sentence: String,
    /// What was measured: the worst of the seeds, or their mean if that is what counts.
    pub value: Option<f64>,
    /// The same with its unit.
    pub shown: String,
    /// Whether the figures are as expected, also if that does not count yet.
    pub holds: bool,
    /// How it stands.
    pub state: State,
    /// The seed of the worst, where one run decides.
    pub seed: Option<u64>,
}

/// How an expectation stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[expect(clippy::exhaustive_enums, reason = "it holds, or not, or not yet")]
pub enum State {
    /// It holds.
    Holds,
    /// It does not hold.
    Fails,
    /// It does not count yet: floodwall needs this for it.
    Pending(String),
}

/// Judges runs by the expectations of a scenario: by `collapse` if they are bare, otherwise by
/// `expect`.
///
/// # Errors
///
/// If an expectation names what is not there, as a checked scenario does not.
pub fn judge(scenario: &Scenario, reports: &[Report], bare: bool) -> Result<Vec<Verdict>, String> {
    let expectations = if bare {
        &scenario.collapse
    } else {
        &scenario.expect
    };
    expectations
        .iter()
        .map(|expect| one(expect, reports))
        .collect()
}

fn one(expect: &Expect, reports: &[Report]) -> Result<Verdict, String> {
    let mut part = Part::new(reports, expect.during.as_deref());
    if let Some(class) = expect.class {
        part = part.class(class);
    }
    if let Some(client) = &expect.client {
        part = part.client(client);
    }
    let mut values = Vec::new();
    for report in reports {
        values.push((part.value(report, expect.measure)?, Some(report.seed)));
    }
    if values.is_empty() {
        // What is expected of each of none would hold.
        values.push((None, None));
    }
    if expect.over == Over::Mean {
        let all: Vec<_> = values.iter().map(|(value, _)| *value).collect();
        values = vec![(mean(&all), None)];
    }
    let holds = |value: Option<f64>| {
        value.is_some_and(|value| {
            expect.at_least.is_none_or(|bound| value >= bound.value())
                && expect.at_most.is_none_or(|bound| value <= bound.value())
        })
    };
    // The worst is the first that fails, or else the one nearest to its bound.
    let worst = values
        .iter()
        .find(|(value, _)| !holds(*value))
        .or_else(|| {
            values.iter().min_by(|one, other| {
                let far =
                    |value: Option<f64>| value.map_or(f64::MAX, |value| distance(expect, value));
                far(one.0).total_cmp(&far(other.0))
            })
        })
        .copied()
        .unwrap_or((None, None));
    let holds = values.iter().all(|(value, _)| holds(*value));
    let state = match &expect.needs {
        Some(needs) => State::Pending(needs.clone()),
        None if holds => State::Holds,
        None => State::Fails,
    };
    Ok(Verdict {
        sentence: expect.sentence(),
        holds,
        value: worst.0.filter(|value| value.is_finite()),
        shown: worst
            .0
            .map_or_else(|| "unknown".to_owned(), |value| expect.measure.show(value)),
        state,
        seed: worst.1,
    })
}

fn distance(expect: &Expect, value: f64) -> f64 {
    let low = expect
        .at_least
        .map_or(f64::MAX, |bound| value - bound.value());
    let high = expect
        .at_most
        .map_or(f64::MAX, |bound| bound.value() - value);
    low.min(high)
}

impl Runs {
    /// Judges them by the expectations of `scenario`; see [`judge`].
    ///
    /// # Errors
    ///
    /// As [`judge`].
    pub fn judge(&self, scenario: &Scenario, bare: bool) -> Result<Vec<Verdict>, String> {
        judge(scenario, self.reports(), bare)
    }
}
