//! What one quota for all costs, and one as a layer.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use floodwall::admit::AdmitLayer;
use floodwall::{Admission, End, Now, Outcome, Permit, Quota, RateLimit};
use floodwall_core::Moment;
use floodwall_core::rate::Gcra;
use governor::RateLimiter;
use governor::clock::{Clock, DefaultClock};
use tokio::time::Instant;
use tower::{Layer, limit};
use tower_resilience_ratelimiter::RateLimiterLayer;

use super::work::{Noop, admitted, cycle, now_or_never, runtime};
use crate::case::{Case, Contender};

/// Slow, so that every key stays in debt, and with a burst that is never used up.
pub(super) const PER_SECOND: u32 = 10;

pub(super) fn quota(burst: u32) -> Quota {
    let quota = Quota::requests(PER_SECOND).per_second().burst(burst);
    quota.build().expect("it can be held")
}

pub(super) fn governors_quota(burst: u32) -> governor::Quota {
    let positive = |n| NonZeroU32::new(n).expect("it is not 0");
    governor::Quota::per_second(positive(PER_SECOND)).allow_burst(positive(burst))
}

/// More than are let in while it is measured.
const BURST: u32 = 1_000_000_000;

/// The time as it goes on where nobody reads a clock for it: 100 ns for each decision.
#[derive(Default)]
pub(super) struct Given(u64);

impl Given {
    pub(super) fn now(&mut self) -> Moment {
        self.0 += 100;
        Moment::from_nanos(self.0)
    }
}

/// The time as floodwall reads it.
#[derive(Clone, Copy)]
pub(super) struct Read(Instant);

impl Read {
    pub(super) fn begin() -> Self {
        Self(Now::unread().instant())
    }

    pub(super) fn now(self) -> Moment {
        Moment::ZERO + (Now::unread().instant() - self.0)
    }
}

pub(crate) fn one_thread() -> Case {
    case(
        "quota_direct",
        "one decision of one quota for all, one thread",
        1,
        0.7,
    )
}

pub(crate) fn two_threads() -> Case {
    case(
        "quota_direct_2",
        "one decision of one quota for all, two threads at once",
        2,
        0.75,
    )
}

fn case(name: &'static str, about: &'static str, threads: usize, bar: f64) -> Case {
    Case::new(name, about, "governor", move |_| {
        let direct = Arc::new(RateLimiter::direct(governors_quota(BURST)));
        let gcra = || Arc::new(Gcra::new(&quota(BURST)).expect("it can be held"));
        let (given, own) = (gcra(), gcra());
        let policy = RateLimit::new(quota(BURST)).expect("it can be held");
        vec![
            Contender::on(threads, "governor", move |_| {
                let direct = Arc::clone(&direct);
                move || assert!(direct.check().is_ok(), "the burst is large")
            })
            .peer(),
            Contender::on(threads, "floodwall, given the time", move |_| {
                let (gcra, mut now) = (Arc::clone(&given), Given::default());
                move || assert!(gcra.charge(now.now(), 1).is_ok(), "the burst is large")
            })
            .share(bar, "governor")
            .allocations(0.0),
            Contender::on(threads, "floodwall, reading a clock", move |_| {
                let (gcra, clock) = (Arc::clone(&own), Read::begin());
                move || assert!(gcra.charge(clock.now(), 1).is_ok(), "the burst is large")
            })
            .allocations(0.0),
            Contender::on(threads, "floodwall, the whole policy", move |_| {
                let policy = policy.clone();
                move || {
                    let decided = now_or_never(policy.admit(&7_u64, &Now::unread()));
                    let permit = decided.expect("the burst is large");
                    permit.complete(&End::new(Outcome::Success));
                }
            })
            .allocations(0.0),
            // What the two clocks are worth.
            Contender::on(threads, "governor's clock alone", |_| {
                let clock = DefaultClock::default();
                move || clock.now()
            })
            .bare(),
            Contender::on(threads, "floodwall's clock alone", |_| {
                let clock = Read::begin();
                move || clock.now()
            })
            .bare(),
        ]
    })
}

/// As services are wrapped.
pub(crate) fn layer() -> Case {
    let about = "one request through a quota around a service that does nothing, one thread";
    Case::new("quota_layer", about, "tower", |_| {
        let runtime = runtime();
        let tower = {
            let _inside = runtime.enter();
            let rate = limit::rate::Rate::new(u64::from(BURST), Duration::from_secs(1));
            limit::RateLimit::new(Noop, rate)
        };
        let floodwall = RateLimit::new(quota(BURST)).expect("it can be held");
        let resilience = RateLimiterLayer::builder()
            .limit_for_period(BURST as usize)
            .refresh_period(Duration::from_secs(1))
            .build();
        let resilience = resilience.expect("these settings are sound").layer(Noop);
        vec![
            admitted(1, "bare", Noop).bare(),
            // It has no clones: only one thread can ask it.
            Contender::new("tower", cycle(tower)).peer().keep(runtime),
            admitted(1, "floodwall", AdmitLayer::new(floodwall).layer(Noop)).allocations(0.0),
            admitted(1, "tower-resilience, rate limiter", resilience).peer(),
        ]
    })
}
