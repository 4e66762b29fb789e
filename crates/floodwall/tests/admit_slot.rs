//! What becomes of a permit when the service is not ready, or panics.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use floodwall::admission::Permit;
use floodwall::admit::AdmitLayer;
use floodwall::{Admission, End, Now, Outcome, Rejection};
use tokio_test::task;
use tower::{Layer, Service};

/// How permits ended; `None` for one that was dropped.
type Ends = Arc<Mutex<Vec<Option<Outcome>>>>;

struct Policy(Ends);

struct Held {
    ends: Ends,
    has_ended: bool,
}

impl Admission<()> for Policy {
    type Permit = Held;
    type Future = Ready<Result<Held, Rejection>>;

    fn peek(&self, _: &(), _: &Now) -> Result<(), Rejection> {
        Ok(())
    }

    fn admit(&self, _: &(), _: &Now) -> Self::Future {
        ready(Ok(Held {
            ends: Arc::clone(&self.0),
            has_ended: false,
        }))
    }
}

impl Permit for Held {
    fn complete(mut self, end: &End) {
        self.has_ended = true;
        self.ends.lock().unwrap().push(Some(end.outcome()));
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if !self.has_ended {
            self.ends.lock().unwrap().push(None);
        }
    }
}

#[derive(Clone)]
struct Inner {
    is_ready: bool,
}

impl Service<()> for Inner {
    type Response = ();
    type Error = Infallible;
    type Future = Ready<Result<(), Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        if self.is_ready {
            Poll::Ready(Ok(()))
        } else {
            Poll::Pending
        }
    }

    fn call(&mut self, (): ()) -> Self::Future {
        panic!("the service panics");
    }
}

#[test]
fn who_leaves_before_the_service_is_ready_was_not_served() {
    let ends = Ends::default();
    let layer = AdmitLayer::new(Policy(Arc::clone(&ends)));
    let mut service = layer.layer(Inner { is_ready: false });
    let mut answer = task::spawn(service.call(()));
    assert!(answer.poll().is_pending());
    drop(answer);
    assert_eq!(*ends.lock().unwrap(), [Some(Outcome::Refused)]);
}

#[test]
fn a_call_that_panics_gives_its_permit_back_though_its_future_is_kept() {
    let ends = Ends::default();
    let layer = AdmitLayer::new(Policy(Arc::clone(&ends)));
    let mut service = layer.layer(Inner { is_ready: true });
    let mut answer = task::spawn(service.call(()));
    assert!(catch_unwind(AssertUnwindSafe(|| answer.poll())).is_err());
    assert_eq!(*ends.lock().unwrap(), [None]);
    drop(answer);
    assert_eq!(ends.lock().unwrap().len(), 1);
}
