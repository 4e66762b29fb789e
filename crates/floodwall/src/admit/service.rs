use std::sync::Arc;
use std::task::{Context, Poll};

use tower_service::Service;

use super::classify::Classify;
use super::{ClassifyResult, Drive, Error, ResponseFuture};
use crate::admission::Admission;

/// A service behind a policy; made by [`AdmitLayer`](super::AdmitLayer).
#[derive(Debug)]
pub struct Admit<S, A, C = super::ByResult> {
    inner: S,
    policy: Arc<A>,
    classify: Classify<C>,
}

impl<S, A, C> Admit<S, A, C> {
    pub(super) fn new(inner: S, policy: Arc<A>, classify: Classify<C>) -> Self {
        Self {
            inner,
            policy,
            classify,
        }
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
        &self.policy
    }
}

impl<S: Clone, A, C> Clone for Admit<S, A, C> {
    fn clone(&self) -> Self {
        Self {
            inner: self.inner.clone(),
            policy: Arc::clone(&self.policy),
            classify: self.classify.clone(),
        }
    }
}

impl<S, A, C, Req> Service<Req> for Admit<S, A, C>
where
    S: Service<Req> + Clone,
    A: Admission<Req>,
    C: ClassifyResult<S::Response, S::Error>,
{
    type Response = S::Response;
    type Error = Error<S::Error>;
    type Future = ResponseFuture<S, A, Req, C>;

    /// Always ready: a limiter that waited here would be an invisible, unbounded queue.
    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Req) -> Self::Future {
        let started = Drive::<S, Req, _, S::Future, _>::start(&*self.policy, &request);
        let drive = Drive::new(started, self.inner.clone(), request);
        ResponseFuture::new(drive, self.classify.clone())
    }
}
