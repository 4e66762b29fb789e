use std::collections::HashMap;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use floodwall_core::Rejection;

use super::Head;
use super::extract::route_of;
use crate::admission::{Admission, OptionFuture};
use crate::{BuildError, Now};

/// A policy for each route template, as a quota of its own for an expensive search.
///
/// The template is what axum's router matched (feature `axum`), or a
/// [`RouteTemplate`](super::RouteTemplate) among the request's extensions. What matches none of the
/// routes goes by [`otherwise`](PerRoute::otherwise), or is admitted if there is no such policy. Give
/// one: where the template is not known (without the feature `axum`, or in a layer around the whole
/// router instead of one added with `Router::layer`), nothing matches a route.
///
/// ```
/// use floodwall::{RateLimit, http::{AdmitLayer, PerRoute}};
///
/// let quotas = PerRoute::new()
///     .on("/search", RateLimit::new("5/s")?)?
///     .on("/items/{id}", RateLimit::new("50/s")?)?
///     .otherwise(RateLimit::new("100/s")?);
/// # let _ = AdmitLayer::around(quotas);
/// # Ok::<(), floodwall::BuildError>(())
/// ```
#[derive(Clone, Debug)]
pub struct PerRoute<A> {
    routes: Arc<HashMap<String, A>>,
    otherwise: Option<A>,
}

impl<A> PerRoute<A> {
    /// No routes, and nothing for the others.
    #[must_use]
    pub fn new() -> Self {
        Self {
            routes: Arc::default(),
            otherwise: None,
        }
    }

    /// Puts `policy` before the route `template`.
    ///
    /// # Errors
    ///
    /// If the template does not begin with `/`, or has a policy already.
    pub fn on(mut self, template: &str, policy: A) -> Result<Self, BuildError>
    where
        A: Clone,
    {
        if !template.starts_with('/') {
            let problem = format!("{template:?} is no route template: it begins with \"/\"");
            return Err(BuildError::new("route", problem));
        }
        if Arc::make_mut(&mut self.routes)
            .insert(template.to_owned(), policy)
            .is_some()
        {
            let problem = format!("{template:?} has a policy already: compose both with `all`");
            return Err(BuildError::new("route", problem));
        }
        Ok(self)
    }

    /// Puts `policy` before all that none of the routes matches.
    #[must_use]
    pub fn otherwise(mut self, policy: A) -> Self {
        self.otherwise = Some(policy);
        self
    }

    fn policy(&self, head: &Head) -> Option<&A> {
        route_of(head)
            .and_then(|route| self.routes.get(route))
            .or(self.otherwise.as_ref())
    }
}

impl<A> Default for PerRoute<A> {
    fn default() -> Self {
        Self::new()
    }
}

impl<A: Admission<Head>> Admission<Head> for PerRoute<A> {
    type Permit = Option<A::Permit>;
    type Future = OptionFuture<A::Future>;

    fn peek(&self, head: &Head, now: &Now) -> Result<(), Rejection> {
        self.policy(head)
            .map_or(Ok(()), |policy| policy.peek(head, now))
    }

    fn check(&self, head: &Head, now: &Now) -> Result<(), Rejection> {
        self.policy(head)
            .map_or(Ok(()), |policy| policy.check(head, now))
    }

    fn passed_over(&self, head: &Head, now: &Now, refusal: &Rejection) {
        if let Some(policy) = self.policy(head) {
            policy.passed_over(head, now, refusal);
        }
    }

    fn admit(&self, head: &Head, now: &Now) -> Self::Future {
        OptionFuture::new(self.policy(head).map(|policy| policy.admit(head, now)))
    }

    fn decide(&self, head: &Head, now: &Now) -> Result<Self::Future, Rejection> {
        let decided = self.policy(head).map(|policy| policy.decide(head, now));
        Ok(OptionFuture::new(decided.transpose()?))
    }

    #[inline]
    fn poll_into(
        decision: Pin<&mut Self::Future>,
        cx: &mut Context<'_>,
        place: &mut Option<Self::Permit>,
        refused: &mut Option<Rejection>,
    ) -> Poll<bool> {
        decision.poll_into::<Head, A>(cx, place, refused)
    }
}
