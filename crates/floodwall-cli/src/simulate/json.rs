//! The outcome as one JSON object.

use std::io::{self, Write};

use floodwall_sim::{Report, Verdict};
use serde::Serialize;

use super::outcome::Outcome;

#[derive(Debug, Serialize)]
struct Whole<'a> {
    runs: Vec<Run<'a>>,
    verdicts: Vec<Judged<'a>>,
}

#[derive(Debug, Serialize)]
struct Run<'a> {
    scenario: &'a str,
    stack: String,
    seed: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    load: Option<f64>,
    report: &'a Report,
}

#[derive(Debug, Serialize)]
struct Judged<'a> {
    scenario: &'a str,
    stack: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    load: Option<f64>,
    #[serde(flatten)]
    verdict: &'a Verdict,
    #[serde(skip_serializing_if = "Option::is_none")]
    replay: Option<&'a str>,
}

pub(crate) fn write(out: &mut impl Write, outcome: &Outcome<'_>) -> io::Result<()> {
    let runs = outcome.groups.iter().flat_map(|group| {
        group.reports.iter().map(|report| Run {
            scenario: &group.subject.scenario().name,
            stack: group.contender.to_string(),
            seed: report.seed,
            load: group.load(),
            report,
        })
    });
    let verdicts = outcome.verdicts.iter().map(|judged| Judged {
        scenario: &judged.subject.scenario().name,
        stack: judged.contender.to_string(),
        load: judged.load,
        verdict: &judged.verdict,
        replay: judged.replay.as_deref(),
    });
    let whole = Whole {
        runs: runs.collect(),
        verdicts: verdicts.collect(),
    };
    serde_json::to_writer(&mut *out, &whole)?;
    writeln!(out)
}
