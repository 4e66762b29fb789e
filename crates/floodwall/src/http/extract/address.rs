use std::fmt;
use std::hash::Hasher;
use std::net::IpAddr;

use ::http::HeaderName;
use floodwall_core::rate::KeyHasher;

use super::forwarded::{forwarded_for, node, single, walk};
use super::name::header_name;
use super::peer::{MISSING, peer};
use super::proxies::TrustedProxies;
use crate::BuildError;
use crate::extract::{KeyOf, MissingKey};
use crate::http::Head;

static X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
static FORWARDED: HeaderName = ::http::header::FORWARDED;

/// The client's address, as a key: that of the socket's peer, unless the peer is one of your
/// proxies; see [`ClientAddress::behind`].
///
/// ```
/// use floodwall::{RateLimit, http::client_address};
///
/// let quota = RateLimit::builder("10/s").key(client_address().behind(["10.0.0.0/8"])?).build()?;
/// # drop(quota);
/// # Ok::<(), floodwall::BuildError>(())
/// ```
pub fn client_address() -> ClientAddress {
    ClientAddress {
        proxies: TrustedProxies::default(),
        told_by: ToldBy::XForwardedFor,
        ipv4_prefix: 32,
        ipv6_prefix: 64,
    }
}

/// A key made of the client's address; see [`client_address`].
///
/// IPv4 counts by single address, IPv6 by the /64 that a customer usually has at least; an IPv4
/// address that is mapped into IPv6 is the same one. Without a peer address ([`PeerAddr`],
/// axum, tonic) there is no key: the layers answer 500 and say how to provide it.
///
/// [`PeerAddr`]: super::PeerAddr
#[derive(Clone)]
pub struct ClientAddress {
    proxies: TrustedProxies,
    told_by: ToldBy,
    ipv4_prefix: u8,
    ipv6_prefix: u8,
}

/// Where a trusted proxy tells the client's address.
#[derive(Clone, Debug)]
enum ToldBy {
    Forwarded,
    Header(HeaderName),
    XForwardedFor,
}

impl ClientAddress {
    /// Believes these proxies. They tell the client in `X-Forwarded-For`, unless set otherwise.
    ///
    /// The list is walked from the right, where each proxy appends whom it was called by, for as
    /// long as the hops are trusted; the first that is not is the client. Whatever a stranger wrote
    /// to the left of it counts for nothing. An entry that has no address (`unknown`, junk) ends
    /// the walk at the proxy that wrote it, which then is the client. Only one header is read: a
    /// second one would be the stranger's to fill. Nobody is trusted by default.
    ///
    /// # Errors
    ///
    /// As [`TrustedProxies::new`].
    pub fn behind<P>(mut self, proxies: P) -> Result<Self, BuildError>
    where
        P: TryInto<TrustedProxies>,
        BuildError: From<P::Error>,
    {
        self.proxies = proxies.try_into()?;
        Ok(self)
    }

    /// The proxies tell the client in `Forwarded` (RFC 7239) instead, which is walked in the same
    /// way.
    #[must_use]
    pub fn forwarded(mut self) -> Self {
        self.told_by = ToldBy::Forwarded;
        self
    }

    /// The proxies tell the client in a header of their own instead, which they overwrite and which
    /// has one address, as `CF-Connecting-IP`. If it is missing, repeated or junk, the proxy itself
    /// is the client.
    ///
    /// # Panics
    ///
    /// If `name` cannot be the name of a header.
    #[must_use]
    #[track_caller]
    pub fn header<N>(mut self, name: N) -> Self
    where
        N: TryInto<HeaderName>,
        N::Error: fmt::Display,
    {
        self.told_by = ToldBy::Header(header_name(name));
        self
    }

    /// Sets how many leading bits of an IPv4 address make the key. Default: 32.
    ///
    /// # Errors
    ///
    /// If it is not 8 to 32.
    pub fn ipv4_prefix(mut self, bits: u8) -> Result<Self, BuildError> {
        self.ipv4_prefix = checked("ipv4_prefix", bits, 8, 32)?;
        Ok(self)
    }

    /// Sets how many leading bits of an IPv6 address make the key. Default: 64; some providers give
    /// their customers a whole /56 or /48.
    ///
    /// # Errors
    ///
    /// If it is not 32 to 128.
    pub fn ipv6_prefix(mut self, bits: u8) -> Result<Self, BuildError> {
        self.ipv6_prefix = checked("ipv6_prefix", bits, 32, 128)?;
        Ok(self)
    }

    /// The whole address of the client that sent a request with this head.
    ///
    /// ```
    /// use floodwall::http::{PeerAddr, client_address};
    ///
    /// let (mut head, ()) = http::Request::new(()).into_parts();
    /// assert!(client_address().of(&head).unwrap_err().to_string().contains("PeerAddr"));
    ///
    /// head.extensions.insert(PeerAddr(([10, 0, 0, 1], 4711).into()));
    /// head.headers.insert("x-forwarded-for", "203.0.113.9, 198.51.100.7".parse().unwrap());
    /// assert_eq!(client_address().of(&head).unwrap().to_string(), "10.0.0.1");
    /// let behind = client_address().behind("10.0.0.1").unwrap();
    /// assert_eq!(behind.of(&head).unwrap().to_string(), "198.51.100.7");
    /// ```
    ///
    /// # Errors
    ///
    /// If the server does not tell the address of its peer; says how it can.
    pub fn of(&self, head: &Head) -> Result<IpAddr, MissingKey> {
        let peer = peer(head).ok_or(MISSING)?;
        if !self.proxies.contains(peer) {
            return Ok(peer);
        }
        Ok(match &self.told_by {
            ToldBy::Forwarded => walk(peer, head, &FORWARDED, &self.proxies, forwarded_for),
            ToldBy::Header(name) => single(head, name).unwrap_or(peer),
            ToldBy::XForwardedFor => walk(peer, head, &X_FORWARDED_FOR, &self.proxies, node),
        })
    }
}

impl KeyOf<Head> for ClientAddress {
    fn shown(&self, head: &Head) -> Option<String> {
        self.of(head).ok().map(|address| address.to_string())
    }

    fn key(&self, head: &Head, to: &mut KeyHasher) -> Result<(), MissingKey> {
        match self.of(head)? {
            IpAddr::V4(address) => {
                let kept = u32::MAX << (32 - u32::from(self.ipv4_prefix));
                to.write_u8(4);
                to.write_u32(address.to_bits() & kept);
            }
            IpAddr::V6(address) => {
                let kept = u128::MAX << (128 - u32::from(self.ipv6_prefix));
                to.write_u8(6);
                to.write_u128(address.to_bits() & kept);
            }
        }
        Ok(())
    }
}

fn checked(field: &'static str, bits: u8, least: u8, most: u8) -> Result<u8, BuildError> {
    if (least..=most).contains(&bits) {
        Ok(bits)
    } else {
        Err(BuildError::new(
            field,
            format!("{bits} is not {least} to {most} bits"),
        ))
    }
}

impl fmt::Debug for ClientAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("client_address()")?;
        if !self.proxies.is_empty() {
            write!(f, " behind {:?}", self.proxies)?;
        }
        if (self.ipv4_prefix, self.ipv6_prefix) != (32, 64) {
            write!(f, " by /{} and /{}", self.ipv4_prefix, self.ipv6_prefix)?;
        }
        match &self.told_by {
            ToldBy::XForwardedFor => Ok(()),
            told_by => write!(f, " told by {told_by:?}"),
        }
    }
}
