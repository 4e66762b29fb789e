use std::fmt;
use std::fmt::Display;
use std::hash::{Hash, Hasher};

use ::http::HeaderName;
use floodwall_core::Priority;
use floodwall_core::rate::KeyHasher;

use super::name::header_name;
use super::priority::PriorityHeader;
use super::proxies::TrustedProxies;
use crate::BuildError;
use crate::extract::{KeyOf, MissingKey, PriorityOf};
use crate::http::Head;

/// A header: its value as a key, or as a priority.
///
/// ```
/// use floodwall::{ConcurrencyLimit, RateLimit};
/// use floodwall::http::{client_address, header};
///
/// let quota = RateLimit::builder("10/s").key(header("x-api-key").or(client_address())).build()?;
/// let limit = ConcurrencyLimit::builder(64)
///     .priority(header("x-priority").trusted(["10.0.0.0/8"])?)
///     .build()?;
/// # drop((quota, limit));
/// # Ok::<(), floodwall::BuildError>(())
/// ```
///
/// # Panics
///
/// If `name` cannot be the name of a header.
#[track_caller]
pub fn header<N>(name: N) -> Header
where
    N: TryInto<HeaderName>,
    N::Error: Display,
{
    Header {
        name: header_name(name),
    }
}

/// See [`header`].
///
/// As a key it is the value of the first line with that name, which is the one that nearly all code
/// reads; a second line cannot make another key of it. All requests that have no such line share
/// one key, which differs from that of an empty value; see [`Header::or`].
///
/// The sender chooses the value, and every value comes with a fresh quota: use it as a key behind
/// what checks it (authentication further out), or let something take unknown values away before,
/// as the example `axum_api_keys` does.
///
/// As a priority it reads 0 (most urgent) to 7, or `critical`, `high`, `normal`, `low`,
/// `background`, and can only lower until somebody is [trusted](Header::trusted); see
/// [`PriorityHeader`].
#[derive(Clone)]
pub struct Header {
    name: HeaderName,
}

impl Header {
    /// As a key: goes by another key where the header is missing.
    #[must_use]
    pub fn or<K>(self, other: K) -> HeaderOr<K> {
        HeaderOr {
            header: self,
            other,
        }
    }

    /// As a priority: takes the word of these peers; see [`PriorityHeader::trusted`].
    ///
    /// # Errors
    ///
    /// As [`TrustedProxies::new`].
    pub fn trusted<P>(self, proxies: P) -> Result<PriorityHeader, BuildError>
    where
        P: TryInto<TrustedProxies>,
        BuildError: From<P::Error>,
    {
        self.priority().trusted(proxies)
    }

    /// As a priority: takes everybody's word; see [`PriorityHeader::trusting_everyone`].
    #[must_use]
    pub fn trusting_everyone(self) -> PriorityHeader {
        self.priority().trusting_everyone()
    }

    /// As a priority: sets what a request has whose header says nothing; see
    /// [`PriorityHeader::otherwise`].
    #[must_use]
    pub fn otherwise(self, priority: Priority) -> PriorityHeader {
        self.priority().otherwise(priority)
    }

    fn priority(self) -> PriorityHeader {
        PriorityHeader::plain(self.name)
    }

    fn feed(&self, head: &Head, to: &mut KeyHasher) -> bool {
        let value = head.headers.get(&self.name);
        if let Some(value) = value {
            to.write_u8(1);
            value.as_bytes().hash(to);
        }
        value.is_some()
    }
}

impl KeyOf<Head> for Header {
    fn shown(&self, head: &Head) -> Option<String> {
        let value = head.headers.get(&self.name)?;
        Some(String::from_utf8_lossy(value.as_bytes()).into_owned())
    }

    fn key(&self, head: &Head, to: &mut KeyHasher) -> Result<(), MissingKey> {
        if !self.feed(head, to) {
            to.write_u8(0);
        }
        Ok(())
    }
}

impl PriorityOf<Head> for Header {
    fn priority(&self, head: &Head) -> Priority {
        super::priority::untrusted(&self.name, head)
    }
}

/// A key made of a header, and of something else where it is missing; see [`Header::or`].
#[derive(Clone, Debug)]
pub struct HeaderOr<K> {
    header: Header,
    other: K,
}

impl<K: KeyOf<Head>> KeyOf<Head> for HeaderOr<K> {
    fn key(&self, head: &Head, to: &mut KeyHasher) -> Result<(), MissingKey> {
        if self.header.feed(head, to) {
            return Ok(());
        }
        to.write_u8(0);
        self.other.key(head, to)
    }
}

impl fmt::Debug for Header {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "header({:?})", self.name.as_str())
    }
}
