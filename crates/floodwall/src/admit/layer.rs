use std::sync::Arc;

use tower_layer::Layer;

use super::classify::Classify;
use super::{Admit, ByResult};

/// Puts a policy in front of any service; see the [module](super).
///
/// The state is in the policy: every service that this layer or a clone of it makes shares it.
#[derive(Debug)]
pub struct AdmitLayer<A, C = ByResult> {
    policy: Arc<A>,
    classify: Classify<C>,
}

impl<A> AdmitLayer<A> {
    /// Protects with `policy`.
    pub fn new(policy: A) -> Self {
        Self {
            policy: Arc::new(policy),
            classify: Classify::ByResult,
        }
    }
}

impl<A, C> AdmitLayer<A, C> {
    /// Lets `classify` tell the policy how a call ended, instead of [`ByResult`].
    pub fn classify<D>(self, classify: D) -> AdmitLayer<A, D> {
        AdmitLayer {
            policy: self.policy,
            classify: Classify::With(Arc::new(classify)),
        }
    }

    /// The policy.
    pub fn policy(&self) -> &A {
        &self.policy
    }
}

impl<A, C> Clone for AdmitLayer<A, C> {
    fn clone(&self) -> Self {
        Self {
            policy: Arc::clone(&self.policy),
            classify: self.classify.clone(),
        }
    }
}

impl<S, A, C> Layer<S> for AdmitLayer<A, C> {
    type Service = Admit<S, A, C>;
    fn layer(&self, inner: S) -> Self::Service {
        Admit::new(inner, Arc::clone(&self.policy), self.classify.clone())
    }
}
