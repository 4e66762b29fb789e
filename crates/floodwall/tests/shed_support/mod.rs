//! Requests with a class, a tenant and a mark of retries, and a clock that stands still.
#![allow(dead_code, reason = "every test file uses a part of it")]

use std::hash::Hash;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use floodwall::extract::{KeyOf, PriorityOf, key_fn, priority_fn};
use floodwall::shed::ShedBuilder;
use floodwall::{Admission, Matches, Now, Priority, Rejection, match_fn};
use tokio::time::Instant;

#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Req {
    pub(crate) class: u8,
    pub(crate) tenant: u64,
    pub(crate) retry: bool,
}

/// A request of a class.
pub(crate) fn of(class: u8) -> Req {
    Req {
        class,
        ..Req::default()
    }
}

pub(crate) fn class(n: u8) -> Priority {
    Priority::new(n).unwrap()
}

pub(crate) fn by_class() -> impl PriorityOf<Req> + Clone {
    priority_fn(|req: &Req| class(req.class))
}

pub(crate) fn by_tenant() -> impl KeyOf<Req> + Clone {
    key_fn(|req: &Req, to: &mut _| req.tenant.hash(to))
}

pub(crate) fn marked() -> impl Matches<Req> + Clone {
    match_fn(|req: &Req| req.retry)
}

/// Time as the test says.
pub(crate) struct Clock(Now);

impl Clock {
    /// Begins now, so make it after the policy.
    pub(crate) fn new() -> Self {
        let now = Now::unread();
        now.instant();
        Self(now)
    }

    pub(crate) fn at(instant: Instant) -> Self {
        Self(Now::at(instant))
    }

    pub(crate) fn pass(&mut self, time: Duration) {
        self.0 = Now::at(self.0.instant() + time);
    }

    /// Asks a policy that does not wait.
    pub(crate) fn ask<R: ?Sized, A: Admission<R>>(
        &self,
        policy: &A,
        request: &R,
    ) -> Result<A::Permit, Rejection> {
        let mut decision = pin!(policy.admit(request, &self.0));
        let polled = decision
            .as_mut()
            .poll(&mut Context::from_waker(Waker::noop()));
        match polled {
            Poll::Ready(decision) => decision,
            Poll::Pending => panic!("the policy of this test does not wait"),
        }
    }

    pub(crate) fn now(&self) -> &Now {
        &self.0
    }
}

/// What came and what was let in.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Served {
    pub(crate) came: u32,
    pub(crate) let_in: u32,
}

impl Served {
    pub(crate) fn share(self) -> f64 {
        f64::from(self.let_in) / f64::from(self.came.max(1))
    }
}

/// Sends rounds of `requests`, a millisecond apart; tells how each place in the round fared.
pub(crate) fn rounds<A: Admission<Req>>(
    policy: &A,
    clock: &mut Clock,
    rounds: u32,
    requests: &[Req],
) -> Vec<Served> {
    let mut served = vec![Served::default(); requests.len()];
    for _ in 0..rounds {
        for (request, served) in requests.iter().zip(&mut served) {
            served.came += 1;
            served.let_in += u32::from(clock.ask(policy, request).is_ok());
        }
        clock.pass(Duration::from_millis(1));
    }
    served
}

/// A pressure that the test turns, and how often it was read.
#[derive(Clone, Default)]
pub(crate) struct Dial {
    value: Arc<AtomicU64>,
    pub(crate) read: Arc<AtomicU64>,
}

impl Dial {
    pub(crate) fn at(value: f64) -> Self {
        let dial = Self::default();
        dial.turn(value);
        dial
    }

    pub(crate) fn turn(&self, value: f64) {
        self.value.store(value.to_bits(), Ordering::Relaxed);
    }

    pub(crate) fn source(&self) -> impl Fn() -> Option<f64> + Send + Sync + 'static {
        let Self { value, read } = self.clone();
        move || {
            read.fetch_add(1, Ordering::Relaxed);
            Some(f64::from_bits(value.load(Ordering::Relaxed)))
        }
    }
}

/// Pressed by `dial`, from 0 to 1.
pub(crate) fn pressed<P, T, R>(builder: ShedBuilder<P, T, R>, dial: &Dial) -> ShedBuilder<P, T, R> {
    builder.pressure("dial", (0.0, 1.0), dial.source())
}
