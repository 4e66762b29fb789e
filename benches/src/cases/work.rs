//! The work that the contenders do around what is measured: as near to nothing as can be.

use std::convert::Infallible;
use std::future::{Future, Ready, ready};
use std::hint::black_box;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use tokio::runtime::{Builder, Runtime};
use tower::Service;

use crate::case::Contender;

/// Everything that a caller does for one request that is let in.
pub(super) fn cycle<S>(service: S) -> impl FnMut() -> S::Response
where
    S: Service<u64>,
{
    let mut once = cycle_of(service);
    move || match once() {
        Ok(answer) => answer,
        Err(_) => panic!("there is a free place"),
    }
}

/// Everything that a caller does for one request: readiness, call, and the answer.
pub(super) fn cycle_of<S>(mut service: S) -> impl FnMut() -> Result<S::Response, S::Error>
where
    S: Service<u64>,
{
    move || {
        let mut context = Context::from_waker(Waker::noop());
        let ready = service.poll_ready(&mut context);
        assert!(ready.is_ready(), "it never makes anybody wait");
        now_or_never(service.call(black_box(7)))
    }
}

/// What a future comes to that has nothing to wait for.
pub(super) fn now_or_never<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("there is nothing to wait for"),
    }
}

/// Requests that this service lets in, on so many threads.
pub(super) fn admitted<S>(threads: usize, name: &str, service: S) -> Contender
where
    S: Service<u64, Response = u64> + Clone + Send + 'static,
{
    Contender::on(threads, name, move |_| cycle(service.clone()))
}

/// Requests that this service refuses, on so many threads.
pub(super) fn refused<S>(threads: usize, name: &str, service: S) -> Contender
where
    S: Service<u64, Response = u64> + Clone + Send + 'static,
{
    Contender::on(threads, name, move |_| {
        let mut once = cycle_of(service.clone());
        move || assert!(once().is_err(), "there is no free place")
    })
}

/// The same where a runtime must turn: the service is made inside of it, and asked there, one
/// request after the other.
pub(super) fn awaited<S>(name: &str, service: impl FnOnce() -> S) -> Contender
where
    S: Service<u64, Response = u64> + Send + 'static,
{
    let runtime = runtime();
    let mut service = {
        let _inside = runtime.enter();
        service()
    };
    Contender::block(name, move |times| {
        runtime.block_on(async {
            for _ in 0..times {
                let ready = std::future::poll_fn(|context| service.poll_ready(context)).await;
                assert!(ready.is_ok(), "nothing fails here");
                let answer = service.call(black_box(7)).await;
                assert!(black_box(answer).is_ok(), "there is a free place");
            }
        });
    })
}

pub(super) fn runtime() -> Runtime {
    let built = Builder::new_current_thread().enable_time().build();
    built.expect("a runtime without I/O can always be had")
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
