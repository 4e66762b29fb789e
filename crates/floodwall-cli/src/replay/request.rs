//! From a row of a log to a request as a server would have seen it.

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    net::{IpAddr, Ipv6Addr, SocketAddr},
    sync::Arc,
};

use floodwall::http::PeerAddr;
use http::{HeaderName, HeaderValue, Method, Request, Uri};

use super::log::Row;

/// What the log called the client.
#[derive(Clone, Debug)]
pub(super) struct Client(pub(super) Arc<str>);

/// The request of a row. That its parts can be parsed was seen when the log was read.
pub(super) fn of(row: &Row) -> Request<()> {
    let mut request = Request::new(());
    *request.method_mut() = row.method.parse().unwrap_or(Method::GET);
    *request.uri_mut() = row.target.parse().unwrap_or_else(|_| Uri::from_static("/"));
    for (name, value) in row.headers.iter() {
        if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), HeaderValue::from_str(value)) {
            request.headers_mut().append(name, value);
        }
    }
    let peer = SocketAddr::new(address(&row.client), 0);
    request.extensions_mut().insert(PeerAddr(peer));
    request
        .extensions_mut()
        .insert(Client(Arc::clone(&row.client)));
    request
}

/// The address, or one of its own for a name: a private one, whose first 64 bits tell it apart as
/// quotas by address do.
fn address(client: &str) -> IpAddr {
    if let Ok(address) = client.parse() {
        return address;
    }
    let mut hasher = DefaultHasher::new();
    client.hash(&mut hasher);
    let network = 0xfd00_0000_0000_0000 | (hasher.finish() >> 8);
    Ipv6Addr::from_bits(u128::from(network) << 64 | 1).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_addresses_that_differ_where_quotas_look() {
        let network = |name| match address(name) {
            IpAddr::V6(address) => address.to_bits() >> 64,
            IpAddr::V4(_) => 0,
        };
        assert_ne!(network("a"), network("b"));
        assert_eq!(network("a"), network("a"));
        assert_eq!(network("a") >> 56, 0xfd);
        assert_eq!(address("192.0.2.1").to_string(), "192.0.2.1");
    }
}
