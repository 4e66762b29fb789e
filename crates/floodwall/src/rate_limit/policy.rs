use std::pin::Pin;
use std::task::{Context, Poll};

use floodwall_core::Rejection;
use floodwall_core::rate::{KeyHash, Quota, QuotaError};

use super::core::{Asked, Core};
use super::{RateLimitBuilder, RateLimitHandle, RatePermit, Spend};
use crate::admission::Admission;
use crate::extract::{CostOf, KeyOf, Unkeyed, Usual};
use crate::spare::Owned;
use crate::{BuildError, Now};

/// At most so much in a stretch of time, for all or for each key.
///
/// Clones share the quota. `K` reads whose quota a request spends, and `C` what it costs; without
/// them there is one quota for all, and everything costs 1.
///
/// Several quotas on one key are all or none: a request that one of them refuses is charged to
/// none.
///
/// ```
/// use floodwall::{RateLimit, extract::key_fn};
/// use std::hash::Hash;
///
/// struct Job { owner: String }
///
/// let per_owner = RateLimit::builder("10/s burst 20")
///     .quota("1000/h")
///     .key(key_fn(|job: &Job, to| job.owner.hash(to)))
///     .build()?;
/// # let _ = per_owner;
/// # Ok::<(), floodwall::BuildError>(())
/// ```
#[derive(Clone, Debug)]
pub struct RateLimit<K = Unkeyed, C = Usual> {
    key: K,
    cost: C,
    core: Owned<Core>,
}

impl RateLimit {
    /// One quota for all: `"100/s burst 50"`, or
    /// [`Quota::requests(100).per_second().burst(50)`](Quota::requests).
    ///
    /// # Errors
    ///
    /// If the quota cannot be read, or cannot be held.
    pub fn new<Q>(quota: Q) -> Result<Self, BuildError>
    where
        Q: TryInto<Quota, Error: Into<QuotaError>>,
    {
        Self::builder(quota).build()
    }

    /// Begins with a quota and the defaults, which each method tells.
    pub fn builder<Q>(quota: Q) -> RateLimitBuilder
    where
        Q: TryInto<Quota, Error: Into<QuotaError>>,
    {
        RateLimitBuilder::new(quota)
    }
}

impl<K, C> RateLimit<K, C> {
    pub(super) fn assemble(key: K, cost: C, core: Core) -> Self {
        Self {
            key,
            cost,
            core: Owned::new(core),
        }
    }

    /// To look at the quotas and to change the mode while requests run.
    pub fn handle(&self) -> RateLimitHandle {
        RateLimitHandle::new(self.core.clone())
    }

    fn ask<Req: ?Sized>(&self, request: &Req) -> Asked
    where
        K: KeyOf<Req>,
        C: CostOf<Req>,
    {
        let key = if self.core.keyed {
            let mut hasher = self.core.hasher();
            match self.key.key(request, &mut hasher) {
                Ok(()) => Ok(hasher.finish_key()),
                Err(missing) => Err(Box::new(missing)),
            }
        } else {
            Ok(NO_KEY)
        };
        let cost = self.cost.cost(request);
        Asked { key, cost }
    }
}

/// Whose quota it is where all share one.
const NO_KEY: KeyHash = KeyHash::from_raw(0);

impl<Req, K, C> Admission<Req> for RateLimit<K, C>
where
    Req: ?Sized,
    K: KeyOf<Req>,
    C: CostOf<Req>,
{
    type Permit = RatePermit;
    type Future = Spend;

    fn peek(&self, request: &Req, now: &Now) -> Result<(), Rejection> {
        self.core.peek(&self.ask(request), now)
    }

    fn check(&self, request: &Req, now: &Now) -> Result<(), Rejection> {
        let peeked = self.core.peek(&self.ask(request), now);
        if let Err(refusal) = &peeked {
            self.core.count(refusal);
        }
        peeked
    }

    fn admit(&self, request: &Req, now: &Now) -> Spend {
        Spend::new(
            self.core.lend(),
            self.ask(request),
            self.core.origin.at(now),
        )
    }

    fn decide(&self, request: &Req, now: &Now) -> Result<Spend, Rejection> {
        let asked = self.ask(request);
        if let Err(refusal) = self.core.peek(&asked, now) {
            self.core.count(&refusal);
            return Err(refusal);
        }
        Ok(Spend::new(
            self.core.lend(),
            asked,
            self.core.origin.at(now),
        ))
    }

    fn decides_early(&self) -> bool {
        true
    }

    #[inline]
    fn poll_into(
        decision: Pin<&mut Spend>,
        cx: &mut Context<'_>,
        place: &mut Option<RatePermit>,
        refused: &mut Option<Rejection>,
    ) -> Poll<bool> {
        decision.get_mut().poll_into(cx, place, refused)
    }
}
