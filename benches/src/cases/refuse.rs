//! What a refusal costs while all places are taken: in a flood it is done most.

use std::future::Future;
use std::task::{Context, Poll, Waker};

use floodwall::admit::AdmitLayer;
use floodwall::{Admission, ConcurrencyLimit, Now, QueueConfig};
use tower::load_shed::LoadShed;
use tower::{Layer, Service, limit};

use super::admit_noop::aimd;
use super::work::{Noop, now_or_never, refused, runtime};
use crate::case::{Case, Contender};

pub(crate) fn one_thread() -> Case {
    case(
        "refuse",
        "one request refused and counted while all places are taken, one thread",
        1,
        (0.2, 0.5),
    )
}

pub(crate) fn two_threads() -> Case {
    case(
        "refuse_2",
        "one request refused and counted while all places are taken, two threads at once",
        2,
        (0.1, 0.25),
    )
}

fn case(
    name: &'static str,
    about: &'static str,
    threads: usize,
    (alone, called): (f64, f64),
) -> Case {
    Case::new(name, about, "tower, shed", move |_| {
        let limit = ConcurrencyLimit::builder(1).no_queue().build();
        let limit = limit.expect("it is not 0");
        let inside = now_or_never(limit.admit(&7_u64, &Now::unread()));
        let behind = AdmitLayer::new(limit.clone()).layer(Noop);
        vec![
            shed(
                threads,
                "tower, shed",
                limit::ConcurrencyLimit::new(Noop, 1),
            ),
            gate(threads, "floodwall, the gate alone", limit)
                .share(alone, "tower, shed")
                .allocations(0.0)
                .keep(inside),
            refused(threads, "floodwall, through call", behind)
                .share(called, "tower, shed")
                .allocations(0.0),
            queue_full(threads),
            shed(threads, "tower-resilience, AIMD, shed", aimd(1)),
        ]
    })
}

/// tower's own shedding in front of a limit of which all places are taken.
fn shed<S>(threads: usize, name: &str, limit: S) -> Contender
where
    S: Service<u64, Response = u64> + Clone + Send + 'static,
    S::Error: Into<tower::BoxError>,
    S::Future: Send,
{
    let mut inside = limit.clone();
    let ready = inside.poll_ready(&mut Context::from_waker(Waker::noop()));
    assert!(ready.is_ready(), "the first one finds a place");
    refused(threads, name, LoadShed::new(limit))
        .peer()
        .keep(inside)
}

fn gate(threads: usize, name: &str, limit: ConcurrencyLimit) -> Contender {
    Contender::on(threads, name, move |_| {
        let limit = limit.clone();
        move || {
            let decided = now_or_never(limit.admit(&7_u64, &Now::unread()));
            assert!(decided.is_err(), "there is no free place");
        }
    })
}

/// The flood in front of a queue: all places are taken, in it as well.
fn queue_full(threads: usize) -> Contender {
    let queue = QueueConfig::builder()
        .capacity(1)
        .max_wait(QueueConfig::MAX_WAIT)
        .newest_first(false);
    let limit = ConcurrencyLimit::builder(1).queue(queue).build();
    let limit = limit.expect("it is not 0");
    let inside = now_or_never(limit.admit(&7_u64, &Now::unread()));
    let runtime = runtime();
    let mut waiting = Box::pin(limit.admit(&7_u64, &Now::unread()));
    {
        let _inside = runtime.enter();
        let polled = waiting
            .as_mut()
            .poll(&mut Context::from_waker(Waker::noop()));
        assert!(matches!(polled, Poll::Pending), "there is a place to wait");
    }
    gate(threads, "floodwall, its queue full", limit)
        .keep(waiting)
        .keep(inside)
        .keep(runtime)
}
