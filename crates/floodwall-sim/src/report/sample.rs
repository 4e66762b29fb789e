//! A flood as tests need it: calm, flood, after. Bare, the service collapses; behind floodwall not.

use super::{ClassSeries, Group, PhaseReport, Quantiles, Report, Series};

const CAPACITY: f64 = 400.0;
const STEP: f64 = 0.5;
/// Steps of each phase.
const STEPS: usize = 40;
const PHASES: [(&str, f64); 3] = [("calm", 0.5), ("flood", 5.0), ("after", 0.5)];

/// What one step of a stack looks like.
#[derive(Clone, Copy, Default)]
struct Step {
    offered: f64,
    attempts: f64,
    goodput: f64,
    refused: f64,
    wasted: f64,
    p99: Option<f64>,
    line: f64,
    /// Limit, in flight, queue, pressure, cut-off.
    inside: Option<[f64; 5]>,
}

pub(crate) fn bare() -> Report {
    report("bare", |phase, at| {
        let offered = offered(phase, at);
        let wiggle = wiggle(at);
        let healthy = Step {
            offered,
            attempts: offered,
            goodput: offered,
            p99: Some(0.021 * wiggle),
            line: 2.0 * wiggle,
            ..Step::default()
        };
        let drowned = Step {
            attempts: 1.8 * offered,
            goodput: 0.0,
            wasted: CAPACITY * wiggle,
            p99: None,
            ..healthy
        };
        match (phase, at) {
            (1, 0) => Step {
                goodput: 0.9 * CAPACITY,
                attempts: offered,
                p99: Some(0.45),
                line: 400.0,
                ..healthy
            },
            (1, at) => Step {
                line: 1_600.0 * at as f64,
                ..drowned
            },
            (2, at) if at < 26 => Step {
                attempts: 1.5 * offered,
                line: 62_000.0 - 2_400.0 * at as f64,
                ..drowned
            },
            _ => healthy,
        }
    })
}

pub(crate) fn floodwall() -> Report {
    report("floodwall", |phase, at| {
        let offered = offered(phase, at);
        let wiggle = wiggle(at);
        if phase != 1 {
            let inside = [
                24.0 + 4.0 * phase as f64,
                9.0 * wiggle,
                0.0,
                0.3 * wiggle,
                0.0,
            ];
            return Step {
                offered,
                attempts: offered,
                goodput: offered,
                p99: Some(0.021 * wiggle),
                inside: Some(inside),
                ..Step::default()
            };
        }
        let goodput = 0.975 * CAPACITY * wiggle.min(1.02);
        let limit = 28.0 - 8.0 / (1.0 + at as f64) * wiggle;
        Step {
            offered,
            attempts: 1.1 * offered,
            goodput,
            refused: 1.1 * offered - goodput,
            wasted: 0.0,
            p99: Some((0.08 + 0.1 / (1.0 + at as f64)) * wiggle),
            line: 3.0 * wiggle,
            inside: Some([
                limit,
                limit - 0.4,
                14.0 * wiggle,
                0.93 * wiggle.min(1.02),
                5.0,
            ]),
        }
    })
}

/// The same flood against `stack`, between the two: for pictures of many.
pub(crate) fn between(stack: &str, share: f64) -> Report {
    let mut report = floodwall();
    report.stack = stack.to_owned();
    let flood = STEPS..2 * STEPS;
    for value in &mut report.series.goodput[flood.clone()] {
        *value *= share;
    }
    for value in report.series.p99[flood].iter_mut().flatten() {
        *value /= share;
    }
    let phase = &mut report.phases[1];
    phase.goodput_rate *= share;
    phase.goodput = phase.goodput.map(|goodput| goodput * share);
    phase.possible = phase.possible.map(|possible| possible * share);
    report
}

fn offered(phase: usize, at: usize) -> f64 {
    CAPACITY * PHASES[phase].1 * wiggle(at + 3)
}

/// Near 1, and the same each time.
fn wiggle(at: usize) -> f64 {
    1.0 + 0.03 * ((at * 7_919 % 13) as f64 - 6.0) / 6.0
}

fn report(stack: &str, step: impl Fn(usize, usize) -> Step) -> Report {
    let all: Vec<_> = (0..PHASES.len())
        .flat_map(|phase| (0..STEPS).map(move |at| (phase, at)))
        .map(|(phase, at)| step(phase, at))
        .collect();
    let phases: Vec<_> = PHASES
        .iter()
        .zip(all.chunks(STEPS))
        .enumerate()
        .map(|(at, ((name, _), steps))| phase(name, at, steps))
        .collect();
    Report {
        scenario: "flood".to_owned(),
        stack: stack.to_owned(),
        seed: 7,
        seconds: all.len() as f64 * STEP,
        capacity: Some(CAPACITY),
        phases,
        total: phase("", 0, &all),
        series: series(&all),
        ..Report::default()
    }
}

fn series(all: &[Step]) -> Series {
    let rate = |value: fn(&Step) -> f64| all.iter().map(value).collect::<Vec<_>>();
    let inside = |at: usize| all.iter().map(|step| Some(step.inside?[at])).collect();
    Series {
        step: STEP,
        offered: rate(|step| step.offered),
        attempts: rate(|step| step.attempts),
        goodput: rate(|step| step.goodput),
        refused: rate(|step| step.refused),
        wasted: rate(|step| step.wasted),
        capacity: vec![Some(CAPACITY); all.len()],
        p99: all.iter().map(|step| step.p99).collect(),
        classes: vec![ClassSeries {
            class: 0,
            goodput: rate(|step| 0.1 * step.goodput),
        }],
        limit: inside(0),
        in_flight: inside(1),
        queue: inside(2),
        pressure: inside(3),
        cut_off: inside(4),
        busy: vec![None; all.len()],
        line: all.iter().map(|step| Some(step.line)).collect(),
    }
}

fn phase(name: &str, at: usize, steps: &[Step]) -> PhaseReport {
    let seconds = steps.len() as f64 * STEP;
    let mean = |value: fn(&Step) -> f64| steps.iter().map(value).sum::<f64>() / steps.len() as f64;
    let offered_rate = mean(|step| step.offered);
    let goodput_rate = mean(|step| step.goodput);
    let protected = steps.iter().any(|step| step.inside.is_some());
    let all = group("all", None, (steps, 1.0));
    let classes = [("critical", 0, 0.1), ("default", 3, 0.9)]
        .map(|(name, class, share)| group(name, Some(class), (steps, share)))
        .to_vec();
    PhaseReport {
        name: name.to_owned(),
        start: at as f64 * STEPS as f64 * STEP,
        seconds,
        capacity: Some(CAPACITY),
        offered_rate,
        goodput_rate,
        goodput: Some(goodput_rate / CAPACITY),
        possible: Some(goodput_rate / offered_rate.min(CAPACITY)),
        worst_second: Some(0.9 * goodput_rate / offered_rate.min(CAPACITY)),
        recovery: (goodput_rate > 0.9 * offered_rate.min(CAPACITY)).then_some(0.5),
        false_refusals: protected.then_some(0),
        limit: protected.then_some((20.0, 28.0)),
        all,
        classes,
        ..PhaseReport::default()
    }
}

fn group(name: &str, class: Option<u8>, (steps, share): (&[Step], f64)) -> Group {
    let count = |value: fn(&Step) -> f64| {
        (steps.iter().map(value).sum::<f64>() * STEP * share).round() as u64
    };
    let mut group = Group {
        name: name.to_owned(),
        class,
        offered: count(|step| step.offered),
        attempts: count(|step| step.attempts),
        succeeded: count(|step| step.goodput),
        refused: count(|step| step.refused.min(step.offered - step.goodput)),
        wasted: count(|step| step.wasted),
        late: 0,
        ..Group::default()
    };
    if class == Some(0) && steps.iter().any(|step| step.inside.is_some()) {
        // What is most urgent is let in first.
        (group.succeeded, group.refused) = (group.offered, 0);
    }
    group.late = group
        .wasted
        .min(group.offered - group.succeeded - group.refused);
    group.abandoned = group.offered - group.succeeded - group.refused - group.late;
    group.admitted = group.attempts.saturating_sub(group.refused);
    if group.refused > 0 {
        group.refusals.insert("queue full", group.refused);
        group.refusal = times(group.refused, 0.000_4);
    }
    if group.succeeded > 0 {
        let p99 = steps.iter().filter_map(|step| step.p99).fold(0.0, f64::max);
        group.latency = times(group.succeeded, p99 / 2.0);
    }
    group
}

fn times(count: u64, median: f64) -> Quantiles {
    Quantiles {
        count,
        mean: Some(median),
        p50: Some(median),
        p90: Some(1.6 * median),
        p99: Some(2.0 * median),
        p999: Some(2.2 * median),
        max: Some(2.5 * median),
    }
}
