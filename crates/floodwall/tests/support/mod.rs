//! A body that does what the test says, and what must hold in the end.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use floodwall::concurrency::ConcurrencyLimitHandle;
use http_body::{Body, Frame, SizeHint};

/// A body that does what the test says.
pub(crate) struct Scripted {
    steps: std::collections::VecDeque<Step>,
}

#[derive(Debug)]
pub(crate) enum Step {
    Data(&'static str),
    Trailers(http::HeaderMap),
    Fail,
    Panic,
    /// Never goes on.
    Stall,
}

impl Scripted {
    pub(crate) fn new(steps: impl IntoIterator<Item = Step>) -> Self {
        Self {
            steps: steps.into_iter().collect(),
        }
    }
}

impl Body for Scripted {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        match self.steps.pop_front() {
            None => Poll::Ready(None),
            Some(Step::Data(data)) => Poll::Ready(Some(Ok(Frame::data(data.into())))),
            Some(Step::Trailers(trailers)) => Poll::Ready(Some(Ok(Frame::trailers(trailers)))),
            Some(Step::Fail) => Poll::Ready(Some(Err(std::io::Error::other("the disk is gone")))),
            Some(Step::Panic) => panic!("the body panics"),
            Some(Step::Stall) => {
                self.steps.push_front(Step::Stall);
                Poll::Pending
            }
        }
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::new()
    }
}

/// Nobody is inside, and exactly `limit` find room.
#[track_caller]
pub(crate) fn nothing_is_lost(handle: &ConcurrencyLimitHandle, limit: u32) {
    let snapshot = handle.snapshot();
    assert_eq!(snapshot.in_flight, 0, "somebody still holds a place");
    assert_eq!(snapshot.waiting, 0, "somebody still waits");
    assert_eq!(snapshot.limit, limit);
}

/// Polls `future` once.
pub(crate) fn poll_once<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
    Pin::new(future).poll(&mut Context::from_waker(std::task::Waker::noop()))
}
