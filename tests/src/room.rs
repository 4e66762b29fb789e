use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use floodwall::concurrency::ConcurrencyLimitHandle;
use floodwall::http::Head;
use floodwall::{Admission, Now, Rejection};

/// Polls `future` once.
pub fn poll_once<F: Future + ?Sized>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

/// Asks `policy` about a request without anything special; `None` if it would have to wait.
pub fn ask<A: Admission<Head>>(policy: &A) -> Option<Result<A::Permit, Rejection>> {
    let (head, ()) = http::Request::new(()).into_parts();
    match poll_once(pin!(policy.admit(&head, &Now::unread()))) {
        Poll::Ready(decision) => Some(decision),
        Poll::Pending => None,
    }
}

/// How many more `policy` would let in now; those who find out leave again.
pub fn room<A: Admission<Head>>(policy: &A) -> usize {
    let permits: Vec<_> = std::iter::from_fn(|| ask(policy)?.ok()).collect();
    permits.len()
}

/// Nobody is inside, nobody waits, and exactly `limit` would find room.
///
/// # Panics
///
/// If it is not so.
#[track_caller]
pub fn all_free<A: Admission<Head>>(policy: &A, handle: &ConcurrencyLimitHandle, limit: usize) {
    let snapshot = handle.snapshot();
    assert_eq!(snapshot.in_flight, 0, "somebody still holds a place");
    assert_eq!(snapshot.waiting, 0, "somebody still waits");
    assert_eq!(room(policy), limit, "so many would find room");
    assert_eq!(
        handle.snapshot().in_flight,
        0,
        "asking for room takes none away"
    );
}

/// Lets the other tasks run until it is so.
///
/// # Panics
///
/// If it does not come to that, though all the others had many turns.
pub async fn until(what: &str, mut so: impl FnMut() -> bool) {
    for _ in 0..100_000 {
        if so() {
            return;
        }
        tokio::task::yield_now().await;
    }
    panic!("it never came to this: {what}");
}
