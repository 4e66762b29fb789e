//! What a permit costs when there are free places: taken and given back around a service that does
//! nothing.

use std::sync::Arc;
use std::time::Duration;

use congestion_limiter::limiter::{DefaultLimiter, Limiter, Outcome};
use congestion_limiter::limits;
use floodwall::ConcurrencyLimit;
use floodwall::admit::AdmitLayer;
use little_loadshedder::{LoadShed, LoadShedResponse};
use tower::{Layer, limit};
use tower_resilience_adaptive::{AdaptiveLimiterLayer, Aimd};
use tower_resilience_bulkhead::BulkheadLayer;

use super::work::{Noop, admitted, cycle, now_or_never};
use crate::case::{Case, Contender};

/// High enough that nobody ever waits.
const LIMIT: u32 = 64;

pub(crate) fn one_thread() -> Case {
    case(
        "admit_noop",
        "one request through a concurrency limit with free places, one thread",
        1,
        0.6,
    )
}

pub(crate) fn two_threads() -> Case {
    case(
        "admit_noop_2",
        "one request through a concurrency limit with free places, two threads at once",
        2,
        0.35,
    )
}

fn case(name: &'static str, about: &'static str, threads: usize, bar: f64) -> Case {
    Case::new(name, about, "tower", move |_| {
        let tower = limit::ConcurrencyLimit::new(Noop, LIMIT as usize);
        let queued = AdmitLayer::new(ConcurrencyLimit::new(LIMIT)).layer(Noop);
        let alone = ConcurrencyLimit::builder(LIMIT).no_queue().build();
        let alone = AdmitLayer::new(alone.expect("it is not 0")).layer(Noop);
        let mut contenders = vec![
            admitted(threads, "bare", Noop).bare(),
            admitted(threads, "tower", tower).peer(),
            admitted(threads, "floodwall", queued)
                .share(bar, "tower")
                .allocations(0.0),
            admitted(threads, "floodwall, no queue", alone)
                .share(bar, "tower")
                .allocations(0.0),
            admitted(threads, "tower-resilience, bulkhead", bulkhead()).peer(),
            admitted(threads, "tower-resilience, AIMD", aimd(LIMIT as usize)).peer(),
            congestion_limiter(threads),
        ];
        // It begins with one place: a second thread would wait.
        if threads == 1 {
            contenders.push(little());
        }
        contenders
    })
}

fn bulkhead() -> tower_resilience_bulkhead::Bulkhead<Noop> {
    let layer = BulkheadLayer::builder()
        .max_concurrent_calls(LIMIT as usize)
        .build();
    layer.expect("it is not 0").layer(Noop)
}

/// One that stays where it is.
pub(super) fn aimd(limit: usize) -> tower_resilience_adaptive::AdaptiveService<Noop, Aimd> {
    let algorithm = Aimd::builder()
        .initial_limit(limit)
        .min_limit(limit)
        .max_limit(limit)
        .build();
    AdaptiveLimiterLayer::new(algorithm.expect("its bounds are in order")).layer(Noop)
}

/// It answers by a type of its own.
fn little() -> Contender {
    let mut once = cycle(LoadShed::new(Noop, 0.01, Duration::from_secs(1)));
    Contender::new("little-loadshedder", move || {
        let answer = once();
        assert!(matches!(answer, LoadShedResponse::Inner(_)), "it is free");
    })
    .peer()
}

/// It is no layer: a token taken and given back, and the no-op between.
fn congestion_limiter(threads: usize) -> Contender {
    let limiter = Arc::new(DefaultLimiter::new(limits::Fixed::new(LIMIT as usize)));
    Contender::on(threads, "congestion-limiter, fixed", move |_| {
        let limiter = Arc::clone(&limiter);
        move || {
            let token = now_or_never(limiter.try_acquire()).expect("there is a free place");
            now_or_never(limiter.release(token, Some(Outcome::Success)))
        }
    })
    .peer()
}
