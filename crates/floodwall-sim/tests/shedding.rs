//! How the cut-off moves: soon after a step, and not at all in a steady flood.
#![allow(clippy::print_stdout, reason = "the figures are part of what it shows")]

mod support;

use floodwall_sim::{Builtin, Contender, Report, Scenario};

const SEEDS: std::ops::RangeInclusive<u64> = 1..=20;

fn builtin(name: &str) -> Scenario {
    Builtin::find(name).unwrap().scenario().unwrap()
}

fn play(scenario: &Scenario) -> impl Iterator<Item = Report> {
    SEEDS.map(|seed| Contender::Floodwall.play(scenario, seed).unwrap())
}

fn shed(report: &Report, phase: &str) -> u64 {
    let phase = report.phase(phase).unwrap();
    phase.all.refusals.get("shed").copied().unwrap_or(0)
}

#[test]
fn in_a_steady_flood_the_shed_share_stays_within_five_points_of_its_mean() {
    // Windows of a second: the phase once, and then again and again.
    let mut scenario = builtin("priority-shedding");
    scenario.sweep.clear();
    let mut window = scenario.phases[0].clone();
    (window.load, window.lasts) = (Some(2.0), support::secs(1));
    window.settle = support::ms(0);
    scenario.phases = (0..20)
        .map(|n| {
            let mut window = window.clone();
            window.name = format!("second-{n}");
            window
        })
        .collect();
    (scenario.expect, scenario.collapse) = (Vec::new(), Vec::new());
    let (mut most, mut mean_of_all) = (0.0_f64, 0.0);
    for report in play(&scenario) {
        // The first two seconds are the step itself.
        let shares: Vec<f64> = (2..20)
            .map(|n| {
                let name = format!("second-{n}");
                let came = report.phase(&name).unwrap().all.attempts;
                shed(&report, &name) as f64 / came as f64
            })
            .collect();
        let mean = shares.iter().sum::<f64>() / shares.len() as f64;
        let off = shares
            .iter()
            .map(|share| (share - mean).abs())
            .fold(0.0, f64::max);
        most = most.max(off);
        mean_of_all += mean / 20.0;
    }
    println!("shed at 2x: mean {mean_of_all:.3}, a second is off by {most:.3} at most");
    assert!(
        mean_of_all > 0.4,
        "it is the shedder that refuses: {mean_of_all}"
    );
    assert!(most <= 0.05, "a second was off by {most}");
}

#[test]
fn the_cut_off_is_right_a_second_after_a_step_and_open_a_second_after_the_step_back() {
    let scenario = builtin("shedding-step");
    let mut settled = Vec::new();
    for report in play(&scenario) {
        let step = report.series.step;
        let at = |seconds: f64| (seconds / step).round() as usize;
        // Looked at from a second after the step to its end: the first class is let in but for a
        // little, and next to nothing of the second.
        let flood: Vec<f64> = report.series.cut_off[at(6.0)..at(20.0)]
            .iter()
            .flatten()
            .copied()
            .collect();
        let mean = flood.iter().sum::<f64>() / flood.len() as f64;
        let right = flood
            .iter()
            .filter(|cut| (64.0..=192.0).contains(*cut))
            .count();
        settled.push((mean, right as f64 / flood.len() as f64));
        assert_eq!(shed(&report, "calm"), 0, "seed {}", report.seed);
        assert_eq!(shed(&report, "calm-again"), 0, "seed {}", report.seed);
        assert!(shed(&report, "step") > 2_000, "seed {}", report.seed);
    }
    let worst = settled.iter().map(|(_, right)| *right).fold(1.0, f64::min);
    println!(
        "cut-off from 1 s after the step on, mean by seed and how much is right: {settled:.3?}"
    );
    assert!(worst >= 0.98, "{worst}");
}
