//! How clients send, how long they wait, and when an answer is worth something to them.

mod support;

use floodwall_sim::{
    Answer, Arrivals, Client, Contender, OnCancel, Per, Phase, QuotaRule, Report, Scenario, Stack,
    Tier, Times,
};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use support::{against, bare, evenly, ms, secs, single};

fn constant(n: u64) -> Times {
    Times::constant(ms(n))
}

/// When each request of a scenario came.
fn times(scenario: &Scenario) -> Vec<Duration> {
    let (_, seen) = against(scenario, |_, _| async { Answer::GOOD });
    seen.into_iter().map(|(_, _, at)| at).collect()
}

#[test]
fn an_answer_at_the_deadline_counts_and_one_a_nanosecond_later_is_wasted_work() {
    let scenario = evenly(Client::new("all").deadline(ms(10)), 100.0, secs(1));
    let (report, _) = against(&scenario, |attempt, world| async move {
        let late = Duration::from_nanos(attempt.id() % 2);
        world.sleep(ms(10) + late).await;
        Answer::GOOD
    });
    let all = &report.total.all;
    assert_eq!((all.offered, all.succeeded), (99, 50));
    assert_eq!((all.late, all.wasted), (49, 49));
    assert_eq!((all.latency.count, all.latency.max), (50, Some(0.010)));
    // Whoever is late was answered all the same: nothing is wasted but work.
    assert_eq!((all.attempts, all.admitted), (99, 99));
}

#[test]
fn without_a_deadline_no_answer_is_late() {
    let scenario =
        evenly(Client::new("all"), 100.0, secs(1)).tier(Tier::new("slow", 1, constant(50)));
    let report = bare(&scenario);
    assert_eq!((report.total.all.succeeded, report.total.all.late), (99, 0));
    // The last comes at 990 ms and is the 99th to need 50 ms, from 10 ms on.
    assert_eq!(report.total.all.latency.max, Some(3.97));
}

/// The first of two requests keeps the only worker for 80 ms; its caller hangs up after 30 ms, when
/// the other has come.
fn hanging_up(on_cancel: OnCancel) -> Report {
    let mut tier = Tier::new("one", 1, constant(80));
    tier.on_cancel = on_cancel;
    let mut scenario = evenly(Client::new("a").patience(ms(30)), 1.0, ms(1_500)).tier(tier);
    let mut other = Client::new("b").load(1.0);
    // One request at 1.01 s: 0.99 per second and no second one before the end.
    scenario.capacity = Some(1.0 / 1.01);
    other.arrivals = Some(Arrivals::Constant);
    bare(&scenario.client(other))
}

#[test]
fn work_whose_caller_hung_up_stops_and_its_worker_is_free() {
    let report = hanging_up(OnCancel::Stops);
    let [a, b] = [0, 1].map(|n| report.total.clients[n].clone());
    assert_eq!((a.offered, a.abandoned, a.wasted), (1, 1, 0));
    // Came at 1.01 s, began at 1.03 s.
    assert_eq!(b.latency.max, Some(0.1));
}

#[test]
fn work_that_goes_on_without_its_caller_keeps_its_worker() {
    let report = hanging_up(OnCancel::GoesOn);
    let [a, b] = [0, 1].map(|n| report.total.clients[n].clone());
    assert_eq!((a.offered, a.abandoned), (1, 1));
    // Came at 1.01 s, began at 1.08 s.
    assert_eq!(b.latency.max, Some(0.15));
}

#[test]
fn whoever_hangs_up_in_the_line_is_never_worked_on() {
    for on_cancel in [OnCancel::Stops, OnCancel::GoesOn] {
        let mut tier = Tier::new("one", 1, constant(100));
        tier.on_cancel = on_cancel;
        // One keeps the worker from 1 s to 1.1 s; five come at 1.01 s and wait for 50 ms.
        let mut scenario = evenly(Client::new("a"), 1.0, ms(1_500)).tier(tier);
        let mut others = Client::new("b").load(1.0).patience(ms(50));
        scenario.capacity = Some(5.0 / 1.01);
        others.arrivals = Some(Arrivals::Bursts(5));
        let report = bare(&scenario.client(others));
        assert_eq!(report.total.clients[1].abandoned, 5, "{on_cancel:?}");
        assert_eq!(report.total.tiers[0].begun, 1, "{on_cancel:?}");
    }
}

#[test]
fn who_hangs_up_at_the_moment_of_the_answer_has_it() {
    // Two at the same moment: the second is answered after 20 ms, which is as long as it waits.
    let scenario = evenly(Client::new("all").patience(ms(20)), 2.0, ms(1_500))
        .arrivals(Arrivals::Bursts(2))
        .tier(Tier::new("one", 1, constant(10)));
    let all = bare(&scenario).total.all;
    assert_eq!((all.offered, all.succeeded, all.abandoned), (2, 2, 0));
}

#[test]
fn users_of_a_closed_loop_never_have_two_requests_under_way() {
    let scenario = Scenario::new("loop")
        .phase(Phase::new("all", secs(20)))
        .client(
            Client::new("users")
                .users(7, Times::exponential(ms(30)))
                .tenants(7),
        );
    let inside = Arc::new(Mutex::new(BTreeMap::<u32, u32>::new()));
    let (report, seen) = against(&scenario, move |attempt, world| {
        let inside = Arc::clone(&inside);
        async move {
            let user = attempt.tenant();
            // As many tenants as users: each user is one.
            *inside.lock().unwrap().entry(user).or_default() += 1;
            assert_eq!(inside.lock().unwrap()[&user], 1, "user {user}");
            world.sleep(ms(20 + attempt.id() % 13)).await;
            *inside.lock().unwrap().entry(user).or_default() -= 1;
            Answer::GOOD
        }
    });
    assert_eq!(report.total.all.offered, seen.len() as u64);
    // 7 users in 20 s, 26 ms of work and 30 ms of thought each: 2,500, with a deviation of about 27.
    assert!(seen.len().abs_diff(2_500) < 120, "{}", seen.len());
}

#[test]
fn a_closed_loop_does_users_over_service_and_thought() {
    // 5 users, 20 ms of service and 30 ms of thought: 100 per second, to the request.
    let scenario = Scenario::new("loop")
        .tier(Tier::new("roomy", 5, constant(20)))
        .phase(Phase::new("all", secs(10)))
        .client(Client::new("users").users(5, constant(30)));
    let report = bare(&scenario);
    assert_eq!(report.total.all.latency.max, Some(0.02));
    assert!(report.total.all.offered.abs_diff(1_000) <= 5);
    // Two workers do 100 per second too, and then all five are either there or think.
    let mut narrow = scenario.clone();
    narrow.tiers[0].workers = 1;
    let report = bare(&narrow);
    assert!((report.total.goodput_rate - 50.0).abs() < 0.5);
    // Five users share 50 per second: each cycle takes 100 ms, of which 30 are thought.
    assert_eq!(report.total.all.latency.p50, report.total.all.latency.p99);
    assert!((report.total.all.latency.p50.unwrap() - 0.07).abs() < 1e-4);
}

#[test]
fn a_user_thinks_after_a_refusal_too() {
    let scenario = Scenario::new("loop")
        .phase(Phase::new("all", secs(10)))
        .client(Client::new("users").users(1, constant(100)));
    let (report, _) = against(&scenario, |_, _| async {
        Answer::refused(floodwall::Reason::Full)
    });
    assert_eq!(report.total.all.refused, report.total.all.offered);
    assert!((99..=100).contains(&report.total.all.offered));
}

#[test]
fn constant_arrivals_are_a_gap_apart_and_bursts_come_at_once() {
    let constant = evenly(Client::new("all"), 8.0, secs(1));
    let even: Vec<_> = (1..8).map(|n| ms(125 * n)).collect();
    assert_eq!(times(&constant), even);
    let bursts = constant.arrivals(Arrivals::Bursts(4));
    // As many: the second burst would come at the very end.
    assert_eq!(times(&bursts), [ms(500); 4]);
}

#[test]
fn a_client_may_come_in_a_pattern_of_its_own() {
    let mut steady = Client::new("steady").share(0.5);
    steady.arrivals = Some(Arrivals::Constant);
    let scenario = Scenario::new("two")
        .arrivals(Arrivals::Bursts(10))
        .phase(Phase::new("all", secs(2)).rate(20.0))
        .client(steady)
        .client(Client::new("bursty").share(0.5));
    let (report, seen) = against(&scenario, |_, _| async { Answer::GOOD });
    assert_eq!(report.total.clients[0].offered, 19);
    assert_eq!(report.total.clients[1].offered, 10);
    // The burst and one of the steady at 1 s.
    let together = seen.iter().filter(|(_, _, at)| *at == secs(1)).count();
    assert_eq!(together, 11);
}

#[test]
fn the_tenants_of_a_client_ask_as_unevenly_as_it_says() {
    let counts = |skew| {
        let mut client = Client::new("all").tenants(4);
        client.skew = skew;
        let count = Arc::new(Mutex::new([0_u32; 4]));
        let inner = Arc::clone(&count);
        let scenario = evenly(client, 10_000.0, secs(2));
        against(&scenario, move |attempt, _| {
            inner.lock().unwrap()[attempt.tenant() as usize] += 1;
            async { Answer::GOOD }
        });
        *count.lock().unwrap()
    };
    // 20,000 in all; 1 : 1/2 : 1/3 : 1/4 is 9,600 : 4,800 : 3,200 : 2,400.
    for (skew, wanted) in [(0.0, [5_000; 4]), (1.0, [9_600, 4_800, 3_200, 2_400])] {
        for (got, wanted) in counts(skew).into_iter().zip(wanted) {
            assert!(got.abs_diff(wanted) < 300, "skew {skew}: {got} {wanted}");
        }
    }
}

#[test]
fn work_is_as_many_times_the_usual() {
    let mut heavy = Client::new("heavy");
    heavy.work = 2.5;
    let scenario = single(heavy).tier(Tier::new("one", 1, constant(10)));
    assert_eq!(bare(&scenario).total.all.latency.max, Some(0.025));
    // One worker does 40 of them per second.
    assert_eq!(scenario.best_capacity(), Some(40.0));
}

#[test]
fn a_request_takes_its_cost_from_a_quota() {
    let played = |cost, per| {
        let quota = QuotaRule {
            allow: "1/h burst 6".to_owned(),
            per,
        };
        let mut first = Client::new("first").share(0.5);
        first.cost = cost;
        let scenario = Scenario::new("quota")
            .arrivals(Arrivals::Constant)
            .tier(Tier::new("roomy", 100, constant(1)))
            .phase(Phase::new("all", ms(10_500)).rate(2.0))
            .client(first)
            .client(Client::new("second").share(0.5))
            .stack(Stack {
                quotas: vec![quota],
                ..Stack::default()
            });
        let report = Contender::Floodwall.play(&scenario, 1).unwrap();
        assert_eq!(report.total.all.refusals.len(), 1);
        assert_eq!(report.total.false_refusals, Some(0), "it is the client's");
        [0, 1].map(|n| report.total.clients[n].succeeded)
    };
    // Each client sends ten.
    assert_eq!(played(1, Per::Client), [6, 6]);
    assert_eq!(played(2, Per::Client), [3, 6]);
    // One for all, and they come in turn: 1 + 2 + 1 + 2.
    assert_eq!(played(2, Per::All), [2, 2]);
}
