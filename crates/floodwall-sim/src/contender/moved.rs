use std::convert::Infallible;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use floodwall::Outcome;
use floodwall::concurrency::ConcurrencyLimitHandle;
use floodwall_core::Moment;
use floodwall_core::limit::{LimitAlgorithm, Sample};
use tower_service::Service;

use crate::backend::{Backend, BackendFuture};
use crate::time::World;
use crate::{Answer, Attempt};

/// A tier whose limit is moved by what becomes of the requests inside.
#[derive(Clone)]
pub(super) struct Moved {
    inner: Backend,
    mover: Arc<Mover>,
}

struct Mover {
    world: World,
    handle: ConcurrencyLimitHandle,
    state: Mutex<State>,
}

struct State {
    algorithm: Box<dyn LimitAlgorithm>,
    refused: u64,
}

impl Moved {
    pub(super) fn new(
        inner: Backend,
        world: &World,
        handle: ConcurrencyLimitHandle,
        algorithm: Box<dyn LimitAlgorithm>,
    ) -> Self {
        let state = Mutex::new(State {
            algorithm,
            refused: 0,
        });
        let mover = Arc::new(Mover {
            world: world.clone(),
            handle,
            state,
        });
        Self { inner, mover }
    }
}

impl Mover {
    fn leaves(&self, came: u64, in_flight: u32, outcome: Outcome) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.world.now();
        let standing = self.handle.snapshot();
        let refused = standing.counts.refused();
        let binding = standing.waiting > 0 || refused > state.refused;
        state.refused = refused;
        let at = Moment::ZERO + Duration::from_nanos(now);
        let sample = Sample::new(at, Duration::from_nanos(now - came))
            .in_flight(in_flight)
            .binding(binding)
            .outcome(outcome);
        let _ = state.algorithm.sample(&sample);
        let limit = state.algorithm.limit();
        if limit != standing.limit {
            // Of an algorithm, a limit is at least 1.
            let _ = self.handle.set_limit(limit);
        }
    }
}

impl Service<Attempt> for Moved {
    type Response = Answer;
    type Error = Infallible;
    type Future = MovedFuture;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, attempt: Attempt) -> MovedFuture {
        MovedFuture {
            came: self.mover.world.now(),
            in_flight: self.mover.handle.snapshot().in_flight,
            mover: Some(Arc::clone(&self.mover)),
            inner: self.inner.call(attempt),
        }
    }
}

pub(super) struct MovedFuture {
    inner: BackendFuture,
    came: u64,
    in_flight: u32,
    /// Taken when it has been told how it ended.
    mover: Option<Arc<Mover>>,
}

impl Future for MovedFuture {
    type Output = Result<Answer, Infallible>;
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let answer = std::task::ready!(Pin::new(&mut self.inner).poll(cx));
        if let Some(mover) = self.mover.take() {
            mover.leaves(
                self.came,
                self.in_flight,
                super::wall::outcome(answer.as_ref()),
            );
        }
        Poll::Ready(answer)
    }
}

impl Drop for MovedFuture {
    fn drop(&mut self) {
        if let Some(mover) = self.mover.take() {
            mover.leaves(self.came, self.in_flight, Outcome::Cancelled);
        }
    }
}
