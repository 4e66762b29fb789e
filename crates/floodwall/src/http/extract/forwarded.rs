use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ::http::HeaderName;

use super::proxies::TrustedProxies;
use super::quoted::{parts, parts_from_right, split_once, trim, unquote};
use crate::http::Head;

/// More proxies in a row than anybody has; bounds the work that a long header can cause.
const MAX_HOPS: usize = 32;

/// The client in a list to which every proxy appends the address that it was called from.
///
/// `hop` reads one entry. Walks from the right, from the socket's peer on, for as long as the hops
/// are trusted; the first that is not is the client. Left of it is what strangers wrote. An entry
/// without an address ends the walk at the hop that wrote it.
pub(super) fn walk(
    peer: IpAddr,
    head: &Head,
    name: &HeaderName,
    proxies: &TrustedProxies,
    hop: fn(&[u8]) -> Option<IpAddr>,
) -> IpAddr {
    let lines = head.headers.get_all(name).iter().rev();
    let entries = lines.flat_map(|line| parts_from_right(line.as_bytes(), b','));
    let mut known = peer;
    for entry in entries.take(MAX_HOPS) {
        let Some(address) = hop(entry) else { break };
        known = address;
        if !proxies.contains(address) {
            break;
        }
    }
    known
}

/// The address in a header that the proxy overwrites; none if it is there twice.
pub(super) fn single(head: &Head, name: &HeaderName) -> Option<IpAddr> {
    let mut lines = head.headers.get_all(name).iter();
    let line = lines.next()?;
    if lines.next().is_some() {
        None
    } else {
        node(line.as_bytes().trim_ascii())
    }
}

/// The `for` of one element of `Forwarded` (RFC 7239 section 4).
pub(super) fn forwarded_for(element: &[u8]) -> Option<IpAddr> {
    if element.contains(&b'\\') {
        return None;
    }
    let mut found = None;
    for pair in parts(element, b';') {
        let (name, value) = split_once(pair, b'=')?;
        if trim(name).eq_ignore_ascii_case(b"for") {
            if found.is_some() {
                return None;
            }
            found = Some(node(trim(value))?);
        }
    }
    found
}

/// An address as proxies write it: alone, with a port, in brackets, in quotes, with a zone.
///
/// `unknown` and obfuscated identifiers (RFC 7239 section 6) are none.
pub(super) fn node(entry: &[u8]) -> Option<IpAddr> {
    let entry = std::str::from_utf8(unquote(entry)).ok()?;
    let address = if let Some(bracketed) = entry.strip_prefix('[') {
        let (address, port) = bracketed.split_once(']')?;
        if !(port.is_empty() || port.strip_prefix(':').is_some_and(is_port)) {
            return None;
        }
        IpAddr::V6(v6(address)?)
    } else {
        match entry.split_once(':') {
            None => IpAddr::V4(entry.parse().ok()?),
            Some((address, port)) if is_port(port) && address.contains('.') => {
                IpAddr::V4(address.parse::<Ipv4Addr>().ok()?)
            }
            Some(_) => IpAddr::V6(v6(entry)?),
        }
    };
    let address = address.to_canonical();
    // Nobody calls from there.
    (!address.is_unspecified()).then_some(address)
}

/// The zone (`%eth0`) means something on the host that wrote it only.
fn v6(address: &str) -> Option<Ipv6Addr> {
    let address = address
        .split_once('%')
        .map_or(address, |(address, _zone)| address);
    address.parse().ok()
}

/// A port, or an obfuscated one.
fn is_port(port: &str) -> bool {
    let obfuscated = || {
        port.strip_prefix('_').is_some_and(|rest| {
            rest.bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
        })
    };
    (matches!(port.len(), 1..=5) && port.bytes().all(|b| b.is_ascii_digit())) || obfuscated()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(address: &str) -> Option<IpAddr> {
        Some(address.parse().unwrap())
    }

    #[test]
    fn addresses_are_read_in_all_their_spellings() {
        for (entry, address) in [
            ("192.0.2.1", ip("192.0.2.1")),
            ("192.0.2.1:80", ip("192.0.2.1")),
            ("\"192.0.2.1:80\"", ip("192.0.2.1")),
            ("192.0.2.1:_port", ip("192.0.2.1")),
            ("2001:db8::1", ip("2001:db8::1")),
            ("[2001:db8::1]", ip("2001:db8::1")),
            ("[2001:db8::1]:443", ip("2001:db8::1")),
            ("\"[2001:db8::1]:443\"", ip("2001:db8::1")),
            ("[2001:db8::1]:_x", ip("2001:db8::1")),
            ("fe80::1%eth0", ip("fe80::1")),
            ("[fe80::1%25eth0]:1", ip("fe80::1")),
            ("::ffff:192.0.2.1", ip("192.0.2.1")),
            ("[::ffff:192.0.2.1]:5", ip("192.0.2.1")),
            ("unknown", None),
            ("_hidden", None),
            ("_SEVKISEK", None),
            ("", None),
            ("\"", None),
            ("\"\"", None),
            ("192.0.2.1:", None),
            ("192.0.2.1:123456", None),
            ("192.0.2.1:80:80", None),
            ("192.0.2", None),
            ("192.0.2.01", None),
            ("192.0.2.1.1", None),
            ("3221225985", None),
            ("0xC0000201", None),
            ("[192.0.2.1]", None),
            ("[2001:db8::1", None),
            ("[2001:db8::1]443", None),
            ("2001:db8::1]", None),
            ("2001:db8::g", None),
            ("0.0.0.0", None),
            ("::", None),
            ("192.0.2.1 ", None),
            ("localhost", None),
            ("\u{661}92.0.2.1", None),
        ] {
            assert_eq!(node(entry.as_bytes()), address, "{entry:?}");
        }
        assert_eq!(node(b"\xff\xfe"), None);
    }

    #[test]
    fn forwarded_elements_have_one_for() {
        for (element, address) in [
            ("for=192.0.2.1", ip("192.0.2.1")),
            ("For=\"[2001:db8::1]:4711\"", ip("2001:db8::1")),
            ("proto=https;for=192.0.2.1;by=203.0.113.43", ip("192.0.2.1")),
            ("host=\"a;for=192.0.2.9\";for=192.0.2.1", ip("192.0.2.1")),
            ("for=192.0.2.1;for=192.0.2.2", None),
            ("by=192.0.2.1", None),
            ("for", None),
            ("for=", None),
            ("192.0.2.1", None),
            ("for=unknown", None),
            ("for=\"_gazonk\"", None),
            ("for=192.0.2.1;host=\"a\\\"b\"", None),
        ] {
            assert_eq!(forwarded_for(element.as_bytes()), address, "{element:?}");
        }
    }
}
