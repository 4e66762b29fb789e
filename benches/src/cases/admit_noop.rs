//! What a permit costs when nobody contends for it: taken and given back around a service that
//! does nothing.

use std::convert::Infallible;
use std::future::{Future, Ready, ready};
use std::hint::black_box;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use floodwall::ConcurrencyLimit;
use floodwall::admit::AdmitLayer;
use tower::{Layer, Service, limit};

use crate::case::{Case, Contender};

/// High enough that nobody ever waits.
const LIMIT: u32 = 64;

pub(crate) fn case() -> Case {
    let tower = limit::ConcurrencyLimit::new(Noop, LIMIT as usize);
    let floodwall = AdmitLayer::new(ConcurrencyLimit::new(LIMIT)).layer(Noop);
    Case {
        name: "admit_noop",
        about: "one request through a concurrency limit with free places, one thread",
        reference: "tower",
        contenders: vec![
            Contender::new("bare", cycle(Noop)),
            Contender::new("tower", cycle(tower)),
            Contender::new("floodwall", cycle(floodwall)),
        ],
    }
}

/// Everything that a caller does for one request that is let in.
pub(super) fn cycle<S>(service: S) -> impl FnMut() -> u64
where
    S: Service<u64, Response = u64>,
{
    let mut once = cycle_of(service);
    move || match once() {
        Ok(answer) => answer,
        Err(_) => panic!("there is a free place"),
    }
}

/// Everything that a caller does for one request: readiness, call, and the answer.
pub(super) fn cycle_of<S>(mut service: S) -> impl FnMut() -> Result<u64, S::Error>
where
    S: Service<u64, Response = u64>,
{
    move || {
        let mut context = Context::from_waker(Waker::noop());
        let ready = service.poll_ready(&mut context);
        assert!(ready.is_ready(), "it never makes anybody wait");
        let answer = pin!(service.call(black_box(7)));
        match answer.poll(&mut context) {
            Poll::Ready(answer) => answer,
            Poll::Pending => panic!("a service that does nothing answers at once"),
        }
    }
}

#[derive(Clone, Copy)]
pub(super) struct Noop;

impl Service<u64> for Noop {
    type Response = u64;
    type Error = Infallible;
    type Future = Ready<Result<u64, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: u64) -> Self::Future {
        ready(Ok(request))
    }
}
