use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use floodwall_core::Rejection;

use super::asked::{AnyKey, Asked};
use super::kind::AnyOf;
use crate::admission::{Admission, Matches, OptionFuture};
use crate::http::Head;
use crate::rate_limit::RateLimitHandle;
use crate::{Now, RateLimit};

/// A quota of a stack: for all requests, or for some kinds of them.
#[derive(Clone)]
pub(super) struct StackQuota {
    limit: RateLimit<AnyKey>,
    only: Option<Arc<AnyOf>>,
    /// Whose it is, in words.
    pub(super) per: Arc<str>,
    pub(super) key: AnyKey,
}

impl StackQuota {
    pub(super) fn new(limit: RateLimit<AnyKey>, only: AnyOf, per: &str, key: AnyKey) -> Self {
        Self {
            limit,
            only: (!only.0.is_empty()).then(|| Arc::new(only)),
            per: per.into(),
            key,
        }
    }

    pub(super) fn handle(&self) -> RateLimitHandle {
        self.limit.handle()
    }

    /// Whether it counts for a request.
    pub(super) fn counts_for(&self, head: &Head) -> bool {
        self.only.as_ref().is_none_or(|only| only.matches(head))
    }

    fn of(&self, asked: &Asked<'_>) -> Option<&RateLimit<AnyKey>> {
        self.counts_for(asked.head).then_some(&self.limit)
    }
}

impl<'a> Admission<Asked<'a>> for StackQuota {
    type Permit = Option<<RateLimit<AnyKey> as Admission<Asked<'a>>>::Permit>;
    type Future = OptionFuture<<RateLimit<AnyKey> as Admission<Asked<'a>>>::Future>;

    fn peek(&self, asked: &Asked<'a>, now: &Now) -> Result<(), Rejection> {
        self.of(asked)
            .map_or(Ok(()), |limit| limit.peek(asked, now))
    }
    fn check(&self, asked: &Asked<'a>, now: &Now) -> Result<(), Rejection> {
        self.of(asked)
            .map_or(Ok(()), |limit| limit.check(asked, now))
    }
    fn passed_over(&self, asked: &Asked<'a>, now: &Now, refusal: &Rejection) {
        if let Some(limit) = self.of(asked) {
            limit.passed_over(asked, now, refusal);
        }
    }
    fn admit(&self, asked: &Asked<'a>, now: &Now) -> Self::Future {
        OptionFuture::new(self.of(asked).map(|limit| limit.admit(asked, now)))
    }
    fn decide(&self, asked: &Asked<'a>, now: &Now) -> Result<Self::Future, Rejection> {
        let decided = self.of(asked).map(|limit| limit.decide(asked, now));
        Ok(OptionFuture::new(decided.transpose()?))
    }
    fn decides_early(&self) -> bool {
        true
    }
    #[inline]
    fn poll_into(
        decision: Pin<&mut Self::Future>,
        cx: &mut Context<'_>,
        place: &mut Option<Self::Permit>,
        refused: &mut Option<Rejection>,
    ) -> Poll<bool> {
        decision.poll_into::<Asked<'a>, RateLimit<AnyKey>>(cx, place, refused)
    }
}

impl fmt::Debug for StackQuota {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("StackQuota").field(&self.per).finish()
    }
}
