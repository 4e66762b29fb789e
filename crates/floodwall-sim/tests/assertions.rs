//! Assertions on reports, and the judgement of what a scenario expects.

mod support;

use std::panic::{AssertUnwindSafe, catch_unwind};

use floodwall::Reason;
use floodwall_sim::{
    Answer, Bound, Client, Expect, Measure, Over, Report, RunError, Runs, Scenario, Simulation,
    State, judge,
};
use std::convert::Infallible;
use support::{against, evenly, ms, secs};
use tower::service_fn;

/// Of 99 requests so many are refused, the last ones.
fn refusing(refused: u64) -> Report {
    let scenario = evenly(Client::new("all").class(2), 100.0, secs(1));
    let (mut report, _) = against(&scenario, move |attempt, world| async move {
        world.sleep(ms(12)).await;
        if attempt.id() + refused >= 99 {
            return Answer::refused(Reason::Quota);
        }
        Answer::GOOD
    });
    report.stack = "wall".to_owned();
    report.seed = 100 + refused;
    report
}

fn said(assertion: impl FnOnce()) -> String {
    let panic = catch_unwind(AssertUnwindSafe(assertion)).expect_err("it should not hold");
    panic.downcast_ref::<String>().unwrap().clone()
}

#[test]
fn what_holds_says_nothing() {
    let report = refusing(0);
    report.overall().success().at_least(1.0);
    report.during("all").client("all").p99().at_most(ms(12));
    report.during("all").class(2).amplification().at_most(1.0);
    report.overall().no_refusals();
}

#[test]
fn what_does_not_hold_says_by_how_much_of_what_and_how_to_repeat_it() {
    let report = refusing(9);
    let said = said(|| report.during("all").class(2).success().at_least(0.95));
    for part in [
        "success of class 2 during `all` is 90.91 % and must be at least 95.00 %",
        "99 requests: 90 succeeded, 9 refused; refusals: quota 9",
        "scenario `evenly`, stack `wall`, seed 109",
        "repeat it with: FLOODWALL_SIM_SEED=109 cargo test -p floodwall-sim",
        // The name of this very test, so that nothing else runs.
        "what_does_not_hold_says_by_how_much_of_what_and_how_to_repeat_it",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
}

#[test]
fn of_several_runs_each_must_hold_and_the_first_that_does_not_is_named() {
    let runs = Runs::new([0, 9, 3, 5].map(refusing).to_vec());
    let told = said(|| runs.overall().success().at_least(0.96));
    assert!(told.contains("90.91 %"), "{told}");
    assert!(told.contains("seed 109 (2 of 4 seeds)"), "{told}");
    // (99 + 90 + 96 + 94) / (4 * 99)
    runs.overall().success().mean().at_least(0.957);
    let told = said(|| runs.overall().success().mean().at_least(0.958));
    assert!(
        told.starts_with("the mean of success over all is 95.71 %"),
        "{told}"
    );
    let value = runs.overall().success().value().unwrap();
    assert!((value - 379.0 / 396.0).abs() < 1e-12);
    assert_eq!(
        runs.worst(runs.overall(), Measure::Success),
        Some(90.0 / 99.0)
    );
    assert_eq!(runs.worst(runs.overall(), Measure::Refusals), Some(9.0));
}

#[test]
fn what_is_unknown_is_neither_at_least_nor_at_most_anything() {
    let report = refusing(99);
    assert_eq!(report.overall().p99().value(), None);
    for told in [
        said(|| report.overall().p99().at_most(secs(9))),
        said(|| report.overall().p99().at_least(secs(0))),
        said(|| report.overall().p99().mean().at_most(secs(9))),
        // A class of which nothing came.
        said(|| report.overall().class(7).success().at_least(0.0)),
    ] {
        assert!(told.contains("is unknown and must be"), "{told}");
    }
}

#[test]
fn a_name_that_is_not_there_is_told_with_those_that_are() {
    let report = refusing(0);
    let told = said(|| report.during("flood").success().at_least(0.0));
    assert_eq!(told, "there is no phase `flood`: there is all");
    let told = said(|| report.overall().client("mobile").success().at_least(0.0));
    assert_eq!(told, "there is no client `mobile`: there is all");
    let told = said(|| report.overall().class(2).goodput().at_least(0.0));
    assert_eq!(told, "`goodput` is known for all together only");
}

/// What is said of each of no runs is true of them, so a test without a run would never fail.
#[test]
fn nothing_holds_without_a_run() {
    let none = Runs::default();
    for assertion in [false, true] {
        let failed = catch_unwind(|| {
            let figure = none.overall().success();
            let figure = if assertion { figure.mean() } else { figure };
            figure.at_least(1.0);
        });
        assert!(failed.is_err());
    }
    let scenario = Scenario::new("none");
    let mut expecting = scenario.clone();
    expecting.expect = vec![expect(Measure::Success, Some(0.5), None)];
    let verdicts = judge(&expecting, &[], false).unwrap();
    assert_eq!(verdicts[0].state, State::Fails);
    assert_eq!(verdicts[0].shown, "unknown");
}

fn expect(measure: Measure, at_least: Option<f64>, at_most: Option<f64>) -> Expect {
    Expect {
        from_load: None,
        to_load: None,
        measure,
        during: None,
        class: None,
        client: None,
        at_least: at_least.map(Bound::Number),
        at_most: at_most.map(Bound::Number),
        over: Over::Each,
        needs: None,
    }
}

#[test]
fn expectations_hold_for_each_seed_or_for_the_mean_or_are_pending() {
    let runs = Runs::new([0, 9, 3, 5].map(refusing).to_vec());
    let each = |least| expect(Measure::Success, Some(least), None);
    let mean = |least| Expect {
        over: Over::Mean,
        ..each(least)
    };
    let pending = Expect {
        needs: Some("a queue".to_owned()),
        ..each(1.0)
    };
    let mut scenario = Scenario::new("judged");
    scenario.expect = vec![
        each(0.9),
        each(0.96),
        mean(0.957),
        mean(0.958),
        pending,
        expect(Measure::Refusals, Some(0.0), Some(9.0)),
        expect(Measure::Refusals, None, Some(8.0)),
    ];
    scenario.collapse = vec![expect(Measure::Success, None, Some(0.5))];
    let verdicts = runs.judge(&scenario, false).unwrap();
    let states: Vec<_> = verdicts
        .iter()
        .map(|verdict| verdict.state.clone())
        .collect();
    use State::{Fails, Holds, Pending};
    let wanted = [
        Holds,
        Fails,
        Holds,
        Fails,
        Pending("a queue".to_owned()),
        Holds,
        Fails,
    ];
    assert_eq!(states, wanted);
    // The seed that decides, and its value.
    assert_eq!(
        (verdicts[0].seed, verdicts[0].value),
        (Some(109), Some(90.0 / 99.0))
    );
    assert_eq!((verdicts[1].seed, verdicts[2].seed), (Some(109), None));
    assert_eq!(verdicts[6].shown, "9");
    let bare = runs.judge(&scenario, true).unwrap();
    assert_eq!((bare.len(), &bare[0].state), (1, &Fails));
    // What is not there is an error and no verdict.
    scenario.expect[0].during = Some("flood".to_owned());
    let told = runs.judge(&scenario, false).unwrap_err();
    assert!(told.contains("no phase `flood`"), "{told}");
}

/// It used to panic far from its cause, or to send nothing and prove nothing.
#[test]
fn a_scenario_that_cannot_be_simulated_is_refused_whoever_made_it() {
    let run = |scenario: &Scenario| {
        let answer = Simulation::new(scenario)
            .run(|_| service_fn(|_| std::future::ready(Ok::<(), Infallible>(()))));
        match answer {
            Err(RunError::Scenario(told)) => told,
            other => panic!("{other:?}"),
        }
    };
    let told = run(&Scenario::new("empty"));
    assert!(told.contains("there is no phase"), "{told}");
    let mut no_capacity = evenly(Client::new("all"), 100.0, secs(1));
    (no_capacity.phases[0].rate, no_capacity.phases[0].load) = (None, Some(3.0));
    let told = run(&no_capacity);
    assert!(told.contains("capacity"), "{told}");
    let told = run(&evenly(Client::new("all").class(9), 100.0, secs(1)));
    assert!(told.contains("there is no class 9"), "{told}");
}
