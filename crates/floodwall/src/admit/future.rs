use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;
use tower_service::Service;

use super::classify::Classify;
use super::{ClassifyResult, Drive, Drove, Error, REFUSED};
use crate::admission::{Admission, End};

pin_project! {
    /// The future of [`Admit`](super::Admit): admission, then the inner service's readiness, then
    /// its answer.
    ///
    /// # Cancel safety
    ///
    /// Dropping it while it waits gives back its place in every queue and undoes its charges as far
    /// as that is exact; dropping it while the work runs gives back the permit.
    pub struct ResponseFuture<S: Service<Req>, A: Admission<Req>, Req, C> {
        #[pin]
        drive: Drive<S, Req, A::Future, S::Future, A::Permit>,
        classify: Classify<C>,
    }
}

impl<S: Service<Req>, A: Admission<Req>, Req, C> ResponseFuture<S, A, Req, C> {
    pub(super) fn new(
        drive: Drive<S, Req, A::Future, S::Future, A::Permit>,
        classify: Classify<C>,
    ) -> Self {
        Self { drive, classify }
    }
}

impl<S, A, Req, C> Future for ResponseFuture<S, A, Req, C>
where
    S: Service<Req>,
    A: Admission<Req>,
    C: ClassifyResult<S::Response, S::Error>,
{
    type Output = Result<S::Response, Error<S::Error>>;
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let mut drive = this.drive;
        let mut refused = None;
        let drove =
            ready!(
                drive
                    .as_mut()
                    .poll_with(cx, &mut refused, &mut (), A::poll_into, |_, _| {})
            );
        Poll::Ready(match drove {
            Drove::Refused(_) => Err(Error::Rejected(refused.expect(REFUSED))),
            Drove::NotReady(error) => Err(Error::Inner(error)),
            Drove::Ran(result) => {
                drive.complete(&End::new(this.classify.outcome(result.as_ref())));
                result.map_err(Error::Inner)
            }
        })
    }
}

impl<S: Service<Req>, A: Admission<Req>, Req, C> fmt::Debug for ResponseFuture<S, A, Req, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("admit::ResponseFuture")
    }
}
