//! Jain's index over tenants, each against what it asked for.

mod support;

use floodwall_sim::{Answer, Arrivals, Attempt, Client, Phase, Scenario, Times, Users};
use support::{against, ms, secs};

fn constant(n: u64) -> Times {
    Times::constant(ms(n))
}

#[test]
fn fairness_is_jains_index_over_tenants() {
    // Nine of ten requests are of one client with one tenant; the others are nine tenants.
    let fairness = |good: fn(&Attempt) -> bool| {
        let scenario = Scenario::new("fair")
            .arrivals(Arrivals::Constant)
            .phase(Phase::new("all", ms(10_050)).rate(200.0))
            .client(Client::new("loud").share(0.5))
            .client(Client::new("quiet").share(0.5));
        let (report, _) = against(&scenario, move |attempt, _| {
            let good = good(&attempt);
            async move { if good { Answer::GOOD } else { Answer::Failed } }
        });
        report.total.fairness.unwrap()
    };
    assert_eq!(fairness(|_| true), 1.0);
    // One has everything, the other nothing.
    assert!((fairness(|attempt| attempt.client() == "loud") - 0.5).abs() < 1e-9);
    // One has half of what the other has: (1 + 1/2)^2 / (2 * (1 + 1/4)).
    let half = fairness(|attempt| attempt.client() == "loud" || attempt.id() % 4 < 2);
    assert!((half - 0.9).abs() < 0.01, "{half}");
}

#[test]
fn whoever_asks_little_and_gets_it_is_treated_fairly_beside_a_noisy_neighbour() {
    // 20 per second and 180 per second, of which 60 are answered.
    let scenario = Scenario::new("noisy")
        .arrivals(Arrivals::Constant)
        .phase(Phase::new("all", secs(10)).rate(200.0))
        .client(Client::new("quiet").share(0.1))
        .client(Client::new("loud").share(0.9));
    let play = |quiet: u64, loud: u64| {
        let (report, _) = against(&scenario, move |attempt, world| {
            let part = if attempt.client() == "quiet" {
                quiet
            } else {
                loud
            };
            let good = world.stream(&format!("{}", attempt.id())).below(9) < part as u32;
            async move { if good { Answer::GOOD } else { Answer::Failed } }
        });
        report.total.fairness.unwrap()
    };
    assert!(play(9, 3) > 0.999);
    // The same refusals for all: the quiet one gets a third of its share, the loud one all that is left.
    let alike = play(3, 3);
    assert!((0.7..0.85).contains(&alike), "{alike}");
}

#[test]
fn users_of_a_closed_loop_ask_for_more_than_they_can() {
    // One user is served twice as fast as the other; neither gets all it wants, so it is unfair.
    let mut scenario = Scenario::new("loops").phase(Phase::new("all", secs(10)));
    for name in ["fast", "slow"] {
        let mut client = Client::new(name);
        client.users = Some(Users {
            count: 1,
            think: constant(1),
        });
        scenario = scenario.client(client);
    }
    let (report, _) = against(&scenario, |attempt, world| async move {
        let time = if attempt.client() == "fast" { 9 } else { 19 };
        world.sleep(ms(time)).await;
        Answer::GOOD
    });
    let fairness = report.total.fairness.unwrap();
    assert!((fairness - 0.9).abs() < 0.01, "{fairness}");
}
