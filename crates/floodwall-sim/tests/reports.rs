//! What reports count, and where.

mod support;

use std::convert::Infallible;

use floodwall::{ConcurrencyLimit, Reason, admit};
use floodwall_sim::{
    Answer, Arrivals, Attempt, Change, Client, Contender, Group, Phase, PhaseReport, QueueRule,
    Report, Scenario, Simulation, Stack, Tier, Times,
};
use support::{against, bare, evenly, moments, ms, once, secs};
use tower::{Layer, service_fn};

fn constant(n: u64) -> Times {
    Times::constant(ms(n))
}

#[test]
fn a_request_is_counted_where_it_came_and_its_answer_where_it_was_given() {
    // Ten per second, answered 250 ms later; the first phase ends at 1 s.
    let mut scenario = evenly(Client::new("all"), 10.0, secs(1));
    scenario = scenario.phase(Phase::new("after", secs(1)).rate(10.0));
    let (report, _) = against(&scenario, |_, world| async move {
        world.sleep(ms(250)).await;
        Answer::GOOD
    });
    let [first, after] = [0, 1].map(|n| report.phases[n].clone());
    // At 100 ms to 900 ms, and at 1 s to 1.9 s.
    assert_eq!((first.all.offered, first.all.succeeded), (9, 9));
    assert_eq!((after.all.offered, after.all.succeeded), (10, 10));
    // Given at 350 ms to 950 ms, at 1.05 s to 1.95 s, and after the end.
    assert_eq!((first.goodput_rate, after.goodput_rate), (7.0, 10.0));
    assert_eq!((first.offered_rate, after.offered_rate), (9.0, 10.0));
    assert_eq!((after.start, after.seconds), (1.0, 1.0));
    assert_eq!(report.total.goodput_rate, 8.5);
}

#[test]
fn while_a_phase_settles_nothing_is_counted_for_it_and_all_is_counted_over_all() {
    let mut scenario = evenly(Client::new("all"), 10.0, secs(2));
    scenario.phases[0].settle = ms(550);
    let (report, _) = against(&scenario, |_, world| async move {
        world.sleep(ms(250)).await;
        Answer::GOOD
    });
    // From 600 ms on, in 1.45 s.
    let phase = &report.phases[0];
    assert_eq!((phase.all.offered, phase.seconds), (14, 1.45));
    // Answers from 550 ms on: at 550 ms itself, ... 1.95 s.
    assert!((phase.goodput_rate - 15.0 / 1.45).abs() < 1e-9);
    assert_eq!(
        (report.total.all.offered, report.total.all.succeeded),
        (19, 19)
    );
}

fn sums(groups: &[Group]) -> [u64; 9] {
    groups.iter().fold([0; 9], |sum, group| {
        let counts = [
            group.offered,
            group.attempts,
            group.admitted,
            group.succeeded,
            group.late,
            group.refused,
            group.failed,
            group.abandoned,
            group.all_refusals(),
        ];
        std::array::from_fn(|n| sum[n] + counts[n])
    })
}

/// Six clients of three classes, each in trouble of another kind.
fn troubled() -> Scenario {
    let mut scenario = Scenario::new("troubled")
        .tier(Tier::new("four", 4, Times::exponential(ms(10))).line(30))
        .phase(Phase::new("calm", secs(3)).load(0.5))
        .phase(Phase::new("flood", secs(3)).load(2.0).settle(ms(500)));
    for n in 0..6 {
        let mut client = Client::new(format!("c{n}")).class(n % 3).share(1.0 / 6.0);
        client = match n {
            0 => client.deadline(ms(30)),
            1 => client.patience(ms(30)),
            2 => client.retry(floodwall_sim::Retry::new(2, ms(20))),
            _ => client,
        };
        scenario = scenario.client(client);
    }
    scenario
}

#[test]
fn classes_and_clients_each_add_up_to_all() {
    let report = bare(&troubled());
    for phase in report.phases.iter().chain([&report.total]) {
        let all = sums(std::slice::from_ref(&phase.all));
        assert_eq!(sums(&phase.classes), all, "{}", phase.name);
        assert_eq!(sums(&phase.clients), all, "{}", phase.name);
        assert_eq!((phase.classes.len(), phase.clients.len()), (3, 6));
    }
    let all = &report.total.all;
    assert!(
        all.late > 0 && all.abandoned > 0 && all.refused > 0,
        "{all:?}"
    );
}

#[test]
fn a_series_adds_up_to_what_was_counted() {
    for tenths in [60, 587] {
        let mut scenario = troubled();
        scenario.phases[1].lasts = ms(100 * tenths);
        let report = bare(&scenario);
        let series = &report.series;
        let sum = |values: &[f64]| {
            // The last step of the longer one is half as long as the others.
            let all = values.iter().sum::<f64>() * series.step;
            let last = values.last().unwrap() * if tenths == 587 { 0.1 } else { 0.0 };
            (all - last).round() as u64
        };
        let all = &report.total.all;
        assert_eq!(sum(&series.offered), all.offered);
        // Those of the last moments are refused, late or tried again after the end.
        let near = |sum: u64, count: u64| sum <= count && count < sum + 40;
        assert!(near(sum(&series.attempts), all.attempts));
        assert!(near(sum(&series.goodput), all.succeeded));
        assert!(near(sum(&series.refused), all.all_refusals()));
        assert!(near(sum(&series.wasted), all.wasted));
        let classes: u64 = series.classes.iter().map(|class| sum(&class.goodput)).sum();
        assert_eq!(classes, sum(&series.goodput));
        assert_eq!(
            sum(&series.goodput),
            (report.total.goodput_rate * report.seconds).round() as u64
        );
    }
}

/// A run of 61.7 s has 617 tenths of a second and 308 steps of two of them.
#[test]
fn the_last_step_of_a_series_is_not_lost_when_it_is_shorter() {
    let report =
        bare(&evenly(Client::new("all"), 10.0, ms(61_700)).tier(Tier::new("one", 1, constant(1))));
    assert_eq!(report.series.step, 0.2);
    assert_eq!(report.series.offered.len(), 309);
    // A rate is a rate, however short the step.
    assert_eq!(report.series.offered[308], 10.0);
    assert_eq!(report.series.busy.len(), 309);
}

fn limited(workers: u32, limit: u32) -> PhaseReport {
    let stack = Stack {
        limit: Some(limit),
        queue: Some(QueueRule {
            capacity: Some(0),
            ..QueueRule::default()
        }),
        ..Stack::default()
    };
    let scenario = moments([1_000, 1_010, 1_020].map(|at| once(&format!("at {at}"), ms(at))))
        .tier(Tier::new("workers", workers, constant(100)))
        .stack(stack);
    Contender::Floodwall.play(&scenario, 1).unwrap().total
}

#[test]
fn a_refusal_is_false_while_a_worker_is_idle_and_only_then() {
    let false_of = |workers, limit| {
        let total = limited(workers, limit);
        (total.all.all_refusals(), total.false_refusals)
    };
    assert_eq!(false_of(2, 1), (2, Some(2)));
    assert_eq!(false_of(2, 2), (1, Some(0)));
    assert_eq!(false_of(3, 2), (1, Some(1)));
    assert_eq!(false_of(2, 3), (0, Some(0)));
}

#[test]
fn a_refusal_during_a_stall_is_not_false() {
    let stack = Stack {
        limit: Some(1),
        queue: Some(QueueRule {
            capacity: Some(0),
            ..QueueRule::default()
        }),
        ..Stack::default()
    };
    let tier =
        Tier::new("workers", 5, constant(100)).change(Change::new(ms(1_005), ms(50)).stall());
    let scenario = moments([
        once("a", ms(1_000)),
        once("b", ms(1_010)),
        once("c", ms(1_060)),
    ])
    .tier(tier)
    .stack(stack);
    let total = Contender::Floodwall.play(&scenario, 1).unwrap().total;
    assert_eq!(
        (total.all.all_refusals(), total.false_refusals),
        (2, Some(1))
    );
}

/// Tiers may say what the capacity is while a service of one's own stands in their place.
#[test]
fn where_no_simulated_worker_is_asked_nothing_is_known_of_false_refusals() {
    let scenario =
        evenly(Client::new("all"), 10.0, secs(1)).tier(Tier::new("unused", 1, constant(1)));
    let (report, _) = against(&scenario, |_, _| async { Answer::refused(Reason::Full) });
    assert_eq!(report.total.false_refusals, None);
    assert_eq!(report.total.all.refused, 9);
}

/// 100 per second, all the workers can do; nothing moves from 3 s to 4 s.
fn stalled(client: Client) -> Report {
    let tier = Tier::new("one", 1, constant(5)).change(Change::new(secs(3), secs(1)).stall());
    let scenario = Scenario::new("stalled")
        .arrivals(Arrivals::Constant)
        .phase(Phase::new("before", secs(3)).rate(100.0))
        .phase(Phase::new("stall", secs(5)).rate(100.0))
        .client(client.share(1.0))
        .tier(tier);
    bare(&scenario)
}

#[test]
fn the_worst_second_is_the_one_of_the_stall_and_recovery_is_counted_from_the_start_of_the_phase() {
    let report = stalled(Client::new("all").deadline(ms(50)));
    let [before, stall] = [0, 1].map(|n| report.phases[n].clone());
    assert!(before.worst_second.unwrap() >= 0.99, "{before:?}");
    assert_eq!(before.recovery, Some(0.0));
    // A second of the stall has no capacity, so it is not judged; windows that overlap it are.
    assert!(stall.worst_second.unwrap() < 0.05, "{stall:?}");
    // 100 wait at 4 s and 5 ms each are 500 ms, in which another 50 came, and so on: all is in time again
    // after 1 s. Nobody is refused, so those who wait are late by then.
    let recovery = stall.recovery.unwrap();
    assert!((1.8..=2.0).contains(&recovery), "{recovery}");
    // Capacity is 200 per second, but for a fifth of the phase.
    assert_eq!(stall.capacity, Some(160.0));
}

#[test]
fn what_never_recovers_has_no_recovery() {
    let scenario = Scenario::new("hopeless")
        .phase(Phase::new("all", secs(5)).load(3.0))
        .client(Client::new("all").share(1.0).deadline(ms(50)))
        .tier(Tier::new("one", 1, constant(5)));
    let report = bare(&scenario);
    assert_eq!(report.phases[0].recovery, None);
}

/// Of a tenth of a second that is cut short by the end of the run only that part counts.
#[test]
fn the_end_of_a_run_does_not_look_like_a_bad_second() {
    let scenario = Scenario::new("full")
        .phase(Phase::new("all", ms(3_010)).load(2.0))
        .client(Client::new("all").share(1.0))
        .tier(Tier::new("one", 1, constant(5)));
    let worst = bare(&scenario).phases[0].worst_second.unwrap();
    assert!(worst > 0.98, "{worst}");
}

#[test]
fn no_quantile_lies_above_the_greatest() {
    let report =
        bare(&evenly(Client::new("all"), 10.0, secs(2)).tier(Tier::new("one", 1, constant(10))));
    let latency = report.total.all.latency;
    assert_eq!(latency.max, Some(0.01));
    assert_eq!([latency.p50, latency.p99, latency.p999], [Some(0.01); 3]);
    report.overall().p99().at_most(ms(10));
}

#[test]
fn the_limit_is_told_as_it_was_seen_in_each_phase() {
    let scenario = Scenario::new("limits")
        .arrivals(Arrivals::Constant)
        .phase(Phase::new("wide", secs(2)).rate(20.0))
        .phase(Phase::new("narrow", secs(2)).rate(20.0))
        .client(Client::new("all").share(1.0));
    let report = Simulation::new(&scenario)
        .run(|stage| {
            let limit = ConcurrencyLimit::new(10);
            let handle = limit.handle();
            stage.watch_limit(&handle);
            let world = stage.world().clone();
            let inner = service_fn(move |_: Attempt| {
                let now = world.elapsed();
                let wanted = if now < secs(2) {
                    10
                } else if now < secs(3) {
                    6
                } else {
                    8
                };
                handle.set_limit(wanted).unwrap();
                std::future::ready(Ok::<(), Infallible>(()))
            });
            admit::AdmitLayer::new(limit).layer(inner)
        })
        .unwrap();
    assert_eq!(report.phases[0].limit, Some((10.0, 10.0)));
    assert_eq!(report.phases[1].limit, Some((6.0, 8.0)));
    assert_eq!(report.total.limit, Some((6.0, 10.0)));
    assert_eq!(report.series.limit[5], Some(10.0));
    assert_eq!(report.series.limit[25], Some(6.0));
    assert_eq!(report.series.in_flight[25], Some(0.0));
}
