use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};

use floodwall_core::queue::Tenant;
use floodwall_core::rate::HashSecret;

use crate::extract::{CostOf, KeyOf, MissingKey, Usual};

/// Whose request it is that waits, if tenants take turns.
///
/// [`Alike`] and [`Tenants`] are what a [`ConcurrencyLimit`](super::ConcurrencyLimit) has.
pub trait TenantOf<Req: ?Sized> {
    /// The tenant of `request`, whose key is hashed under `secret`.
    ///
    /// # Errors
    ///
    /// [`MissingKey`] if what the key is made of is not there though it should always be.
    fn tenant(&self, request: &Req, secret: &HashSecret) -> Result<Tenant, MissingKey>;
}

/// All are of one tenant: what a limit uses unless told otherwise.
#[derive(Clone, Copy, Debug, Default)]
pub struct Alike;

impl<Req: ?Sized> TenantOf<Req> for Alike {
    fn tenant(&self, _request: &Req, _secret: &HashSecret) -> Result<Tenant, MissingKey> {
        Ok(Tenant::NOBODY)
    }
}

/// Tenants that take turns, told apart by a key; see
/// [`fair_by`](super::ConcurrencyLimitBuilder::fair_by).
#[derive(Clone, Copy)]
pub struct Tenants<K, W = Usual, C = Usual> {
    pub(super) key: K,
    pub(super) weight: W,
    pub(super) cost: C,
}

impl<K, W, C> fmt::Debug for Tenants<K, W, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tenants")
    }
}

impl<Req: ?Sized, K: KeyOf<Req>, W: CostOf<Req>, C: CostOf<Req>> TenantOf<Req>
    for Tenants<K, W, C>
{
    fn tenant(&self, request: &Req, secret: &HashSecret) -> Result<Tenant, MissingKey> {
        let mut hasher = secret.hasher();
        self.key.key(request, &mut hasher)?;
        Ok(Tenant::new(hasher.finish_key())
            .with_cost(self.cost.cost(request))
            .with_weight(self.weight.cost(request)))
    }
}

/// Whether tenants take turns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Turning {
    /// Nobody says whose a request is.
    Never,
    /// As the set-up of the queue says.
    AsSet,
    Always,
}

/// How the tenants of one limit are told apart.
#[derive(Debug)]
pub(super) struct Telling {
    pub(super) secret: HashSecret,
    /// Whether they take turns.
    pub(super) on: bool,
    told_missing: AtomicBool,
}

impl Telling {
    pub(super) fn new(on: bool, seed: Option<u64>) -> Self {
        Self {
            secret: seed.map_or_else(HashSecret::random, HashSecret::seeded),
            on,
            told_missing: AtomicBool::new(false),
        }
    }

    /// Takes note of a key that was not there; told once. Returns how to provide it.
    pub(super) fn miss(&self, missing: &MissingKey) -> &'static str {
        if !self.told_missing.swap(true, Ordering::Relaxed) {
            tell_missing(missing);
        }
        missing.fix()
    }
}

#[cfg(feature = "tracing")]
fn tell_missing(missing: &MissingKey) {
    tracing::error!(target: "floodwall", "{missing}, for the turns of tenants; this is said once");
}

#[cfg(not(feature = "tracing"))]
const fn tell_missing(_missing: &MissingKey) {}
