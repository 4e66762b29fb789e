//! What a policy reads from a request: the key, the cost, the priority, the deadline.
//!
//! These four traits know no protocol; [`http`](crate::http) has ready-made readers of a request's
//! head. For anything else, closures do: [`key_fn`], [`cost_fn`], [`priority_fn`], [`deadline_fn`].

use std::fmt;
use std::hash::Hash;

use floodwall_core::Priority;
use floodwall_core::rate::KeyHasher;
use tokio::time::Instant;

use crate::Now;

/// Whose quota a request spends.
///
/// The key itself is never stored: it is fed into a keyed hash that strangers cannot predict. A
/// tuple of keys is the combination of all its parts.
pub trait KeyOf<Req: ?Sized> {
    /// Feeds the key of `request` into `to`.
    ///
    /// # Errors
    ///
    /// [`MissingKey`] if what the key is made of is not there though it should always be: the
    /// server is set up wrongly. Never fall back to one bucket for all in silence.
    fn key(&self, request: &Req, to: &mut KeyHasher) -> Result<(), MissingKey>;

    /// The key in words, for a person who asks what a stack makes of a request. Not for metrics.
    fn shown(&self, _request: &Req) -> Option<String> {
        None
    }
}

/// What a request costs, in units of the quota.
pub trait CostOf<Req: ?Sized> {
    /// The cost of `request`; 1 is the usual one, 0 is free.
    fn cost(&self, request: &Req) -> u32;
}

/// How urgent a request is.
pub trait PriorityOf<Req: ?Sized> {
    /// The priority of `request`.
    fn priority(&self, request: &Req) -> Priority;

    /// What made it so, for a person who asks what a stack makes of a request.
    fn why(&self, _request: &Req) -> Option<String> {
        None
    }
}

/// Until when the caller waits for an answer.
pub trait DeadlineOf<Req: ?Sized> {
    /// The deadline of `request`, if it has one. `now` need not be read if it has none.
    fn deadline(&self, request: &Req, now: &Now) -> Option<Instant>;
}

/// What a key is made of is missing; says how to provide it.
///
/// The HTTP layers answer it with 500 and log it once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MissingKey {
    what: &'static str,
    fix: &'static str,
}

impl MissingKey {
    /// `what` is missing, and `fix` tells how to provide it.
    pub const fn new(what: &'static str, fix: &'static str) -> Self {
        Self { what, fix }
    }

    /// What is missing.
    pub const fn what(&self) -> &'static str {
        self.what
    }

    /// How to provide it.
    pub const fn fix(&self) -> &'static str {
        self.fix
    }
}

impl fmt::Display for MissingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is missing: {}", self.what, self.fix)
    }
}

impl std::error::Error for MissingKey {}

/// One bucket for all: what a rate limit uses unless told otherwise.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unkeyed;

impl<Req: ?Sized> KeyOf<Req> for Unkeyed {
    fn key(&self, _request: &Req, _to: &mut KeyHasher) -> Result<(), MissingKey> {
        Ok(())
    }
}

/// What every request has unless told otherwise: cost 1, [`Priority::NORMAL`], no deadline.
#[derive(Clone, Copy, Debug, Default)]
pub struct Usual;

impl<Req: ?Sized> CostOf<Req> for Usual {
    fn cost(&self, _request: &Req) -> u32 {
        1
    }
}

impl<Req: ?Sized> PriorityOf<Req> for Usual {
    fn priority(&self, _request: &Req) -> Priority {
        Priority::NORMAL
    }
}

impl<Req: ?Sized> DeadlineOf<Req> for Usual {
    fn deadline(&self, _request: &Req, _now: &Now) -> Option<Instant> {
        None
    }
}

/// A fixed priority for all.
impl<Req: ?Sized> PriorityOf<Req> for Priority {
    fn priority(&self, _request: &Req) -> Priority {
        *self
    }
}

/// A fixed cost for all.
impl<Req: ?Sized> CostOf<Req> for u32 {
    fn cost(&self, _request: &Req) -> u32 {
        *self
    }
}

/// A reader made of a closure: see [`key_fn`], [`cost_fn`], [`priority_fn`], [`deadline_fn`].
#[derive(Clone, Copy)]
pub struct FromFn<F>(pub(crate) F);

impl<F> fmt::Debug for FromFn<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FromFn")
    }
}

/// A key from a closure that feeds a hasher: nothing need be copied out of the request.
///
/// ```
/// use floodwall::{RateLimit, extract::key_fn};
/// use std::hash::Hash;
///
/// struct Job { owner: String }
/// let per_owner = RateLimit::builder("10/s").key(key_fn(|job: &Job, to| job.owner.hash(to)));
/// # let _: RateLimit<_, _> = per_owner.build().unwrap();
/// ```
pub const fn key_fn<Req: ?Sized, F: Fn(&Req, &mut KeyHasher)>(key: F) -> FromFn<F> {
    FromFn(key)
}

/// A cost from a closure.
pub const fn cost_fn<Req: ?Sized, F: Fn(&Req) -> u32>(cost: F) -> FromFn<F> {
    FromFn(cost)
}

/// A priority from a closure.
pub const fn priority_fn<Req: ?Sized, F: Fn(&Req) -> Priority>(priority: F) -> FromFn<F> {
    FromFn(priority)
}

/// A deadline from a closure; what is left of the time is counted from now.
pub const fn deadline_fn<Req, F>(left: F) -> FromFn<F>
where
    Req: ?Sized,
    F: Fn(&Req) -> Option<std::time::Duration>,
{
    FromFn(left)
}

impl<Req: ?Sized, F: Fn(&Req, &mut KeyHasher)> KeyOf<Req> for FromFn<F> {
    fn key(&self, request: &Req, to: &mut KeyHasher) -> Result<(), MissingKey> {
        (self.0)(request, to);
        Ok(())
    }
}

impl<Req: ?Sized, F: Fn(&Req) -> u32> CostOf<Req> for FromFn<F> {
    fn cost(&self, request: &Req) -> u32 {
        (self.0)(request)
    }
}

impl<Req: ?Sized, F: Fn(&Req) -> Priority> PriorityOf<Req> for FromFn<F> {
    fn priority(&self, request: &Req) -> Priority {
        (self.0)(request)
    }
}

impl<Req: ?Sized, F: Fn(&Req) -> Option<std::time::Duration>> DeadlineOf<Req> for FromFn<F> {
    fn deadline(&self, request: &Req, now: &Now) -> Option<Instant> {
        let left = (self.0)(request)?;
        now.instant().checked_add(left)
    }
}

macro_rules! combined_keys {
    ($($name:ident)+) => {
        impl<Req: ?Sized, $($name: KeyOf<Req>),+> KeyOf<Req> for ($($name,)+) {
            fn key(&self, request: &Req, to: &mut KeyHasher) -> Result<(), MissingKey> {
                #[expect(non_snake_case, reason = "the type parameters name the fields")]
                let ($($name,)+) = self;
                // Numbers the parts, so that ("ab", "c") and ("a", "bc") stay apart whatever
                // the parts write.
                let mut part = 0_u8;
                $(
                    part.hash(to);
                    $name.key(request, to)?;
                    part += 1;
                )+
                let _ = part;
                Ok(())
            }
        }
    };
}

combined_keys!(A B);
combined_keys!(A B C);
combined_keys!(A B C D);
