use std::net::{IpAddr, SocketAddr};

use crate::extract::MissingKey;
use crate::http::Head;

/// Who is at the other end of the connection: an extension that the server puts on a request.
///
/// It is for servers that floodwall does not know. With the feature `axum` the address that axum's
/// `ConnectInfo<SocketAddr>`, or `ConnectInfo<AcceptInfo>`, carries is read, with the feature `tonic` that of tonic's
/// `TcpConnectInfo`; a `PeerAddr` comes before both.
///
/// ```
/// use floodwall::http::PeerAddr;
///
/// # let peer = std::net::SocketAddr::from(([192, 0, 2, 1], 4711));
/// // `peer` is what `accept` returned beside the connection.
/// let mut request = http::Request::new(());
/// request.extensions_mut().insert(PeerAddr(peer));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PeerAddr(pub SocketAddr);

/// The address of the socket's peer; an IPv4 address that is mapped into IPv6 is the same one.
pub(super) fn peer(head: &Head) -> Option<IpAddr> {
    let ours = head
        .extensions
        .get::<PeerAddr>()
        .map(|PeerAddr(peer)| *peer);
    ours.or_else(|| axum(head))
        .or_else(|| tonic(head))
        .map(|peer| peer.ip().to_canonical())
}

pub(super) const MISSING: MissingKey = MissingKey::new(
    "the client's address",
    concat!(
        "with axum, serve `app.into_make_service_with_connect_info::<SocketAddr>()` and enable ",
        "floodwall's feature `axum`; with tonic, enable the feature `tonic`; with any other server, ",
        "insert `floodwall::http::PeerAddr` into the extensions of each request",
    ),
);

#[cfg(feature = "axum")]
fn axum(head: &Head) -> Option<SocketAddr> {
    use ::axum::extract::ConnectInfo;
    use ::axum::extract::connect_info::MockConnectInfo;

    use crate::http::AcceptInfo;

    let real = head
        .extensions
        .get::<ConnectInfo<SocketAddr>>()
        .map(|ConnectInfo(peer)| *peer);
    let real = real.or_else(|| {
        let accepted = head.extensions.get::<ConnectInfo<AcceptInfo>>();
        accepted.map(|ConnectInfo(info)| info.peer())
    });
    // What axum's own extractor falls back to, in tests of applications.
    real.or_else(|| {
        head.extensions
            .get::<MockConnectInfo<SocketAddr>>()
            .map(|mock| mock.0)
    })
}

#[cfg(not(feature = "axum"))]
const fn axum(_head: &Head) -> Option<SocketAddr> {
    None
}

#[cfg(feature = "tonic")]
fn tonic(head: &Head) -> Option<SocketAddr> {
    head.extensions
        .get::<::tonic::transport::server::TcpConnectInfo>()?
        .remote_addr()
}

#[cfg(not(feature = "tonic"))]
const fn tonic(_head: &Head) -> Option<SocketAddr> {
    None
}
