//! A report whose figures are plain, for the tests of everything that shows reports.

use std::{collections::BTreeMap, time::Duration};

use super::{
    report::{FirstSecond, PhaseReport, PriorityReport, Report, RunReport},
    schedule::PhaseName,
    series::{SLICES, Series},
};

const CAPACITY: f64 = 700.0;
const SECONDS: f64 = 4.0;

pub(crate) fn report() -> Report {
    Report {
        capacity_rps: CAPACITY,
        factor: 5.0,
        seconds: SECONDS,
        seed: 1,
        workers: 8,
        service_ms: 10.0,
        deadline_ms: 1_000.0,
        interrupted: false,
        runs: vec![
            run("bare", [1.0, 0.2, 0.6], 140),
            run("floodwall", [1.0, 1.0, 1.0], 700),
        ],
    }
}

/// `flood_rps` is the goodput of the flood; `shares` say how much of what could succeed did.
fn run(name: &'static str, shares: [f64; 3], flood_rps: u64) -> RunReport {
    let bare = name == "bare";
    let per_phase = SLICES / 3;
    let mut offered = vec![350.0; SLICES];
    offered[per_phase..2 * per_phase].fill(3_500.0);
    let mut goodput = vec![350.0; SLICES];
    goodput[per_phase..2 * per_phase].fill(flood_rps as f64);
    let mut refused = vec![0.0; SLICES];
    let mut p99_ms = vec![Some(15.0); SLICES];
    if bare {
        goodput[per_phase..per_phase + 4].fill(700.0);
        goodput[per_phase + 4..2 * per_phase + 6].fill(0.0);
        p99_ms[per_phase..per_phase + 4].fill(Some(900.0));
        p99_ms[per_phase + 4..2 * per_phase + 6].fill(None);
    } else {
        refused[per_phase..2 * per_phase].fill(2_800.0);
        p99_ms[per_phase..2 * per_phase].fill(Some(31.0));
    }
    let slice = Duration::from_secs_f64(SECONDS * 3.0 / SLICES as f64);
    RunReport {
        name,
        phases: vec![
            calm(PhaseName::Calm, shares[0]),
            flood(bare, flood_rps),
            calm(PhaseName::Recovery, shares[2]),
        ],
        series: Series::fixed(slice, offered, goodput, refused, p99_ms),
    }
}

fn calm(name: PhaseName, share: f64) -> PhaseReport {
    let succeeded = (1_400.0 * share) as u64;
    PhaseReport {
        name,
        factor: 0.5,
        statuses: BTreeMap::from([(200, succeeded)]),
        timeouts: 1_400 - succeeded,
        refusal_p50_ms: None,
        p50_ms: Some(11.0),
        p99_ms: Some(15.0),
        ..phase(350.0, succeeded, [140, 420, 840], [share; 3])
    }
}

fn flood(bare: bool, rps: u64) -> PhaseReport {
    let succeeded = rps * SECONDS as u64;
    let others = 14_000 - succeeded;
    let shares = if bare {
        [0.04; 3]
    } else {
        [1.0, 1.0 / 3.0, 0.0]
    };
    let flood = PhaseReport {
        name: PhaseName::Flood,
        factor: 5.0,
        ..phase(3_500.0, succeeded, [1_400, 4_200, 8_400], shares)
    };
    if bare {
        PhaseReport {
            statuses: BTreeMap::from([(200, succeeded)]),
            timeouts: others,
            p50_ms: Some(600.0),
            p99_ms: Some(995.0),
            ..flood
        }
    } else {
        PhaseReport {
            statuses: BTreeMap::from([(200, succeeded), (503, others)]),
            p50_ms: Some(12.0),
            p99_ms: Some(31.0),
            refusal_p50_ms: Some(0.2),
            ..flood
        }
    }
}

fn phase(offered_rps: f64, succeeded: u64, offered: [u64; 3], shares: [f64; 3]) -> PhaseReport {
    let priorities = [0, 3, 6]
        .into_iter()
        .zip(offered.into_iter().zip(shares))
        .map(|(priority, (offered, share))| PriorityReport {
            priority,
            offered,
            succeeded: (offered as f64 * share) as u64,
        })
        .collect();
    PhaseReport {
        name: PhaseName::Calm,
        factor: 0.5,
        seconds: SECONDS,
        offered_rps,
        goodput_rps: succeeded as f64 / SECONDS,
        p50_ms: None,
        p99_ms: None,
        refusal_p50_ms: None,
        statuses: BTreeMap::new(),
        timeouts: 0,
        errors: 0,
        priorities,
        first_second: FirstSecond::default(),
        lag_p99_ms: Some(0.1),
    }
}
