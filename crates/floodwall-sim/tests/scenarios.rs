//! Every scenario that comes with the crate: the bare service collapses in it, what must hold holds, and
//! the same seed gives the same bytes.
#![allow(clippy::print_stdout, reason = "the figures are part of what it shows")]

use floodwall_sim::{Builtin, Contender, Report, Scenario, State, builtin, judge};

fn play(scenario: &Scenario, contender: Contender, seed: u64) -> Report {
    contender
        .play(scenario, seed)
        .unwrap_or_else(|error| panic!("{}: {error}", scenario.name))
}

/// The scenario once, or once for each load of its sweep.
fn points(scenario: &Scenario) -> Vec<(Option<f64>, Scenario)> {
    if scenario.sweep.is_empty() {
        return vec![(None, scenario.clone())];
    }
    let at = |load: &f64| (Some(*load), scenario.at_load(*load));
    scenario.sweep.iter().map(at).collect()
}

/// Judged by all seeds; where each must hold, the worst is told.
fn verdicts(name: &str, bare: bool, seeds: u64) -> Vec<String> {
    let scenario = Builtin::find(name).unwrap().scenario().unwrap();
    let contender = if bare {
        Contender::Bare
    } else {
        Contender::Floodwall
    };
    let mut wrong = Vec::new();
    let points = points(&scenario);
    let last = points.len() - 1;
    for (index, (load, scenario)) in points.iter().enumerate() {
        if bare && index < last {
            continue;
        }
        let reports: Vec<_> = (1..=seeds)
            .map(|seed| play(scenario, contender, seed))
            .collect();
        for verdict in judge(scenario, &reports, bare).unwrap() {
            let at = load.map_or(String::new(), |load| format!(" at load {load}"));
            let line = format!(
                "{name} ({contender}){at}: {}: {} {:?}",
                verdict.sentence, verdict.shown, verdict.state
            );
            println!("{line}");
            if verdict.state == State::Fails {
                wrong.push(line);
            }
        }
    }
    wrong
}

fn all_hold(bare: bool, seeds: u64, which: impl Fn(&str) -> bool) {
    let names = builtin()
        .iter()
        .map(Builtin::name)
        .filter(|name| which(name));
    // Runs know nothing of one another, so two at a time.
    let (odd, even): (Vec<_>, Vec<_>) = names.enumerate().partition(|(n, _)| n % 2 == 1);
    let judged = |names: Vec<(usize, &'static str)>| -> Vec<String> {
        let of = |(_, name)| verdicts(name, bare, seeds);
        names.into_iter().flat_map(of).collect()
    };
    let wrong = std::thread::scope(|scope| {
        let odd = scope.spawn(|| judged(odd));
        let even = judged(even);
        [odd.join().expect("no run fails"), even].concat()
    });
    assert!(wrong.is_empty(), "{wrong:#?}");
}

const LONG: &str = "diurnal-day";

#[test]
fn the_bare_service_collapses_in_each_scenario() {
    all_hold(true, 3, |name| name != LONG);
}

#[test]
fn floodwall_holds_in_each_scenario_with_each_of_twenty_seeds() {
    all_hold(false, 20, |name| name != LONG);
}

#[test]
fn a_day_holds_too() {
    all_hold(true, 1, |name| name == LONG);
    all_hold(false, 1, |name| name == LONG);
}

#[test]
fn each_scenario_says_what_it_is_for_what_must_hold_and_how_the_bare_service_fails() {
    for one in builtin() {
        let scenario = one.scenario().unwrap();
        assert!(scenario.about.len() > 30, "{}", one.name());
        assert!(scenario.holds.len() > 10, "{}", one.name());
        assert!(!scenario.expect.is_empty(), "{}", one.name());
        assert!(
            scenario.collapse.is_empty() == scenario.no_collapse.is_some(),
            "{}: say how the bare service collapses, or why it does not",
            one.name()
        );
    }
}

/// The whole report, as bytes.
fn bytes(name: &str, contender: Contender, seed: u64) -> String {
    let scenario = Builtin::find(name).unwrap().scenario().unwrap();
    let point = points(&scenario).pop().unwrap().1;
    serde_json::to_string(&play(&point, contender, seed)).unwrap()
}

/// Each scenario twice, the second time among other seeds and in another order.
fn repeats(which: impl Fn(&str) -> bool) {
    for one in builtin().iter().filter(|one| which(one.name())) {
        let run = |seed| bytes(one.name(), Contender::Floodwall, seed);
        let forward = [1, 2].map(run);
        let backward = [2, 1].map(run);
        assert_eq!(forward[0], backward[1], "{}", one.name());
        assert_eq!(forward[1], backward[0], "{}", one.name());
        if Builtin::find(one.name())
            .unwrap()
            .scenario()
            .unwrap()
            .trace
            .is_none()
        {
            assert_ne!(forward[0], forward[1], "{}", one.name());
        }
    }
}

#[test]
fn the_same_seed_gives_the_same_bytes_in_any_order() {
    repeats(|name| name != LONG);
}

#[test]
fn a_day_repeats_too() {
    repeats(|name| name == LONG);
}

/// The published figure is 1.82 times DAGOR's goodput.
#[test]
fn floodwall_does_1_8_times_what_a_dagor_like_policy_does_when_two_apis_share_a_backend() {
    let scenario = Builtin::find("topfull-two-apis")
        .unwrap()
        .scenario()
        .unwrap();
    let goodput = |contender| {
        play(&scenario, contender, 1)
            .during("overload")
            .goodput()
            .value()
            .unwrap()
    };
    let (dagor, ours) = (goodput(Contender::Dagor), goodput(Contender::Floodwall));
    println!("DAGOR-like {dagor:.3}, floodwall {ours:.3}");
    assert!(ours >= 1.8 * dagor);
}

/// The scenario of the locks says as its capacity what the best fixed limit does.
#[test]
fn no_fixed_limit_does_more_with_locks_than_the_scenario_says() {
    let scenario = Builtin::find("protego-locks").unwrap().scenario().unwrap();
    let goodput = |limit| {
        let mut scenario = scenario.clone();
        if let Some(stack) = &mut scenario.stack {
            stack.limit = Some(limit);
        }
        let report = play(&scenario, Contender::Floodwall, 1);
        report.phase("overload").unwrap().goodput_rate
    };
    let all: Vec<_> = (2..=20).map(|limit| (limit, goodput(limit))).collect();
    println!("{all:.0?}");
    let best = all.iter().map(|(_, goodput)| *goodput).fold(0.0, f64::max);
    let said = scenario.capacity.unwrap();
    assert!(
        (best / said - 1.0).abs() < 0.02,
        "the best does {best}, the file says {said}"
    );
}
