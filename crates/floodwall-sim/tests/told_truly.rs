//! Figures that were wrong once: each test bears the name of what it guards.

mod support;

use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use axum::routing::get;
use floodwall::ConcurrencyLimitLayer;
use floodwall_sim::http::Http;
use floodwall_sim::{
    Arrivals, Change, Client, Contender, Phase, Retry, Runs, Scenario, Simulation, Tier, Times,
};
use support::{ms, secs};

#[test]
fn a_change_of_a_tier_that_is_not_the_bottleneck_takes_no_capacity() {
    let scenario = |tier: &str| {
        let change = Change::new(secs(1), secs(1)).workers(2);
        let mut scenario = Scenario::new("chain")
            .capacity(400.0)
            .tier(Tier::new("front", 40, Times::constant(ms(1))).calls("back", 1))
            .tier(Tier::new("back", 4, Times::constant(ms(10))))
            .phase(Phase::new("before", secs(1)).load(0.5))
            .phase(Phase::new("during", secs(1)).load(0.5))
            .client(Client::new("all").share(1.0));
        let changed = scenario.tiers.iter_mut().find(|one| one.name == tier);
        changed.unwrap().changes.push(change);
        Contender::Bare.play(&scenario, 1).unwrap().phases[1].capacity
    };
    assert_eq!(scenario("front"), Some(400.0));
    assert_eq!(scenario("back"), Some(200.0));
}

#[test]
fn jitter_of_retry_after_over_http_repeats_with_the_seed() {
    let retry = Retry {
        honours_retry_after: true,
        ..Retry::new(3, ms(10))
    };
    let flood = Scenario::new("flood")
        .phase(Phase::new("flood", secs(3)).rate(2_400.0))
        .client(Client::new("all").share(1.0).deadline(ms(200)).retry(retry));
    let run = || {
        Simulation::new(&flood)
            .run(|_| {
                let app: Router = Router::new()
                    .route("/", get(|| tokio::time::sleep(Duration::from_millis(10))))
                    .layer(ConcurrencyLimitLayer::new(8));
                Http::new(app, |_| Request::new(Body::empty()))
            })
            .unwrap()
    };
    assert_eq!(run(), run());
}

#[test]
fn a_mean_with_a_run_in_which_nobody_succeeded_is_unknown() {
    let report = |service| {
        let scenario = Scenario::new("one")
            .tier(Tier::new("one", 1, Times::constant(service)))
            .phase(Phase::new("all", secs(1)).rate(10.0))
            .client(Client::new("all").share(1.0).deadline(ms(50)));
        Contender::Bare.play(&scenario, 1).unwrap()
    };
    let runs = Runs::new(vec![report(ms(1)), report(ms(60))]);
    assert_eq!(runs.during("all").p99().value(), None);
    assert_eq!(runs.during("all").p99().mean().value(), None);
}

#[test]
fn a_tier_is_counted_from_when_its_phase_has_settled() {
    let mut scenario = Scenario::new("settles")
        .tier(Tier::new("one", 10, Times::constant(ms(1))))
        .phase(Phase::new("all", secs(20)).rate(100.0).settle(secs(10)))
        .client(Client::new("all").share(1.0));
    scenario.arrivals = Arrivals::Constant;
    let report = Contender::Bare.play(&scenario, 1).unwrap();
    let phase = &report.phases[0];
    assert!(
        phase.tiers[0].begun.abs_diff(phase.all.offered) <= 1,
        "{phase:?}"
    );
}

#[test]
fn patience_does_not_keep_a_client_from_trying_again_at_its_deadline() {
    let mut scenario = Scenario::new("patient")
        .tier(Tier::new("one", 10, Times::constant(secs(1))))
        .phase(Phase::new("all", secs(1)).rate(1.0))
        .client(
            Client::new("all")
                .share(1.0)
                .deadline(ms(100))
                .patience(secs(5))
                .retry(Retry::new(2, ms(10))),
        );
    scenario.arrivals = Arrivals::Bursts(1);
    scenario.phases[0].lasts = ms(1_500);
    let report = Contender::Bare.play(&scenario, 1).unwrap();
    let all = &report.total.all;
    assert_eq!((all.offered, all.attempts), (1, 3));
    // All three within half a second: the first answer is there only after a whole one.
    let seen: f64 = report.series.attempts.iter().sum();
    assert!((seen * report.series.step - 3.0).abs() < 1e-9, "{seen}");
    // Given up at 100, 210 and 320 ms, long before anybody hangs up.
    assert_eq!((all.late, all.abandoned, all.wasted), (1, 0, 3));
}
