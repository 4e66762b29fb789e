//! Health and pressure: what is healthy, what is not, in which words; and set-ups that are refused.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use floodwall::signals::{Health, HealthState, Signal, Signals, SignalsBuilder, Trend};
use floodwall::{Admission, ConcurrencyLimit, End, Now, Outcome, Permit, Priority, QueueConfig};
use tokio::time::{advance, sleep};

fn poll_once<F: Future + ?Sized>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

fn limit(limit: u32, capacity: u32) -> ConcurrencyLimit {
    let queue = QueueConfig::builder()
        .capacity(capacity)
        .max_wait(Duration::from_secs(600));
    ConcurrencyLimit::builder(limit)
        .queue(queue)
        .build()
        .unwrap()
}

fn signals_of(health: &Health) -> Vec<(Signal, HealthState)> {
    health
        .concerns
        .iter()
        .map(|concern| (concern.signal, concern.state))
        .collect()
}

type Ending = Box<dyn FnOnce()>;
type Deciding = Pin<Box<dyn Future<Output = Option<Ending>>>>;

/// Each second so many come and so many of those who are there are served.
struct Service {
    signals: Signals,
    limit: ConcurrencyLimit,
    inside: Vec<Ending>,
    waiting: Vec<Deciding>,
}

impl Service {
    fn new(limit: ConcurrencyLimit) -> Self {
        let signals = Signals::new();
        signals.watch_limit(&limit.handle()).unwrap();
        Self {
            signals,
            limit,
            inside: Vec::new(),
            waiting: Vec::new(),
        }
    }

    async fn second(&mut self, come: usize, served: usize) {
        for _ in 0..come {
            let decision = self
                .signals
                .observe(self.limit.clone())
                .admit("a", &Now::unread());
            self.waiting.push(Box::pin(async {
                let permit = decision.await.ok()?;
                let end = || permit.complete(&End::new(Outcome::Success));
                Some(Box::new(end) as Ending)
            }));
        }
        self.poll();
        for _ in 0..served {
            if !self.inside.is_empty() {
                self.inside.remove(0)();
            }
            self.poll();
        }
        sleep(Duration::from_secs(1)).await;
    }

    fn poll(&mut self) {
        let inside = &mut self.inside;
        self.waiting
            .retain_mut(|one| match poll_once(one.as_mut()) {
                Poll::Ready(permit) => {
                    inside.extend(permit);
                    false
                }
                Poll::Pending => true,
            });
    }
}

#[tokio::test(start_paused = true)]
async fn a_queue_that_rises_is_reported_while_it_is_short_and_until_it_is_gone() {
    let mut service = Service::new(limit(100, 1_000));
    // Utilisation is what it is: this is about the queue.
    let mut reported = None;
    for second in 0..20 {
        service.second(60, 50).await;
        let depth = service.signals.get(Signal::QueueDepth).unwrap();
        if depth.trend == Trend::Rising {
            reported.get_or_insert((second, depth.value));
        }
    }
    let (second, depth) = reported.expect("it rises by 10 a second");
    assert!(depth <= 150.0, "second {second}, depth {depth}");
    let health = service.signals.health();
    let concern = health
        .concerns
        .iter()
        .find(|one| one.signal == Signal::QueueDepth);
    assert!(
        concern.unwrap().words.contains("rises steadily"),
        "{health}"
    );
    assert!(health.state > HealthState::Healthy);
    for _ in 0..10 {
        service.second(0, 60).await;
    }
    assert_eq!(
        service.signals.get(Signal::QueueDepth).unwrap().trend,
        Trend::Steady
    );
}

#[tokio::test(start_paused = true)]
async fn a_service_that_keeps_up_is_healthy() {
    let mut service = Service::new(limit(100, 1_000));
    for _ in 0..60 {
        service.second(50, 50).await;
    }
    let health = service.signals.health();
    assert_eq!(
        (health.state, health.to_string()),
        (HealthState::Healthy, "healthy".to_owned())
    );
    assert_eq!(service.signals.get(Signal::Excess).unwrap().value, 0.0);
}

#[tokio::test(start_paused = true)]
async fn departures_that_do_not_keep_up_are_told_in_words() {
    let mut service = Service::new(limit(10, 20));
    for _ in 0..30 {
        service.second(50, 25).await;
    }
    let health = service.signals.health();
    assert_eq!(health.state, HealthState::Overloaded);
    let told = signals_of(&health);
    assert!(
        told.contains(&(Signal::Excess, HealthState::Overloaded)),
        "{health}"
    );
    assert!(
        health
            .to_string()
            .contains("departures do not keep up: 50 %"),
        "{health}"
    );
    // The worst comes first.
    assert!(told.is_sorted_by_key(|(_, state)| std::cmp::Reverse(*state)));
}

#[tokio::test(start_paused = true)]
async fn the_bands_of_waiting_follow_the_callers_patience() {
    let state = async |builder: SignalsBuilder, millis| {
        let signals = builder.build().unwrap();
        let waited = Duration::from_millis(millis);
        signals.record_queue_latency(Priority::NORMAL, waited, &Now::unread());
        signals.health().state
    };
    let usual = Signals::builder;
    assert_eq!(state(usual(), 900).await, HealthState::Healthy);
    assert_eq!(state(usual(), 1_100).await, HealthState::Busy);
    assert_eq!(state(usual(), 3_100).await, HealthState::Overloaded);
    let patient = || Signals::builder().patience(Duration::from_millis(800));
    assert_eq!(state(patient(), 300).await, HealthState::Healthy);
    assert_eq!(state(patient(), 500).await, HealthState::Busy);
    assert_eq!(state(patient(), 900).await, HealthState::Overloaded);
}

#[tokio::test(start_paused = true)]
async fn utilisation_counts_when_it_lasts() {
    let signals = Signals::new();
    let limit = limit(10, 10);
    signals.watch_limit(&limit.handle()).unwrap();
    for _ in 0..40 {
        signals.snapshot();
        advance(Duration::from_millis(250)).await;
    }
    let mut held = Vec::new();
    for _ in 0..9 {
        held.push(limit.admit("a", &Now::unread()).await.unwrap());
    }
    assert_eq!(signals.get(Signal::Utilisation).unwrap().value, 0.9);
    assert_eq!(
        signals.health().state,
        HealthState::Healthy,
        "only just now"
    );
    for _ in 0..60 {
        signals.snapshot();
        advance(Duration::from_millis(250)).await;
    }
    let health = signals.health();
    assert_eq!(
        signals_of(&health),
        [(Signal::Utilisation, HealthState::Busy)]
    );
    assert_eq!(
        health.to_string(),
        "busy: 86 % of the places are taken (bound 80 %)"
    );
}

#[test]
fn a_pressure_is_scaled_between_its_bounds() {
    let signals = Signals::new();
    let limit = limit(10, 1);
    signals.watch_limit(&limit.handle()).unwrap();
    let pressure = signals
        .pressure(Signal::Utilisation, 0.2, 0.6)
        .unwrap()
        .into_fn();
    let mut held = Vec::new();
    for expected in [0.0, 0.0, 0.0, 0.25, 0.5, 0.75, 1.0, 1.0] {
        let told = pressure().unwrap();
        assert!(
            (told - expected).abs() < 1e-9,
            "{} inside: {told}",
            held.len()
        );
        let mut decision = Box::pin(limit.admit("a", &Now::unread()));
        let Poll::Ready(Ok(permit)) = poll_once(decision.as_mut()) else {
            panic!("there is room")
        };
        held.push(permit);
    }
}

#[test]
fn nonsense_is_refused_by_name() {
    let second = Duration::from_secs(1);
    let usual = Signals::builder;
    let mut many = usual();
    for port in 0..33 {
        many = many.listens_on(port);
    }
    let table = [
        (usual().window(Duration::ZERO), "window"),
        (usual().window(Duration::MAX), "window"),
        (usual().latency_window(second / 2), "latency_window"),
        (usual().probe_every(Duration::from_millis(1)), "probe_every"),
        (
            usual().sample_every(Duration::from_millis(50)),
            "sample_every",
        ),
        (usual().max_age(second / 4), "max_age"),
        (usual().patience(Duration::ZERO), "patience"),
        (
            usual().band(Signal::Memory, f64::NAN, 1.0),
            "memory_pressure_ratio",
        ),
        (
            usual().band(Signal::Memory, 0.5, f64::NAN),
            "memory_pressure_ratio",
        ),
        (
            usual().band(Signal::RuntimeLag, -0.1, 1.0),
            "runtime_lag_seconds",
        ),
        (
            usual().band(Signal::RuntimeLag, 1.0, 1.0),
            "runtime_lag_seconds",
        ),
        (usual().band(Signal::Excess, 2.0, 1.0), "excess_ratio"),
        (usual().band(Signal::Monitor("x"), 1.0, 2.0), "band"),
        (usual().monitor("two words", || 0.0), "monitor"),
        (usual().monitor("x", || 0.0).monitor("x", || 0.0), "monitor"),
        (many, "listens_on"),
    ];
    for (builder, field) in table {
        assert_eq!(builder.build().unwrap_err().field(), field);
    }
    let signals = Signals::new();
    for (low, high) in [
        (f64::NAN, 1.0),
        (0.0, f64::NAN),
        (-1.0, 1.0),
        (1.0, 0.5),
        (1.0, 1.0),
        (0.0, f64::INFINITY),
    ] {
        let error = signals.pressure(Signal::QueueDepth, low, high).unwrap_err();
        assert_eq!(error.field(), "queue_depth");
    }
    let error = signals
        .pressure(Signal::Monitor("none"), 0.0, 1.0)
        .unwrap_err();
    assert!(
        error
            .to_string()
            .contains("there is no monitor of that name")
    );
}
