//! Everything that a caller does for one request: readiness, call, and the answer.

use std::convert::Infallible;
use std::future::{Future, Ready, ready};
use std::hint::black_box;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use tower::Service;

/// Whether the request was let in.
pub(crate) fn cycle<S>(mut service: S) -> impl FnMut() -> bool
where
    S: Service<u64, Response = u64>,
{
    move || {
        let answer = call(&mut service, black_box(7));
        answer.is_ok_and(|answer| black_box(answer) == 7)
    }
}

pub(crate) fn call<S, R>(service: &mut S, request: R) -> Result<S::Response, S::Error>
where
    S: Service<R>,
{
    let mut context = Context::from_waker(Waker::noop());
    let ready = service.poll_ready(&mut context);
    assert!(ready.is_ready(), "it never makes anybody wait");
    let answer = pin!(service.call(request));
    match answer.poll(&mut context) {
        Poll::Ready(answer) => answer,
        Poll::Pending => panic!("a service that does nothing answers at once"),
    }
}

/// Polls once, for what does not wait.
pub(crate) fn now<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("it does not wait"),
    }
}

#[derive(Clone, Copy)]
pub(crate) struct Noop;

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
