use std::any::Any;
use std::fmt;
use std::future::{Ready, ready};
use std::pin::Pin;
use std::task::{Context, Poll};

use ::http::{Request, Response};
use floodwall_core::Rejection;
use pin_project_lite::pin_project;
use tower_service::Service;

use super::shared::Note;
use super::timing;
use crate::admit::{Drive, Drove};
use crate::queue_latency::Lap;

type AtOnce = Ready<Result<(), Rejection>>;

fn at_once(
    _decision: Pin<&mut AtOnce>,
    _cx: &mut Context<'_>,
    place: &mut Option<()>,
    _refused: &mut Option<Rejection>,
) -> Poll<bool> {
    *place = Some(());
    Poll::Ready(true)
}

pin_project! {
    /// The future of [`Stamped`](super::Stamped): the inner service's readiness, then its answer.
    ///
    /// # Cancel safety
    ///
    /// Dropping it drops the inner future; if the handler had been called, that is recorded.
    pub struct StampedFuture<S: Service<Request<ReqBody>>, ReqBody> {
        #[pin]
        drive: Drive<S, Request<ReqBody>, AtOnce, S::Future, ()>,
        lap: Option<Lap>,
        note: Option<Note>,
    }
}

impl<S: Service<Request<ReqBody>>, ReqBody> StampedFuture<S, ReqBody> {
    pub(super) fn new(inner: S, request: Request<ReqBody>, lap: Lap, note: Option<Note>) -> Self {
        Self {
            drive: Drive::new(Ok(ready(Ok(()))), inner, request),
            lap: Some(lap),
            note,
        }
    }

    pub(super) fn panicked(
        inner: S,
        request: Request<ReqBody>,
        payload: Box<dyn Any + Send>,
    ) -> Self {
        Self {
            drive: Drive::new(Err(payload), inner, request),
            lap: None,
            note: None,
        }
    }
}

impl<S, ReqBody, ResBody> Future for StampedFuture<S, ReqBody>
where
    S: Service<Request<ReqBody>, Response = Response<ResBody>>,
{
    type Output = Result<S::Response, S::Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let polled = this
            .drive
            .poll_with(cx, &mut None, this.lap, at_once, |_, ()| {});
        let Poll::Ready(drove) = polled else {
            if let Some(note) = this.note {
                note.look();
            }
            return Poll::Pending;
        };
        if let Some(note) = this.note {
            note.tell();
        }
        Poll::Ready(match drove {
            Drove::Ran(Ok(mut response)) => {
                let waited = this.note.as_ref().and_then(Note::server_timing);
                if let Some(waited) = waited {
                    timing::add(response.headers_mut(), waited);
                }
                Ok(response)
            }
            Drove::Ran(Err(error)) | Drove::NotReady(error) => Err(error),
            Drove::Refused(..) => unreachable!("there is nobody who could refuse"),
        })
    }
}

impl<S: Service<Request<ReqBody>>, ReqBody> fmt::Debug for StampedFuture<S, ReqBody> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StampedFuture")
            .field("lap", &self.lap)
            .finish_non_exhaustive()
    }
}
