use std::sync::Arc;
use std::task::{Context, Poll};

use ::http::{Request, Response};
use ::http_body::Body;
use bytes::Bytes;
use tower_service::Service;

use super::future::{Asked, ResponseFuture};
use super::layer::Shared;
use super::{Head, ResponseBody};
use crate::admission::Admission;
use crate::admit::Drive;
use crate::queue_latency::Lap;

/// An HTTP service behind a policy; made by [`AdmitLayer`](super::AdmitLayer).
///
/// Its error is the inner service's: a refusal is a response. Its body is generic; all it asks is
/// that the body's data can be made from [`Bytes`].
#[derive(Debug)]
pub struct Admit<S, A> {
    inner: S,
    shared: Arc<Shared<A>>,
}

impl<S, A> Admit<S, A> {
    pub(super) fn new(inner: S, shared: Arc<Shared<A>>) -> Self {
        Self { inner, shared }
    }

    /// The service behind the policy.
    pub const fn get_ref(&self) -> &S {
        &self.inner
    }

    /// The service behind the policy, to be changed.
    pub const fn get_mut(&mut self) -> &mut S {
        &mut self.inner
    }

    /// Takes the policy away.
    pub fn into_inner(self) -> S {
        self.inner
    }

    /// The policy.
    pub fn policy(&self) -> &A {
        &self.shared.policy
    }
}

impl<S: Clone, A> Clone for Admit<S, A> {
    fn clone(&self) -> Self {
        Self {
            inner: self.inner.clone(),
            shared: Arc::clone(&self.shared),
        }
    }
}

impl<S, A, ReqBody, ResBody> Service<Request<ReqBody>> for Admit<S, A>
where
    S: Service<Request<ReqBody>, Response = Response<ResBody>> + Clone,
    A: Admission<Head>,
    ResBody: Body,
    ResBody::Data: From<Bytes>,
{
    type Response = Response<ResponseBody<ResBody, A::Permit>>;
    type Error = S::Error;
    type Future = ResponseFuture<S, A, ReqBody>;

    /// Always ready: a limiter that waited here would be an invisible, unbounded queue.
    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<ReqBody>) -> Self::Future {
        let (head, body) = request.into_parts();
        let started =
            Drive::<S, Request<ReqBody>, _, S::Future, _>::start(&self.shared.policy, &head);
        let lap = Lap::of(&head.extensions);
        let asked = Asked::of(&head);
        let request = Request::from_parts(head, body);
        let drive = Drive::new(started, self.inner.clone(), request);
        ResponseFuture::new(drive, lap, asked, Arc::clone(&self.shared))
    }
}

/// A single gRPC service can be protected before it is added to tonic's router.
#[cfg(feature = "tonic")]
#[cfg_attr(docsrs, doc(cfg(feature = "tonic")))]
impl<S: tonic::server::NamedService, A> tonic::server::NamedService for Admit<S, A> {
    const NAME: &'static str = S::NAME;
}
