use std::any::type_name;
use std::fmt;
use std::hash::Hash;
use std::marker::PhantomData;

use floodwall_core::Priority;
use floodwall_core::rate::KeyHasher;
use tokio::time::Instant;

use super::Deadline;
use crate::extract::{DeadlineOf, KeyOf, MissingKey, PriorityOf};
use crate::http::Head;
use crate::{Now, QueueLatency};

/// A value of type `T` among the extensions of the request, put there by a layer further out: as a
/// key, as a priority (`T` is [`Priority`]), or as a deadline (`T` is [`Deadline`] or
/// [`QueueLatency`]).
///
/// ```
/// use floodwall::{ConcurrencyLimit, Priority, RateLimit, http::extension};
///
/// #[derive(Clone, Hash)]
/// struct Tenant(u64);
///
/// let quota = RateLimit::builder("10/s").key(extension::<Tenant>()).build()?;
/// let limit = ConcurrencyLimit::builder(64).priority(extension::<Priority>()).build()?;
/// # drop((quota, limit));
/// # Ok::<(), floodwall::BuildError>(())
/// ```
pub const fn extension<T>() -> Extension<T> {
    Extension(PhantomData)
}

/// See [`extension`].
///
/// As a key it must be there: a request without it is answered with 500 and the fix. As a priority
/// it is [`Priority::NORMAL`] where it is missing; as a deadline there is none.
pub struct Extension<T>(PhantomData<fn() -> T>);

impl<T: Hash + Clone + Send + Sync + 'static> KeyOf<Head> for Extension<T> {
    fn key(&self, head: &Head, to: &mut KeyHasher) -> Result<(), MissingKey> {
        let fix = "insert it into the extensions of each request, in a layer outside of this one";
        let value = head.extensions.get::<T>();
        value
            .ok_or_else(|| MissingKey::new(type_name::<T>(), fix))?
            .hash(to);
        Ok(())
    }
}

impl PriorityOf<Head> for Extension<Priority> {
    fn priority(&self, head: &Head) -> Priority {
        head.extensions.get().copied().unwrap_or_default()
    }
}

impl DeadlineOf<Head> for Extension<Deadline> {
    fn deadline(&self, head: &Head, _now: &Now) -> Option<Instant> {
        head.extensions.get().map(|Deadline(at)| *at)
    }
}

impl DeadlineOf<Head> for Extension<QueueLatency> {
    fn deadline(&self, head: &Head, _now: &Now) -> Option<Instant> {
        head.extensions.get::<QueueLatency>()?.deadline()
    }
}

// By hand, because a derive would ask the same of `T`, of which no value is here.
impl<T> Clone for Extension<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Extension<T> {}

impl<T> fmt::Debug for Extension<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Extension<{}>", type_name::<T>())
    }
}
