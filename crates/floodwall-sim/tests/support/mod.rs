#![allow(dead_code, reason = "each test uses a part of it")]

use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use floodwall_sim::{
    Answer, Arrivals, Attempt, Client, Contender, Phase, Report, Scenario, Simulation, World,
};
use tower::{ServiceExt, service_fn};

pub(crate) const fn ms(n: u64) -> Duration {
    Duration::from_millis(n)
}

pub(crate) const fn secs(n: u64) -> Duration {
    Duration::from_secs(n)
}

/// So many per second, evenly, from one client: the first comes after one gap, and what would come at
/// the very end does not.
pub(crate) fn evenly(client: Client, rate: f64, length: Duration) -> Scenario {
    Scenario::new("evenly")
        .arrivals(Arrivals::Constant)
        .phase(Phase::new("all", length).rate(rate))
        .client(client.share(1.0))
}

/// A single request, after one second of two.
pub(crate) fn single(client: Client) -> Scenario {
    evenly(client, 1.0, secs(2))
}

/// Plays it with nothing in front of its tiers.
pub(crate) fn bare(scenario: &Scenario) -> Report {
    scenario.validate().unwrap();
    Contender::Bare
        .play(scenario, 1)
        .unwrap_or_else(|error| panic!("{error}"))
}

/// An attempt that the service saw: number of the request, attempts before it, when.
pub(crate) type Seen = (u64, u32, Duration);

/// Plays it against what `handle` does, and tells which attempts came when.
pub(crate) fn against<F>(
    scenario: &Scenario,
    handle: impl Fn(Attempt, World) -> F + Clone,
) -> (Report, Vec<Seen>)
where
    F: Future<Output = Answer>,
{
    let seen = Arc::new(Mutex::new(Vec::new()));
    let report = Simulation::new(scenario)
        .run(|stage| {
            let (world, seen) = (stage.world().clone(), Arc::clone(&seen));
            service_fn(move |attempt: Attempt| {
                let one = (attempt.id(), attempt.retries(), world.elapsed());
                seen.lock().unwrap().push(one);
                let work = handle(attempt, world.clone());
                async move { Ok::<_, Infallible>(work.await) }
            })
        })
        .unwrap_or_else(|error| panic!("{error}"));
    let seen = std::mem::take(&mut *seen.lock().unwrap());
    (report, seen)
}

/// A client that sends a single request, at this moment between 1 s and 2 s, in [`moments`].
pub(crate) fn once(name: &str, at: Duration) -> Client {
    Client::new(name).load(1.0 / at.as_secs_f64())
}

/// A run of 1.99 s for clients of [`once`].
pub(crate) fn moments(clients: impl IntoIterator<Item = Client>) -> Scenario {
    let scenario = Scenario::new("moments")
        .arrivals(Arrivals::Constant)
        .capacity(1.0)
        .phase(Phase::new("all", ms(1_990)));
    clients.into_iter().fold(scenario, Scenario::client)
}

/// What became of a request behind the simulated tiers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Trip {
    pub(crate) came: Duration,
    pub(crate) ended: Duration,
    pub(crate) answer: Answer,
}

impl Trip {
    pub(crate) fn took(&self) -> Duration {
        self.ended - self.came
    }

    pub(crate) fn is_good(&self) -> bool {
        matches!(self.answer, Answer::Good { .. })
    }
}

/// Plays it against its tiers and tells of each request that was answered, in the order in which they
/// came.
pub(crate) fn trips(scenario: &Scenario) -> (Report, Vec<Trip>) {
    scenario.validate().unwrap();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let report = Simulation::new(scenario)
        .run(|stage| {
            let (world, seen) = (stage.world().clone(), Arc::clone(&seen));
            let tiers = stage.backend();
            service_fn(move |attempt: Attempt| {
                let (world, seen) = (world.clone(), Arc::clone(&seen));
                let (came, call) = (world.elapsed(), tiers.clone().oneshot(attempt));
                async move {
                    let answer = call.await?;
                    let ended = world.elapsed();
                    seen.lock().unwrap().push(Trip {
                        came,
                        ended,
                        answer,
                    });
                    Ok::<_, Infallible>(answer)
                }
            })
        })
        .unwrap_or_else(|error| panic!("{error}"));
    let mut seen = std::mem::take(&mut *seen.lock().unwrap());
    seen.sort_by_key(|trip| trip.came);
    (report, seen)
}
