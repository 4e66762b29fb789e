use std::sync::Arc;

use floodwall_core::Priority;
use floodwall_core::rate::{HashSecret, KeyHasher};
use tokio::time::Instant;

use crate::Now;
use crate::admission::Matches;
use crate::concurrency::{Tenant, TenantOf};
use crate::extract::{DeadlineOf, KeyOf, MissingKey, PriorityOf};
use crate::http::Head;

/// A request as the policies of a stack see it: what several of them want was read once.
#[derive(Debug)]
pub(super) struct Asked<'a> {
    pub(super) head: &'a Head,
    pub(super) priority: Priority,
    pub(super) deadline: Option<Instant>,
    pub(super) retry: bool,
}

/// Reads what was read already.
#[derive(Clone, Copy, Debug)]
pub(super) struct Known;

impl PriorityOf<Asked<'_>> for Known {
    fn priority(&self, asked: &Asked<'_>) -> Priority {
        asked.priority
    }
}

impl DeadlineOf<Asked<'_>> for Known {
    fn deadline(&self, asked: &Asked<'_>, _now: &Now) -> Option<Instant> {
        asked.deadline
    }
}

impl Matches<Asked<'_>> for Known {
    fn matches(&self, asked: &Asked<'_>) -> bool {
        asked.retry
    }
}

/// A key whose kind is chosen at run time.
#[derive(Clone)]
pub(super) struct AnyKey(pub(super) Arc<dyn KeyOf<Head> + Send + Sync>);

impl KeyOf<Asked<'_>> for AnyKey {
    fn key(&self, asked: &Asked<'_>, to: &mut KeyHasher) -> Result<(), MissingKey> {
        self.0.key(asked.head, to)
    }
}

/// Who takes turns in the queue, if anybody does.
#[derive(Clone, Debug)]
pub(super) struct Turns(pub(super) Option<AnyKey>);

impl TenantOf<Asked<'_>> for Turns {
    fn tenant(&self, asked: &Asked<'_>, secret: &HashSecret) -> Result<Tenant, MissingKey> {
        let Some(key) = &self.0 else {
            return Ok(Tenant::NOBODY);
        };
        let mut hasher = secret.hasher();
        key.key(asked, &mut hasher)?;
        Ok(Tenant::new(hasher.finish_key()))
    }
}

impl std::fmt::Debug for AnyKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("AnyKey")
    }
}
