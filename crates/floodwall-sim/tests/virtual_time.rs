//! The clocks: a nanosecond in the simulation, production's rounding in the layers, and never a drift.

mod support;

use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use floodwall_sim::{
    Arrivals, Attempt, Client, Contender, Phase, Scenario, Simulation, Tier, Times,
};
use support::{ms, secs};
use tower::buffer::Buffer;
use tower::service_fn;
use tower::timeout::Timeout;

fn evenly(rate: f64, length: Duration) -> Scenario {
    Scenario::new("evenly")
        .arrivals(Arrivals::Constant)
        .phase(Phase::new("all", length).rate(rate))
        .client(Client::new("everybody").share(1.0))
}

#[test]
fn arrivals_and_service_times_are_told_to_the_microsecond() {
    let scenario = evenly(1_000.0 / 3.0, secs(3)).tier(Tier::new(
        "one",
        1,
        Times::constant(Duration::from_nanos(1_234_567)),
    ));
    let report = Contender::Bare.play(&scenario, 1).unwrap();
    let latency = report.total.all.latency;
    assert_eq!(latency.max, Some(0.001_234_567));
    assert!((latency.mean.unwrap() - 0.001_234_567).abs() < 1e-12);
    assert_eq!(report.total.all.offered, 999);
}

#[test]
fn the_world_sleeps_to_the_nanosecond_and_tokio_to_the_next_millisecond() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let scenario = evenly(700.0, secs(1));
    let report = Simulation::new(&scenario)
        .run(|stage| {
            let (world, seen) = (stage.world().clone(), Arc::clone(&seen));
            service_fn(move |attempt: Attempt| {
                let (world, seen) = (world.clone(), Arc::clone(&seen));
                async move {
                    let came = world.elapsed();
                    let ours = attempt.id() % 2 == 0;
                    if ours {
                        world.sleep(Duration::from_nanos(1_300_001)).await;
                    } else {
                        tokio::time::sleep(Duration::from_nanos(1_300_001)).await;
                    }
                    seen.lock().unwrap().push((ours, came, world.elapsed()));
                    Ok::<_, Infallible>(())
                }
            })
        })
        .unwrap();
    assert_eq!(report.total.all.succeeded, report.total.all.offered);
    for (ours, came, woke) in seen.lock().unwrap().iter() {
        let exact = *came + Duration::from_nanos(1_300_001);
        if *ours {
            assert_eq!(*woke, exact);
        } else {
            let whole =
                Duration::from_millis(u64::try_from(exact.as_nanos().div_ceil(1_000_000)).unwrap());
            assert_eq!(*woke, whole, "came {came:?}");
        }
    }
}

#[test]
fn timers_of_layers_fire_between_the_events_of_the_simulation() {
    // Answers take 5 ms or 30 ms; whoever waits for more than 20 ms is cut off by tower's timeout.
    let scenario = evenly(100.0, secs(2));
    let report = Simulation::new(&scenario)
        .run(|_| {
            let inner = service_fn(|attempt: Attempt| async move {
                let time = if attempt.id() % 4 == 0 { 30 } else { 5 };
                tokio::time::sleep(ms(time)).await;
                Ok::<(), Infallible>(())
            });
            Timeout::new(inner, ms(20))
        })
        .unwrap();
    let all = &report.total.all;
    assert_eq!(all.offered, 199);
    assert_eq!(all.failed, 50, "{all:?}");
    assert_eq!(all.latency.max, Some(0.005));
}

#[test]
fn tasks_that_a_layer_spawns_take_part() {
    let scenario = evenly(2_000.0, secs(1));
    let run = || {
        Simulation::new(&scenario)
            .run(|_| {
                let inner = service_fn(|_: Attempt| async {
                    tokio::time::sleep(ms(3)).await;
                    Ok::<(), tower::BoxError>(())
                });
                Buffer::new(inner, 64)
            })
            .unwrap()
    };
    let report = run();
    assert_eq!(report.total.all.succeeded, 1_999);
    // Who comes in the middle of a millisecond is woken at the end of one.
    assert_eq!(report.total.all.latency.max, Some(0.0035));
    assert_eq!(report, run());
}

#[test]
fn channels_and_yields_inside_of_the_service_work() {
    let scenario = evenly(500.0, secs(1));
    let report = Simulation::new(&scenario)
        .run(|_| {
            service_fn(|_: Attempt| async {
                let (tell, told) = tokio::sync::oneshot::channel();
                #[allow(clippy::disallowed_methods, reason = "as a user's handler may")]
                let sleeper = tokio::spawn(async move {
                    tokio::time::sleep(ms(2)).await;
                    let _ = tell.send(());
                });
                tokio::task::yield_now().await;
                told.await.unwrap();
                sleeper.await.unwrap();
                Ok::<(), Infallible>(())
            })
        })
        .unwrap();
    assert_eq!(report.total.all.succeeded, 499);
    assert_eq!(report.total.all.latency.max, Some(0.002));
}

#[test]
fn memory_does_not_grow_with_the_length_of_a_run() {
    // The series keep at most 600 steps, histograms and tallies have a fixed size.
    let report = |minutes: u64| {
        let mut scenario =
            evenly(20.0, secs(60 * minutes)).tier(Tier::new("one", 1, Times::exponential(ms(10))));
        scenario.arrivals = Arrivals::Poisson;
        Contender::Bare.play(&scenario, 1).unwrap()
    };
    let (short, long) = (report(1), report(300));
    assert_eq!(short.series.offered.len(), 600);
    assert!(long.series.offered.len() <= 600);
    assert_eq!(long.series.step, 30.0);
}

/// A task that waits for the world, not for tokio, is woken by the agenda alone.
#[test]
fn a_spawned_task_wakes_at_its_nanosecond() {
    let scenario = evenly(700.0, secs(1));
    let report = Simulation::new(&scenario)
        .run(|stage| {
            let world = stage.world().clone();
            service_fn(move |_: Attempt| {
                #[allow(clippy::disallowed_methods, reason = "as a user's handler may")]
                let sleeper = tokio::spawn(world.sleep(Duration::from_nanos(1_300_001)));
                async move {
                    sleeper.await.unwrap();
                    Ok::<(), Infallible>(())
                }
            })
        })
        .unwrap();
    assert_eq!(report.total.all.latency.max, Some(0.001_300_001));
}
