//! An algorithm that does what the test says, and remembers what it was told.

use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use floodwall::concurrency::ConcurrencyPermit;
use floodwall::limit::{Cause, Change, LimitAlgorithm, Sample, Why};
use floodwall::{Admission, ConcurrencyLimit, End, Now, Outcome, Permit};

#[derive(Debug, Default)]
pub(crate) struct Book {
    pub(crate) samples: Vec<Sample>,
    /// What the next samples do to the limit.
    pub(crate) moves: VecDeque<Move>,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Move {
    Stay,
    To(u32, Why),
    /// Moves, and tells nobody.
    Silently(u32),
    Panic,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Script(Arc<Mutex<Book>>);

#[derive(Debug)]
pub(crate) struct Scripted {
    limit: u32,
    book: Script,
}

impl Script {
    pub(crate) fn algorithm(&self, limit: u32) -> Scripted {
        Scripted {
            limit,
            book: self.clone(),
        }
    }

    pub(crate) fn then(&self, next: Move) {
        self.0.lock().unwrap().moves.push_back(next);
    }

    pub(crate) fn samples(&self) -> Vec<Sample> {
        self.0.lock().unwrap().samples.clone()
    }

    #[track_caller]
    pub(crate) fn last(&self) -> Sample {
        *self.samples().last().expect("a sample was handed in")
    }
}

impl LimitAlgorithm for Scripted {
    fn limit(&self) -> u32 {
        self.limit
    }

    fn sample(&mut self, sample: &Sample) -> Option<Change> {
        let next = {
            let mut book = self.book.0.lock().unwrap();
            book.samples.push(*sample);
            book.moves.pop_front().unwrap_or(Move::Stay)
        };
        match next {
            Move::Stay => None,
            Move::To(limit, why) => {
                let from = std::mem::replace(&mut self.limit, limit);
                Some(Change::new(from, limit, Cause::new(why).latency(1.8)))
            }
            Move::Silently(limit) => {
                self.limit = limit;
                None
            }
            Move::Panic => panic!("the algorithm does not know what to do"),
        }
    }

    fn name(&self) -> &'static str {
        "scripted"
    }
}

pub(crate) const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

pub(crate) fn poll_once<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

/// Enters a free place.
#[track_caller]
pub(crate) fn enter(limit: &ConcurrencyLimit) -> ConcurrencyPermit {
    let mut decision = Box::pin(limit.admit("a", &Now::unread()));
    match poll_once(decision.as_mut()) {
        Poll::Ready(Ok(permit)) => permit,
        other => panic!("there is a place: {other:?}"),
    }
}

pub(crate) fn end(permit: ConcurrencyPermit, outcome: Outcome) {
    permit.complete(&End::new(outcome));
}

/// One that comes, stays for a millisecond and goes well.
pub(crate) async fn once(limit: &ConcurrencyLimit) {
    let permit = enter(limit);
    tokio::time::advance(ms(1)).await;
    end(permit, Outcome::Success);
}
