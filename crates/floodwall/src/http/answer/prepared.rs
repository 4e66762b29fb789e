//! Headers of refusals that are put together once: to copy them takes a part of what it takes to
//! hash and insert them one by one.

use std::sync::LazyLock;

use ::http::header::{CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER};
use ::http::{HeaderMap, HeaderName, HeaderValue};

use super::fields::{POLICY, RATELIMIT};

const JSON: &str = "application/problem+json";
const TEXT: &str = "text/plain; charset=utf-8";

/// For ours and for what the server adds, so that they are not hashed again.
const ROOM: usize = 9;

/// axum adds this one. A copy has no room for more than was copied, and to make room doubles it, beyond
/// what allocators hand out quickly; so one is copied that makes room by its leave.
const SPARE: HeaderName = CONTENT_LENGTH;

/// Without quotas.
pub(super) static PLAIN: LazyLock<Prepared> = LazyLock::new(|| Prepared::new(&[]));

/// All headers of a kind of refusal, with places for what differs from one to the next.
pub(super) struct Prepared {
    headers: HeaderMap,
    /// Whether values come in the order in which they were inserted. They do, but `http` does not
    /// promise it.
    in_order: bool,
}

impl Prepared {
    fn new(more: &[(&HeaderName, HeaderValue)]) -> Self {
        let first = [
            (&CONTENT_TYPE, HeaderValue::from_static(JSON)),
            (&CACHE_CONTROL, HeaderValue::from_static("no-store")),
            (&RETRY_AFTER, HeaderValue::from_static("")),
        ];
        let all = || first.iter().chain(more);
        let mut headers = HeaderMap::with_capacity(ROOM);
        for (name, value) in all() {
            headers.insert(*name, value.clone());
        }
        let in_order = headers.keys().eq(all().map(|(name, _)| *name));
        headers.insert(SPARE, HeaderValue::from_static(""));
        Self { headers, in_order }
    }

    pub(super) fn with_quotas(policy: HeaderValue) -> Self {
        Self::new(&[
            (&POLICY, policy),
            (&RATELIMIT, HeaderValue::from_static("")),
        ])
    }

    /// A copy for one refusal; a `limit` is for those with quotas.
    pub(super) fn copy(
        &self,
        json: bool,
        retry_after: Option<HeaderValue>,
        limit: Option<HeaderValue>,
    ) -> HeaderMap {
        let mut headers = self.headers.clone();
        headers.remove(SPARE);
        if self.in_order && json && retry_after.is_some() {
            let mut places = headers.values_mut();
            if let (Some(value), Some(place)) = (retry_after, places.nth(2)) {
                *place = value;
            }
            if let (Some(value), Some(place)) = (limit, places.nth(1)) {
                *place = value;
            }
            return headers;
        }
        if !json {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(TEXT));
        }
        match retry_after {
            Some(value) => headers.insert(RETRY_AFTER, value),
            None => headers.remove(RETRY_AFTER),
        };
        if let Some(value) = limit {
            headers.insert(&RATELIMIT, value);
        }
        headers
    }
}
