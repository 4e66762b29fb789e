//! Everybody has random numbers of their own: what is added to a scenario moves nothing else.

mod support;

use floodwall_sim::{
    Answer, Attempt, Change, Client, Contender, Phase, Scenario, Simulation, Tier, Times,
};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use support::{ms, secs};
use tower::{ServiceExt, service_fn};

fn scenario() -> Scenario {
    let mut web = Client::new("web").share(0.6).tenants(9);
    web.skew = 1.0;
    Scenario::new("chance")
        .phase(Phase::new("all", secs(4)).rate(200.0))
        .client(web)
        .client(Client::new("batch").share(0.4))
        .tier(Tier::new("app", 5, Times::exponential(ms(10))))
}

type Arrival = (Duration, u32);

/// When the requests of `web` came and of which tenant they were, behind one tier or several.
fn arrivals(scenario: &Scenario, seed: u64) -> Vec<Arrival> {
    let seen = Arc::new(Mutex::new(Vec::new()));
    Simulation::new(scenario)
        .seed(seed)
        .run(|stage| {
            let (world, tiers, seen) = (stage.world().clone(), stage.backend(), Arc::clone(&seen));
            service_fn(move |attempt: Attempt| {
                if attempt.client() == "web" && attempt.retries() == 0 {
                    seen.lock()
                        .unwrap()
                        .push((world.elapsed(), attempt.tenant()));
                }
                tiers.clone().oneshot(attempt)
            })
        })
        .unwrap();
    let mut seen = seen.lock().unwrap();
    std::mem::take(&mut *seen)
}

#[test]
fn another_client_does_not_move_the_arrivals_of_the_others() {
    let before = arrivals(&scenario(), 1);
    assert!(before.len() > 400, "{}", before.len());
    let mut first = scenario().client(Client::new("more").users(5, Times::exponential(ms(50))));
    assert_eq!(arrivals(&first, 1), before);
    // Nor does its place in the list.
    first.clients.reverse();
    assert_eq!(arrivals(&first, 1), before);
}

#[test]
fn how_others_wait_and_retry_does_not_move_arrivals() {
    let before = arrivals(&scenario(), 1);
    let mut other = scenario();
    for client in &mut other.clients {
        client.deadline = Some(ms(10));
        client.retry = Some(floodwall_sim::Retry::new(3, ms(20)).jitter(1.0));
    }
    assert_eq!(arrivals(&other, 1), before);
}

#[test]
fn neither_tiers_nor_what_goes_wrong_in_them_moves_arrivals() {
    let before = arrivals(&scenario(), 1);
    let mut other = scenario().tier(Tier::new("db", 2, Times::exponential(ms(1))));
    other.tiers[0] = other.tiers[0]
        .clone()
        .calls("db", 2)
        .change(Change::new(secs(1), secs(1)).fail(0.5).slow(3.0));
    other.capacity = Some(500.0);
    assert_eq!(arrivals(&other, 1), before);
}

#[test]
fn another_seed_moves_everything() {
    let (one, two) = (arrivals(&scenario(), 1), arrivals(&scenario(), 2));
    let common = one.iter().filter(|arrival| two.contains(arrival)).count();
    assert_eq!(common, 0);
}

#[test]
fn another_name_is_another_chance() {
    let mut twins = scenario();
    twins.clients[0].share = Some(0.5);
    twins.clients[0].tenants = 1;
    let half = Client::new("other").share(0.5);
    twins.clients[1] = half.clone();
    let report = |scenario: &Scenario| Contender::Bare.play(scenario, 1, &mut |_| {}).unwrap();
    let told = report(&twins);
    let [web, other] = [0, 1].map(|n| told.total.clients[n].offered);
    assert_ne!(web, other);
    // Under the other's name it does what the other did.
    twins.clients = vec![
        Client {
            name: "web".to_owned(),
            ..half.clone()
        },
        half,
    ];
    let again = report(&twins);
    assert_eq!([0, 1].map(|n| again.total.clients[n].offered), [web, other]);
}

#[test]
fn all_contenders_meet_the_same_arrivals() {
    let scenario = scenario();
    let offered = |contender: Contender| {
        contender
            .play(&scenario, 1, &mut |_| {})
            .unwrap()
            .series
            .offered
    };
    let bare = offered(Contender::Bare);
    assert!(bare.iter().sum::<f64>() > 0.0);
    for contender in [
        Contender::Floodwall,
        Contender::Tower(Some(2)),
        Contender::Fifo(3),
        Contender::Codel,
        Contender::CodelLifo,
        Contender::Ordered(3),
        Contender::Dagor,
    ] {
        assert_eq!(offered(contender), bare, "{contender}");
    }
}

/// A future of the world's that was asked once and then moved to another task was never woken.
#[test]
fn a_sleep_that_moves_to_another_task_wakes_there() {
    let (report, _) = support::against(
        &support::single(Client::new("all")),
        |_, world| async move {
            let mut sleep = Box::pin(world.sleep(ms(30)));
            std::future::poll_fn(|cx| {
                assert!(sleep.as_mut().poll(cx).is_pending());
                std::task::Poll::Ready(())
            })
            .await;
            #[expect(clippy::disallowed_methods, reason = "services spawn")]
            tokio::spawn(sleep).await.unwrap();
            Answer::GOOD
        },
    );
    assert_eq!(report.total.all.latency.max, Some(0.03));
}
