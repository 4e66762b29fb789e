//! What it costs a request to be counted: a limit with free places, with and without signals.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use floodwall::{Admission, ConcurrencyLimit, End, Now, Outcome, Permit, Signals};

use crate::case::{Case, Contender};

pub(crate) fn case() -> Case {
    let about = "one request through a concurrency limit with free places, counted or not";
    Case::new("signals_write", about, "limit", |_| {
        let signals = Signals::new();
        let watched = ConcurrencyLimit::new(64);
        signals
            .watch_limit(&watched.handle())
            .expect("there is room for one");
        vec![
            Contender::new("limit", cycle(ConcurrencyLimit::new(64))),
            Contender::new("observed", cycle(signals.observe(watched))),
        ]
    })
}

fn cycle<A: Admission<u64>>(policy: A) -> impl FnMut() {
    move || {
        let decision = pin!(policy.admit(&7, &Now::unread()));
        match decision.poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(Ok(permit)) => permit.complete(&End::new(Outcome::Success)),
            _ => panic!("there is a free place"),
        }
    }
}
