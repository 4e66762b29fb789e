use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;
use std::sync::Arc;

use ipnet::{IpNet, Ipv4Net};

use super::peer::peer;
use crate::BuildError;
use crate::http::Head;

/// The peers whose headers are believed: single addresses, and networks as `10.0.0.0/8`.
///
/// List your own proxies and nobody else; a proxy in the list must overwrite, or append to, the
/// headers that you read, or it passes on what strangers made up. Whatever takes trusted proxies
/// takes this type, an array, a slice or a `Vec` of texts, or one text with commas or blanks.
///
/// ```
/// use floodwall::http::TrustedProxies;
///
/// let proxies: TrustedProxies = "10.0.0.0/8, 2001:db8::1".parse()?;
/// assert!(proxies.contains("10.1.2.3".parse().unwrap()));
/// assert!(!proxies.contains("192.0.2.1".parse().unwrap()));
///
/// let error = TrustedProxies::new(["10.0.0.0/8", "10.0.0.300"]).unwrap_err();
/// assert!(error.to_string().contains("entry 2, \"10.0.0.300\""));
/// # Ok::<(), floodwall::BuildError>(())
/// ```
#[derive(Clone, Default)]
pub struct TrustedProxies(Arc<[IpNet]>);

impl TrustedProxies {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The proxies in a list, one entry each.
    ///
    /// # Errors
    ///
    /// If an entry is no address and no network, is a network with bits set behind its prefix, or
    /// is a network of all addresses; says which entry, and what to write.
    pub fn new<I>(entries: I) -> Result<Self, BuildError>
    where
        I: IntoIterator,
        I::Item: AsRef<str>,
    {
        let numbered = entries.into_iter().enumerate();
        numbered
            .map(|(i, entry)| {
                let entry = entry.as_ref().trim();
                network(entry).map_err(|problem| {
                    BuildError::new(FIELD, format!("entry {}, {entry:?}: {problem}", i + 1))
                })
            })
            .collect::<Result<Arc<[_]>, _>>()
            .map(Self)
    }

    /// The networks that are used inside of organisations and machines only: RFC 1918, unique local
    /// IPv6 (RFC 4193), loopback.
    ///
    /// Right if all your clients come from elsewhere through a proxy in such a network. Clients
    /// that are in such a network themselves can then claim any address.
    pub fn private() -> Self {
        Self::new([
            "10.0.0.0/8",
            "172.16.0.0/12",
            "192.168.0.0/16",
            "fc00::/7",
            "127.0.0.0/8",
            "::1",
        ])
        .expect("all of these are networks")
    }

    /// Whether `address` is one of them; an IPv4 address mapped into IPv6 is the same one.
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(&address))
    }
}

const FIELD: &str = "trusted proxies";

fn network(entry: &str) -> Result<IpNet, String> {
    let network: IpNet = if entry.contains('/') {
        entry
            .parse()
            .map_err(|_| "no network: write it as 10.0.0.0/8 or 2001:db8::/32".to_owned())?
    } else {
        let address: IpAddr = entry.parse().map_err(|_| {
            "no address and no network: write it as 10.0.0.1, 2001:db8::1 or 10.0.0.0/8".to_owned()
        })?;
        address.into()
    };
    if network.prefix_len() == 0 {
        return Err("this would trust everybody: list your own proxies".to_owned());
    }
    if network.trunc() != network {
        let wide = network.trunc();
        let one = network.addr();
        return Err(format!(
            "bits are set behind the prefix: write {wide}, or {one} for one address"
        ));
    }
    Ok(unmapped(network))
}

/// IPv4 in IPv6 (`::ffff:10.0.0.0/104`) as what it is, because peers are looked up so.
fn unmapped(network: IpNet) -> IpNet {
    if let (IpNet::V6(mapped), IpAddr::V4(address)) = (network, network.addr().to_canonical()) {
        if let Some(Ok(v4)) = mapped
            .prefix_len()
            .checked_sub(96)
            .map(|len| Ipv4Net::new(address, len))
        {
            return v4.into();
        }
    }
    network
}

/// One text, its entries apart by commas or blanks.
impl FromStr for TrustedProxies {
    type Err = BuildError;
    fn from_str(text: &str) -> Result<Self, BuildError> {
        Self::new(
            text.split([',', ' ', '\t', '\n', '\r'])
                .filter(|entry| !entry.is_empty()),
        )
    }
}

impl TryFrom<&str> for TrustedProxies {
    type Error = BuildError;
    fn try_from(text: &str) -> Result<Self, BuildError> {
        text.parse()
    }
}

impl<S: AsRef<str>, const N: usize> TryFrom<[S; N]> for TrustedProxies {
    type Error = BuildError;
    fn try_from(entries: [S; N]) -> Result<Self, BuildError> {
        Self::new(entries)
    }
}

impl<S: AsRef<str>> TryFrom<&[S]> for TrustedProxies {
    type Error = BuildError;
    fn try_from(entries: &[S]) -> Result<Self, BuildError> {
        Self::new(entries)
    }
}

impl<S: AsRef<str>> TryFrom<Vec<S>> for TrustedProxies {
    type Error = BuildError;
    fn try_from(entries: Vec<S>) -> Result<Self, BuildError> {
        Self::new(entries)
    }
}

impl From<&Self> for TrustedProxies {
    fn from(proxies: &Self) -> Self {
        proxies.clone()
    }
}

impl fmt::Debug for TrustedProxies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set()
            .entries(
                self.0
                    .iter()
                    .map(|network| format_args!("{network}").to_string()),
            )
            .finish()
    }
}

/// Whose word is taken.
#[derive(Clone, Default)]
pub(in crate::http) enum Trust {
    #[default]
    Nobody,
    Listed(TrustedProxies),
    Everyone,
}

impl Trust {
    pub(in crate::http) fn covers(&self, head: &Head) -> bool {
        match self {
            Self::Nobody => false,
            Self::Listed(proxies) => peer(head).is_some_and(|peer| proxies.contains(peer)),
            Self::Everyone => true,
        }
    }
}

impl fmt::Debug for Trust {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nobody => f.write_str("from nobody"),
            Self::Listed(proxies) => write!(f, "from {proxies:?} only"),
            Self::Everyone => f.write_str("from everyone"),
        }
    }
}
