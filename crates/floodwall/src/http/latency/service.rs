use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::task::{Context, Poll};

use ::http::{Request, Response};
use tower_service::Service;

use super::StampedFuture;
use super::shared::{Note, Shared};
use crate::QueueLatency;
use crate::queue_latency::Lap;

/// A service whose requests are measured; made by [`QueueLatencyLayer`](super::QueueLatencyLayer).
#[derive(Clone, Debug)]
pub struct Stamped<S> {
    inner: S,
    shared: Arc<Shared>,
}

impl<S> Stamped<S> {
    pub(super) const fn new(inner: S, shared: Arc<Shared>) -> Self {
        Self { inner, shared }
    }

    /// The service behind it.
    pub const fn get_ref(&self) -> &S {
        &self.inner
    }

    /// The service behind it, to be changed.
    pub const fn get_mut(&mut self) -> &mut S {
        &mut self.inner
    }

    /// Takes the measuring away.
    pub fn into_inner(self) -> S {
        self.inner
    }
}

impl<S, ReqBody, ResBody> Service<Request<ReqBody>> for Stamped<S>
where
    S: Service<Request<ReqBody>, Response = Response<ResBody>> + Clone,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = StampedFuture<S, ReqBody>;

    /// Always ready: what the inner service has to be waited for is measured, too.
    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<ReqBody>) -> Self::Future {
        if let Some(measured) = request.extensions().get::<QueueLatency>() {
            let lap = Lap::plain(measured);
            return StampedFuture::new(self.inner.clone(), request, lap, None);
        }
        let (mut head, body) = request.into_parts();
        // As in `Drive::start`: a panic of a user's closure must not end the whole connection.
        match catch_unwind(AssertUnwindSafe(|| self.shared.arrived(&head))) {
            Ok(latency) => {
                head.extensions.insert(latency.clone());
                let lap = Lap::plain(&latency);
                let note = Note::new(latency, Arc::clone(&self.shared));
                let request = Request::from_parts(head, body);
                StampedFuture::new(self.inner.clone(), request, lap, Some(note))
            }
            Err(payload) => {
                let request = Request::from_parts(head, body);
                StampedFuture::panicked(self.inner.clone(), request, payload)
            }
        }
    }
}

/// A single gRPC service can be measured before it is added to tonic's router.
#[cfg(feature = "tonic")]
#[cfg_attr(docsrs, doc(cfg(feature = "tonic")))]
impl<S: tonic::server::NamedService> tonic::server::NamedService for Stamped<S> {
    const NAME: &'static str = S::NAME;
}
