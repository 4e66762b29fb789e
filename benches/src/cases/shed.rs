//! What shedding costs: a decision either way, and the step that makes a new cut-off.

use std::cell::Cell;
use std::future::Future;
use std::hint::black_box;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use floodwall::admit::AdmitLayer;
use floodwall::extract::{KeyOf, Usual, key_fn};
use floodwall::shed::ShedBuilder;
use floodwall::{Admission, ConcurrencyLimit, Now, Priority, Shed, all};
use floodwall_core::shed::{Controller, Distribution, Interval, Queued, ShedSettings, Shedder};
use floodwall_core::{Level, Moment};
use tower::{Layer, Service};

use super::work::Noop;
use crate::case::{Case, Contender};

pub(crate) fn decision() -> Case {
    let about = "one request through a shedder with one source, one thread";
    Case::new("shed_noop", about, "admitted", |_| {
        let tenant = || key_fn(|tenant: &u64, to: &mut _| std::hash::Hash::hash(tenant, to));
        let by_usage = || {
            let builder = Shed::builder().tenant(tenant());
            builder.by_usage(Duration::from_secs(30))
        };
        vec![
            Contender::new("bare", cycle(Noop)),
            Contender::new("admitted", cycle(behind(Shed::builder(), 0.0))),
            Contender::new("refused", cycle(behind(Shed::builder(), 1.0))),
            Contender::new("admitted, and a limit", cycle(before_a_limit(0.0))),
            Contender::new("refused, and a limit", cycle(before_a_limit(1.0))),
            Contender::new(
                "admitted, by tenant",
                cycle(behind(Shed::builder().tenant(tenant()), 0.0)),
            ),
            Contender::new("admitted, by usage", cycle(behind(by_usage(), 0.0))),
        ]
    })
}

pub(crate) fn step() -> Case {
    let about = "a new cut-off; in the last two every one of 1,024 levels has had an arrival";
    Case::new("shed_step", about, "controller and cut-off", |_| {
        vec![
            Contender::new("controller and cut-off", pure_step()),
            Contender::new("shedder, nothing came", shedder_step(false, true)),
            Contender::new("1,024 arrivals", shedder_step(true, false)),
            Contender::new("1,024 arrivals, a tick", shedder_step(true, true)),
        ]
    })
}

/// Behind a shedder that lets all in, or nothing.
fn behind<T>(
    builder: ShedBuilder<Usual, T>,
    pressure: f64,
) -> impl Service<u64, Response = u64> + Clone
where
    T: KeyOf<u64>,
{
    AdmitLayer::new(pressed(builder, pressure)).layer(Noop)
}

/// As it is meant to be used: one decision, and the limit's queue is watched.
fn before_a_limit(pressure: f64) -> impl Service<u64, Response = u64> + Clone {
    let limit = ConcurrencyLimit::new(64);
    let shed = pressed(Shed::builder().queue(&limit.handle()), pressure);
    AdmitLayer::new(all((shed, limit))).layer(Noop)
}

fn pressed<T: KeyOf<u64>>(builder: ShedBuilder<Usual, T>, pressure: f64) -> Shed<Usual, T> {
    let shed = builder
        .pressure("bench", (0.0, 1.0), move || Some(pressure))
        .at_most(1.0)
        .build()
        .expect("these settings are sound");
    // Ten seconds in advance, so that it has come to what it decides from then on.
    let begin = Now::unread().instant();
    for n in 0..100_u32 {
        let now = Now::at(begin + Duration::from_millis(100) * n);
        let mut decision = pin!(shed.admit(&u64::from(n), &now));
        let _ = decision
            .as_mut()
            .poll(&mut Context::from_waker(Waker::noop()));
    }
    let share = shed.handle().snapshot().state.share;
    assert!((share - pressure).abs() < 0.01, "it sheds {share}");
    shed
}

/// Everything that a caller does for one request, whatever the answer is.
fn cycle<S: Service<u64, Response = u64>>(mut service: S) -> impl FnMut() -> bool {
    move || {
        let mut context = Context::from_waker(Waker::noop());
        let _ = service.poll_ready(&mut context);
        let answer = pin!(service.call(black_box(7)));
        match answer.poll(&mut context) {
            Poll::Ready(answer) => answer.is_ok(),
            Poll::Pending => panic!("a shedder does not wait"),
        }
    }
}

/// What a tick comes to without atomics: the share, the distribution and the cut-off.
fn pure_step() -> impl FnMut() -> u16 {
    let mut controller = Controller::new(ShedSettings::default());
    let mut lately = Distribution::new();
    move || {
        let queue = Queued::default();
        let interval = Interval::of(ShedSettings::INTERVAL)
            .arrivals(1_024)
            .pressure(black_box(0.5))
            .queue(queue);
        lately.absorb(|_| black_box(1));
        let share = controller.tick(&interval);
        lately.cut(share, &[0.05; 8], controller.whole()).rank()
    }
}

fn shedder_step(arrivals: bool, tick: bool) -> impl FnMut() -> u16 {
    let shedder = Shedder::new(ShedSettings::default(), Moment::ZERO);
    let now = Cell::new(Moment::ZERO);
    let levels: Vec<Level> = Priority::all()
        .flat_map(|p| (0..Level::COHORTS).filter_map(move |c| Level::new(p, c)))
        .collect();
    move || {
        if arrivals {
            for &level in &levels {
                shedder.arrived(level);
            }
        }
        if tick {
            now.set(now.get() + ShedSettings::INTERVAL);
            shedder.tick(now.get(), black_box(0.5), None);
        }
        shedder.cut_off().rank()
    }
}
