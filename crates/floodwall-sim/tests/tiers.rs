//! Tiers that call one another, stacks in front of several of them, and answers that stream.

mod support;

use floodwall::Reason;
use floodwall_sim::{
    Arrivals, Call, Change, Client, Contender, QueueRule, Report, Retry, Scenario, Stack, Tier,
    Times,
};
use std::time::Duration;
use support::{bare, evenly, moments, ms, once, secs, single, trips};

fn constant(n: u64) -> Times {
    Times::constant(ms(n))
}

fn call(tier: &str, times: u32, parallel: bool) -> Call {
    Call {
        tier: tier.to_owned(),
        times,
        up_to: None,
        parallel,
    }
}

/// `web` with one worker of 1 ms that makes these calls; `db` with so many workers of 5 ms.
fn chain(calls: Vec<Call>, workers: u32) -> [Tier; 2] {
    let mut web = Tier::new("web", 1, constant(1));
    web.calls = calls;
    [web, Tier::new("db", workers, constant(5))]
}

fn behind(scenario: Scenario, tiers: impl IntoIterator<Item = Tier>) -> Scenario {
    tiers.into_iter().fold(scenario, Scenario::tier)
}

fn latency(calls: Vec<Call>, workers: u32) -> Option<f64> {
    let scenario = behind(single(Client::new("all")), chain(calls, workers));
    bare(&scenario).total.all.latency.max
}

#[test]
fn calls_one_by_one_add_up_and_calls_in_parallel_take_as_long_as_the_slowest() {
    assert_eq!(latency(vec![call("db", 3, false)], 3), Some(0.016));
    assert_eq!(latency(vec![call("db", 3, true)], 3), Some(0.006));
    // Two workers: the third call waits for one of them.
    assert_eq!(latency(vec![call("db", 3, true)], 2), Some(0.011));
    // Different calls come one after the other.
    let both = vec![call("db", 2, true), call("db", 1, false)];
    assert_eq!(latency(both, 3), Some(0.011));
}

#[test]
fn a_worker_is_kept_during_calls() {
    let scenario = evenly(Client::new("all"), 2.0, ms(1_500)).arrivals(Arrivals::Bursts(2));
    let scenario = behind(scenario, chain(vec![call("db", 3, false)], 3));
    let (report, trips) = trips(&scenario);
    let took: Vec<_> = trips.iter().map(support::Trip::took).collect();
    assert_eq!(took, [ms(16), ms(32)]);
    let [web, db] = [0, 1].map(|n| report.total.tiers[n].clone());
    assert_eq!((web.begun, web.mean_wait), (2, Some(0.008)));
    assert_eq!((db.begun, db.mean_wait), (6, Some(0.0)));
}

#[test]
fn each_number_of_calls_up_to_the_most_is_as_likely() {
    let mut some = call("db", 1, false);
    some.up_to = Some(3);
    let scenario = evenly(Client::new("all"), 50.0, secs(60));
    let (_, trips) = trips(&behind(scenario, chain(vec![some], 1)));
    for took in [6, 11, 16] {
        let count = trips.iter().filter(|trip| trip.took() == ms(took)).count();
        // Of 2,999, with a deviation of 26.
        assert!(count.abs_diff(1_000) < 110, "{took} ms: {count}");
    }
}

#[test]
fn a_call_that_fails_is_the_end_and_the_further_ones_are_not_made() {
    let failing = |parallel| {
        let [web, db] = chain(vec![call("db", 3, parallel)], 3);
        let db = db.change(Change::new(ms(0), secs(9)).fail(1.0));
        let report = bare(&behind(single(Client::new("all")), [web, db]));
        assert_eq!(report.total.all.failed, 1);
        report.total.tiers[1].begun
    };
    assert_eq!(failing(false), 1);
    assert_eq!(failing(true), 3);
}

#[test]
fn who_hangs_up_during_calls_frees_the_workers_of_all_tiers() {
    let mut slow = chain(vec![call("db", 1, false)], 1);
    slow[1].service = constant(100);
    let clients = [once("a", ms(1_000)).patience(ms(50)), once("b", ms(1_010))];
    let (_, trips) = trips(&behind(moments(clients), slow));
    // It begins at 1.05 s in both.
    assert_eq!(trips.len(), 1);
    assert_eq!(trips[0].ended, ms(1_151));
}

fn no_queue(limit: u32) -> Stack {
    Stack {
        limit: Some(limit),
        queue: Some(QueueRule {
            capacity: Some(0),
            ..QueueRule::default()
        }),
        ..Stack::default()
    }
}

fn floodwall(scenario: &Scenario) -> Report {
    scenario.validate().unwrap();
    Contender::Floodwall.play(scenario, 1).unwrap()
}

/// Two requests 10 ms apart, and a database that takes 100 ms, behind a limit of 1.
fn protected(names: &[&str]) -> Report {
    let mut tiers = chain(vec![call("db", 1, false)], 9);
    tiers[0].workers = 9;
    tiers[1].service = constant(100);
    let clients = [once("a", ms(1_000)), once("b", ms(1_010))];
    let mut scenario = behind(moments(clients), tiers).stack(no_queue(1));
    scenario.protect = names.iter().map(ToString::to_string).collect();
    floodwall(&scenario)
}

#[test]
fn the_stack_stands_before_the_tiers_that_are_named_and_else_before_the_first() {
    let begun = |report: &Report| [0, 1].map(|n| report.total.tiers[n].begun);
    let refused = |report: &Report| {
        report
            .total
            .all
            .refusals
            .get(Reason::Full.as_str())
            .copied()
    };
    for (names, wanted) in [
        (&[][..], [1, 1]),
        (&["web"][..], [1, 1]),
        (&["web", "db"][..], [1, 1]),
        // The first tier has done its part by the time the second refuses.
        (&["db"][..], [2, 1]),
    ] {
        let report = protected(names);
        assert_eq!(begun(&report), wanted, "{names:?}");
        assert_eq!(refused(&report), Some(1), "{names:?}");
    }
}

#[test]
fn each_protected_tier_has_a_limit_of_its_own() {
    let mut tiers = chain(vec![call("db", 3, true)], 9);
    tiers[0].workers = 9;
    let mut scenario = behind(single(Client::new("all")), tiers).stack(no_queue(2));
    scenario.protect = vec!["web".to_owned(), "db".to_owned()];
    // The third call finds no place, so the whole is refused, though `web` has one left.
    let report = floodwall(&scenario);
    assert_eq!(
        (report.total.all.refused, report.total.tiers[1].begun),
        (1, 2)
    );
    // What is watched is the sum.
    assert_eq!(report.total.limit, Some((4.0, 4.0)));
    scenario.stack = Some(no_queue(3));
    assert_eq!(floodwall(&scenario).total.all.succeeded, 1);
}

fn streaming(workers: u32, stream: Duration) -> Tier {
    let mut tier = Tier::new("streams", workers, constant(10));
    tier.stream = Some(Times::constant(stream));
    tier
}

#[test]
fn a_stream_is_answered_at_its_head_and_its_worker_is_free() {
    let client = Client::new("all").deadline(ms(50));
    let scenario = evenly(client, 2.0, ms(1_500)).arrivals(Arrivals::Bursts(2));
    let (report, trips) = trips(&scenario.tier(streaming(1, ms(100))));
    let took: Vec<_> = trips.iter().map(support::Trip::took).collect();
    assert_eq!(took, [ms(110), ms(120)]);
    let all = &report.total.all;
    // In time by their heads.
    assert_eq!((all.succeeded, all.late), (2, 0));
    assert_eq!(all.latency.max, Some(0.02));
    assert!((all.latency.mean.unwrap() - 0.015).abs() < 1e-12);
}

#[test]
fn a_place_behind_a_limit_is_held_to_the_end_of_the_stream() {
    let clients = [
        once("first", ms(1_000)),
        once("during", ms(1_100)),
        once("after", ms(1_120)),
    ];
    let scenario = moments(clients)
        .tier(streaming(1, ms(100)))
        .stack(no_queue(1));
    let report = floodwall(&scenario);
    let good = [0, 1, 2].map(|n| report.total.clients[n].succeeded);
    assert_eq!(good, [1, 0, 1]);
    // A worker was idle: the limit is about something that the workers know nothing of.
    assert_eq!(report.total.false_refusals, Some(1));
}

#[test]
fn a_stream_that_began_too_late_is_tried_again_at_the_deadline() {
    let client = Client::new("all")
        .deadline(ms(5))
        .retry(Retry::new(1, ms(10)));
    let report = bare(&single(client).tier(streaming(9, ms(100))));
    let all = &report.total.all;
    assert_eq!((all.attempts, all.late, all.wasted), (2, 1, 2));
}

/// By its head it is in time, as it is for a client that does not retry.
#[test]
fn a_stream_that_began_in_time_is_not_tried_again() {
    let client = Client::new("all")
        .deadline(ms(50))
        .retry(Retry::new(2, ms(10)));
    let report = bare(&single(client).tier(streaming(1, ms(100))));
    let all = &report.total.all;
    assert_eq!((all.attempts, all.succeeded, all.wasted), (1, 1, 0));
    assert_eq!(all.latency.max, Some(0.01));
}
