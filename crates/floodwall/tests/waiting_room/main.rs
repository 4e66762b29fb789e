//! The waiting room: order, bounds, and that nobody is forgotten in it.
#![allow(clippy::disallowed_methods, reason = "tests spawn what a server would")]

mod automatic;
mod bounds;
mod order;
mod storms;
mod switching;

use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use floodwall::concurrency::{Acquire, ConcurrencyPermit, WaitingRoom};
use floodwall::extract::{FromFn, priority_fn};
use floodwall::{Admission, ConcurrencyLimit, Now, Priority, Rejection};

type Limit = ConcurrencyLimit<FromFn<fn(&Priority) -> Priority>>;

/// A limit that reads the priority from a request that is nothing else.
fn limit(places: u32, room: WaitingRoom) -> Limit {
    let own: fn(&Priority) -> Priority = |priority| *priority;
    let builder = ConcurrencyLimit::builder(places).waiting_room(room);
    builder.priority(priority_fn(own)).build().unwrap()
}

/// A room in which nobody's time is up, however slow the machine is.
fn patient() -> WaitingRoom {
    WaitingRoom::on().target(Duration::from_secs(1_000))
}

fn ask(limit: &Limit, priority: Priority) -> Acquire {
    limit.admit(&priority, &Now::unread())
}

async fn enter(limit: &Limit, priority: Priority) -> Result<ConcurrencyPermit, Rejection> {
    ask(limit, priority).await
}

/// Computes for this long without giving the thread back, in virtual time.
fn compute(time: Duration) {
    let advance = pin!(tokio::time::advance(time));
    let _ = advance.poll(&mut Context::from_waker(Waker::noop()));
}

/// Lets the other tasks run for so many turns.
async fn turns(n: usize) {
    for _ in 0..n {
        tokio::task::yield_now().await;
    }
}

fn millis(n: u64) -> Duration {
    Duration::from_millis(n)
}

fn is_granted(poll: &Poll<Result<ConcurrencyPermit, Rejection>>) -> bool {
    matches!(poll, Poll::Ready(Ok(_)))
}
