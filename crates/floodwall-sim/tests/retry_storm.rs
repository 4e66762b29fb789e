//! Retry storms: what floodwall's retry budget on the side of the clients does about them.
#![allow(clippy::print_stdout, reason = "the figures are part of what it shows")]

use std::time::Duration;

use floodwall_sim::{Builtin, Contender, Report, Scenario};

fn scenario(name: &str) -> Scenario {
    Builtin::find(name).unwrap().scenario().unwrap()
}

/// 0.85 of the capacity, a stall of 5 s, a deadline of 100 ms, three retries; and the stack with a budget.
fn storm(budget: Option<f64>) -> Scenario {
    let mut storm = scenario("metastable-retries");
    storm.stack.as_mut().unwrap().retry_budget = budget;
    storm
}

fn play(scenario: &Scenario, contender: Contender, seed: u64) -> Report {
    contender.play(scenario, seed).unwrap()
}

#[test]
fn it_stays_collapsed_without_floodwall_and_is_over_in_two_seconds_with_it() {
    let (with_budget, without) = (storm(Some(0.2)), storm(None));
    for seed in 1..=20 {
        let bare = play(&with_budget, Contender::Bare, seed);
        bare.during("after").possible().at_most(0.5);
        for scenario in [&with_budget, &without] {
            let report = play(scenario, Contender::Floodwall, seed);
            report.during("after").possible().at_least(0.95);
            report
                .during("after")
                .recovers_within(Duration::from_secs(2));
        }
    }
}

/// During the stall everything fails, and everybody would try again three times.
#[test]
fn a_budget_takes_the_storm_out_of_a_stall() {
    for seed in 1..=5 {
        let of = |budget| play(&storm(budget), Contender::Floodwall, seed);
        let (free, bounded) = (of(None), of(Some(0.2)));
        let amplified = |report: &Report| {
            let stall = report.phases.iter().find(|phase| phase.name == "stall");
            stall.unwrap().all.amplification().unwrap()
        };
        let (free_by, bounded_by) = (amplified(&free), amplified(&bounded));
        println!(
            "seed {seed}: {free_by:.2} attempts for each request, with a budget {bounded_by:.2}"
        );
        assert!(free_by > 3.5, "seed {seed}: {free_by}");
        // A fifth of what is under way is at most a quarter more.
        assert!(bounded_by < 1.35, "seed {seed}: {bounded_by}");
        // In calm times everybody may try again.
        bounded
            .during("after")
            .recovers_within(Duration::from_secs(2));
    }
}

/// Envoy's issue #30205.
#[test]
fn a_thousand_failures_at_the_same_moment_leave_at_most_200_retries() {
    let burst = scenario("retry-budget");
    let bare = play(&burst, Contender::Bare, 1).total.retries_at_once;
    let bounded = play(&burst, Contender::Floodwall, 1).total.retries_at_once;
    assert!(bare >= 900, "{bare}");
    assert!((100..=200).contains(&bounded), "{bounded}");
}
