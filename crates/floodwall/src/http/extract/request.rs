use std::hash::Hash;

use floodwall_core::rate::KeyHasher;
use std::fmt;

use crate::extract::{KeyOf, MissingKey};
use crate::http::Head;

/// The path of the request, as a key.
///
/// Strangers choose it, and there is no end of paths; combine it with something that they do not
/// choose, or use [`route`](super::route), which has as many keys as there are routes.
///
/// ```
/// use floodwall::{RateLimit, http::{by_method, by_path, client_address}};
///
/// let quota = RateLimit::builder("10/s").key((client_address(), by_method(), by_path())).build()?;
/// # drop(quota);
/// # Ok::<(), floodwall::BuildError>(())
/// ```
pub const fn by_path() -> ByPath {
    ByPath(())
}

/// The method of the request, as a key.
pub const fn by_method() -> ByMethod {
    ByMethod(())
}

/// See [`by_path`].
#[derive(Clone, Copy)]
pub struct ByPath(());

/// See [`by_method`].
#[derive(Clone, Copy)]
pub struct ByMethod(());

impl KeyOf<Head> for ByPath {
    fn shown(&self, head: &Head) -> Option<String> {
        Some(head.uri.path().to_owned())
    }

    fn key(&self, head: &Head, to: &mut KeyHasher) -> Result<(), MissingKey> {
        head.uri.path().hash(to);
        Ok(())
    }
}

impl KeyOf<Head> for ByMethod {
    fn shown(&self, head: &Head) -> Option<String> {
        Some(head.method.to_string())
    }

    fn key(&self, head: &Head, to: &mut KeyHasher) -> Result<(), MissingKey> {
        head.method.as_str().hash(to);
        Ok(())
    }
}

impl fmt::Debug for ByPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("by_path()")
    }
}

impl fmt::Debug for ByMethod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("by_method()")
    }
}
