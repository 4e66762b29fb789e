//! Whose address counts: the client's, and never one that a stranger made up.
#![cfg(feature = "http")]

use std::collections::HashSet;
use std::hash::Hasher;
use std::net::IpAddr;

use floodwall::extract::KeyOf;
use floodwall::http::{ClientAddress, Head, PeerAddr, TrustedProxies, client_address};
use floodwall_core::rate::HashSecret;
use http::{HeaderName, HeaderValue, Request};
use proptest::prelude::*;

const XFF: &str = "x-forwarded-for";

fn head(peer: Option<&str>, lines: &[(&str, &str)]) -> Head {
    let (mut head, ()) = Request::new(()).into_parts();
    if let Some(peer) = peer {
        let peer: IpAddr = peer.parse().unwrap();
        head.extensions.insert(PeerAddr((peer, 4711).into()));
    }
    for (name, value) in lines {
        let name: HeaderName = name.parse().unwrap();
        head.headers
            .append(name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
    }
    head
}

fn of(address: &ClientAddress, peer: &str, lines: &[(&str, &str)]) -> String {
    address.of(&head(Some(peer), lines)).unwrap().to_string()
}

fn key(address: &ClientAddress, peer: &str) -> u64 {
    let mut hasher = HashSecret::seeded(1).hasher();
    address.key(&head(Some(peer), &[]), &mut hasher).unwrap();
    hasher.finish()
}

fn behind() -> ClientAddress {
    client_address()
        .behind(["10.0.0.0/8", "2001:db8:ffff::/48"])
        .unwrap()
}

#[test]
fn without_a_peer_there_is_no_key_but_the_fix() {
    let lines = [(XFF, "198.51.100.7")];
    for address in [
        client_address(),
        behind(),
        behind().header("cf-connecting-ip"),
    ] {
        let missing = address.of(&head(None, &lines)).unwrap_err();
        assert_eq!(missing.what(), "the client's address");
        assert!(
            missing
                .fix()
                .contains("into_make_service_with_connect_info::<SocketAddr>()")
        );
        assert!(missing.fix().contains("floodwall::http::PeerAddr"));
        let mut hasher = HashSecret::seeded(1).hasher();
        assert!(address.key(&head(None, &lines), &mut hasher).is_err());
    }
}

#[test]
fn nobody_is_trusted_by_default() {
    let lines = [
        (XFF, "1.1.1.1"),
        ("forwarded", "for=1.1.1.1"),
        ("x-real-ip", "1.1.1.1"),
    ];
    for address in [
        client_address(),
        client_address().forwarded(),
        client_address().header(XFF),
    ] {
        assert_eq!(of(&address, "10.0.0.1", &lines), "10.0.0.1");
    }
}

#[test]
fn behind_a_trusted_proxy_the_hop_on_the_right_is_the_client() {
    for (lines, client) in [
        (&["198.51.100.7"][..], "198.51.100.7"),
        (&["1.1.1.1, 198.51.100.7"], "198.51.100.7"),
        (&["1.1.1.1", "198.51.100.7"], "198.51.100.7"),
        (
            &["1.1.1.1, 2.2.2.2", "3.3.3.3, 198.51.100.7"],
            "198.51.100.7",
        ),
        (&["198.51.100.7, 10.9.9.9"], "198.51.100.7"),
        (
            &["1.1.1.1, 198.51.100.7, 10.9.9.9, 10.8.8.8"],
            "198.51.100.7",
        ),
        (&["198.51.100.7", "10.9.9.9"], "198.51.100.7"),
        (&["198.51.100.7, 2001:db8:ffff::2"], "198.51.100.7"),
        (&["198.51.100.7:4711"], "198.51.100.7"),
        (&["::ffff:198.51.100.7"], "198.51.100.7"),
        (&["[2001:db8::9]:80"], "2001:db8::9"),
        (&["1.1.1.1,198.51.100.7,"], "198.51.100.7"),
        (&["1.1.1.1 ,, 198.51.100.7 , "], "198.51.100.7"),
        // All are proxies of ours: the one that is furthest out called.
        (&["10.1.1.1, 10.2.2.2"], "10.1.1.1"),
        // The proxy does not say whom it was called by: it is the client itself.
        (&[], "10.0.0.1"),
        (&[""], "10.0.0.1"),
        (&["1.1.1.1, unknown"], "10.0.0.1"),
        (&["1.1.1.1, junk"], "10.0.0.1"),
        (&["1.1.1.1, _hidden"], "10.0.0.1"),
        (&["1.1.1.1, junk, 10.9.9.9"], "10.9.9.9"),
        (&["1.1.1.1, \u{fc}"], "10.0.0.1"),
        (&["\"1.1.1.1, 198.51.100.7"], "198.51.100.7"),
    ] {
        let lines: Vec<_> = lines.iter().map(|line| (XFF, *line)).collect();
        assert_eq!(of(&behind(), "10.0.0.1", &lines), client, "{lines:?}");
        assert_eq!(
            of(&behind(), "::ffff:10.0.0.1", &lines),
            client,
            "{lines:?}, mapped"
        );
        assert_eq!(
            of(&behind(), "203.0.113.5", &lines),
            "203.0.113.5",
            "{lines:?}, not trusted"
        );
    }
}

#[test]
fn forwarded_is_walked_in_the_same_way() {
    for (lines, client) in [
        (&["for=198.51.100.7"][..], "198.51.100.7"),
        (
            &["for=1.1.1.1, for=198.51.100.7;proto=https"],
            "198.51.100.7",
        ),
        (
            &["for=1.1.1.1", "By=10.0.0.2;For=\"[2001:db8::9]:4711\""],
            "2001:db8::9",
        ),
        (&["for=198.51.100.7, for=10.9.9.9"], "198.51.100.7"),
        (&["for=1.1.1.1, for=unknown"], "10.0.0.1"),
        (&["for=1.1.1.1, for=_x"], "10.0.0.1"),
        (&["for=1.1.1.1, proto=https"], "10.0.0.1"),
        (&["for=1.1.1.1, 198.51.100.7"], "10.0.0.1"),
        // What a stranger leaves open cannot swallow what the proxy appends.
        (&["for=\"1.1.1.1, for=198.51.100.7"], "198.51.100.7"),
        (&["for=\"\\, for=\"[2001:db8::9]\""], "2001:db8::9"),
        (
            &["for=1.1.1.1, for=\"198.51.100.7;for=1.1.1.1\""],
            "10.0.0.1",
        ),
    ] {
        let lines: Vec<_> = lines.iter().map(|line| ("forwarded", *line)).collect();
        assert_eq!(
            of(&behind().forwarded(), "10.0.0.1", &lines),
            client,
            "{lines:?}"
        );
    }
}

#[test]
fn only_the_one_header_that_was_chosen_is_read() {
    let lines = [
        (XFF, "1.1.1.1"),
        ("forwarded", "for=2.2.2.2"),
        ("cf-connecting-ip", "3.3.3.3"),
        ("x-real-ip", "4.4.4.4"),
    ];
    assert_eq!(of(&behind(), "10.0.0.1", &lines), "1.1.1.1");
    assert_eq!(of(&behind().forwarded(), "10.0.0.1", &lines), "2.2.2.2");
    assert_eq!(
        of(&behind().header("CF-Connecting-IP"), "10.0.0.1", &lines),
        "3.3.3.3"
    );
}

#[test]
fn a_header_of_the_edge_counts_if_it_is_there_once_and_is_an_address() {
    let edge = behind().header("CF-Connecting-IP");
    for (lines, client) in [
        (&["198.51.100.7"][..], "198.51.100.7"),
        (&["2001:db8::9"], "2001:db8::9"),
        (&[], "10.0.0.1"),
        (&["junk"], "10.0.0.1"),
        (&["1.1.1.1, 198.51.100.7"], "10.0.0.1"),
        (&["1.1.1.1", "198.51.100.7"], "10.0.0.1"),
    ] {
        let lines: Vec<_> = lines
            .iter()
            .map(|line| ("cf-connecting-ip", *line))
            .collect();
        assert_eq!(of(&edge, "10.0.0.1", &lines), client, "{lines:?}");
    }
}

/// everruns#2643 and many others: a random leftmost entry in each request is a new client each time.
#[test]
fn everruns_2643_a_hundred_thousand_made_up_addresses_are_one_client() {
    let mut random = fastrand::Rng::with_seed(9);
    let mut clients = HashSet::new();
    for i in 0..100_000_u32 {
        let made_up = format!(
            "{}.{}.{}.{}",
            random.u8(1..),
            random.u8(..),
            random.u8(..),
            i % 250 + 1
        );
        let lines = match i % 6 {
            0 => vec![(XFF, made_up.clone())],
            1 => vec![
                (XFF, format!("{made_up}, 192.0.2.9")),
                (XFF, made_up.clone()),
            ],
            2 => vec![("forwarded", format!("for={made_up}"))],
            3 => vec![("x-real-ip", made_up.clone())],
            4 => vec![(XFF, format!("::ffff:{made_up}"))],
            _ => vec![
                (XFF, format!("{made_up}:80, \"junk")),
                ("forwarded", made_up.clone()),
            ],
        };
        let direct: Vec<_> = lines.iter().map(|(n, v)| (*n, v.as_str())).collect();
        clients.insert(of(&behind(), "203.0.113.5", &direct));

        // The same through a proxy of ours, which appends the true address.
        let mut lines = direct.clone();
        lines.push((XFF, "203.0.113.5"));
        clients.insert(of(&behind(), "10.0.0.1", &lines));
    }
    assert_eq!(clients, HashSet::from(["203.0.113.5".to_owned()]));
}

#[test]
fn ipv6_counts_by_the_network_of_a_customer_and_ipv4_by_the_address() {
    let address = client_address();
    assert_eq!(
        key(&address, "2001:db8:0:1::1"),
        key(&address, "2001:db8:0:1:ffff::")
    );
    assert_ne!(
        key(&address, "2001:db8:0:1::1"),
        key(&address, "2001:db8:0:2::1")
    );
    assert_ne!(key(&address, "192.0.2.1"), key(&address, "192.0.2.2"));
    assert_eq!(
        key(&address, "192.0.2.1"),
        key(&address, "::ffff:192.0.2.1")
    );
    assert_ne!(key(&address, "0.0.0.1"), key(&address, "::1"));

    let wide = client_address()
        .ipv6_prefix(48)
        .unwrap()
        .ipv4_prefix(24)
        .unwrap();
    assert_eq!(key(&wide, "2001:db8:0:1::1"), key(&wide, "2001:db8:0:2::1"));
    assert_eq!(key(&wide, "192.0.2.1"), key(&wide, "192.0.2.2"));
    assert_ne!(key(&wide, "192.0.2.1"), key(&wide, "192.0.3.1"));

    let single = client_address().ipv6_prefix(128).unwrap();
    assert_ne!(key(&single, "2001:db8::1"), key(&single, "2001:db8::2"));
}

#[test]
fn prefixes_out_of_range_are_refused_by_name() {
    for bits in [0, 31, 129, 255] {
        let error = client_address().ipv6_prefix(bits).unwrap_err();
        assert_eq!(error.field(), "ipv6_prefix");
        assert!(error.to_string().contains("32 to 128"), "{error}");
    }
    for bits in [0, 7, 33] {
        assert_eq!(
            client_address().ipv4_prefix(bits).unwrap_err().field(),
            "ipv4_prefix"
        );
    }
}

#[test]
fn lists_of_proxies_tell_which_entry_is_wrong_and_what_to_write() {
    for (entries, says) in [
        (
            &["10.0.0.0/8", "10.0.0.300"][..],
            "entry 2, \"10.0.0.300\": no address and no network",
        ),
        (&["nginx"], "entry 1, \"nginx\""),
        (&[""], "entry 1, \"\""),
        (&["10.0.0.0/33"], "entry 1, \"10.0.0.0/33\": no network"),
        (&["10.0.0.0/"], "entry 1"),
        (
            &["10.0.0.5/8"],
            "write 10.0.0.0/8, or 10.0.0.5 for one address",
        ),
        (
            &["::1", "0.0.0.0/0"],
            "entry 2, \"0.0.0.0/0\": this would trust everybody",
        ),
        (&["::/0"], "trust everybody"),
        (&["10.0.0.1:80"], "entry 1"),
    ] {
        let error = TrustedProxies::new(entries).unwrap_err();
        assert_eq!(error.field(), "trusted proxies");
        assert!(error.to_string().contains(says), "{error}");
    }
    let error = "10.0.0.0/8, nope ::1"
        .parse::<TrustedProxies>()
        .unwrap_err();
    assert!(error.to_string().contains("entry 2, \"nope\""), "{error}");
}

#[test]
fn proxies_are_found_however_they_and_the_peer_are_written() {
    let proxies: TrustedProxies = " 10.0.0.0/8,192.0.2.1\t2001:db8::/32 ::ffff:172.16.0.0/108 "
        .parse()
        .unwrap();
    for (address, trusted) in [
        ("10.255.255.255", true),
        ("11.0.0.0", false),
        ("192.0.2.1", true),
        ("192.0.2.2", false),
        ("::ffff:192.0.2.1", true),
        ("2001:db8:ffff::", true),
        ("2001:db9::", false),
        ("172.16.5.5", true),
        ("172.32.0.0", false),
    ] {
        assert_eq!(
            proxies.contains(address.parse().unwrap()),
            trusted,
            "{address}"
        );
    }
    assert!(!TrustedProxies::default().contains("127.0.0.1".parse().unwrap()));
    assert!(TrustedProxies::private().contains("192.168.1.1".parse().unwrap()));
    assert!(!TrustedProxies::private().contains("8.8.8.8".parse().unwrap()));
}

fn values() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        prop::collection::vec(any::<u8>(), 0..60),
        "[0-9a-f:.,;=\"\\\\\\[\\]% for_unk]{0,60}".prop_map(String::into_bytes),
        "(for=)?\"?([0-9]{1,3}\\.){3}[0-9]{1,3}(:[0-9]{1,5})?\"?(, )?".prop_map(String::into_bytes),
    ]
}

proptest! {
    #[test]
    fn whatever_a_stranger_sends_it_stays_who_it_is(
        lines in prop::collection::vec((0..3_usize, values()), 0..5)
    ) {
        const NAMES: [&str; 3] = [XFF, "forwarded", "cf-connecting-ip"];
        let mut direct = head(Some("203.0.113.5"), &[]);
        for (name, value) in lines {
            if let Ok(value) = HeaderValue::from_bytes(&value) {
                direct.headers.append(NAMES[name], value);
            }
        }
        let stranger: IpAddr = "203.0.113.5".parse().unwrap();
        for address in [behind(), behind().forwarded(), behind().header("cf-connecting-ip")] {
            prop_assert_eq!(address.of(&direct), Ok(stranger));
        }

        // Through a proxy that appends in the same line, in a line of its own, or overwrites.
        let through = |name: &'static str, appended: &str, same_line: bool| {
            let mut head = direct.clone();
            head.extensions.insert(PeerAddr(([10, 0, 0, 1], 1).into()));
            let before: Vec<_> = head.headers.get_all(name).iter().cloned().collect();
            match before.split_last() {
                Some((last, others)) if same_line => {
                    head.headers.remove(name);
                    for value in others {
                        head.headers.append(name, value.clone());
                    }
                    let joined = [last.as_bytes(), b", ", appended.as_bytes()].concat();
                    head.headers.append(name, HeaderValue::from_bytes(&joined).unwrap());
                }
                _ => {
                    head.headers.append(name, appended.parse().unwrap());
                }
            }
            head
        };
        for same_line in [false, true] {
            let head = through(XFF, "203.0.113.5", same_line);
            prop_assert_eq!(behind().of(&head), Ok(stranger));
            let head = through("forwarded", "for=203.0.113.5", same_line);
            prop_assert_eq!(behind().forwarded().of(&head), Ok(stranger));
            let head = through("forwarded", "for=\"203.0.113.5:80\";proto=https", same_line);
            prop_assert_eq!(behind().forwarded().of(&head), Ok(stranger));
        }
    }
}

#[cfg(feature = "axum")]
#[test]
fn axum_tells_its_peer_and_ours_comes_before_it() {
    use axum::extract::ConnectInfo;
    use axum::extract::connect_info::MockConnectInfo;
    use std::net::SocketAddr;

    let mut head = head(None, &[]);
    head.extensions
        .insert(MockConnectInfo(SocketAddr::from(([192, 0, 2, 1], 1))));
    assert_eq!(client_address().of(&head).unwrap().to_string(), "192.0.2.1");
    head.extensions
        .insert(ConnectInfo(SocketAddr::from(([192, 0, 2, 2], 1))));
    assert_eq!(client_address().of(&head).unwrap().to_string(), "192.0.2.2");
    head.extensions
        .insert(PeerAddr(SocketAddr::from(([192, 0, 2, 3], 1))));
    assert_eq!(client_address().of(&head).unwrap().to_string(), "192.0.2.3");
}

#[cfg(feature = "tonic")]
#[test]
fn tonic_tells_its_peer_unless_it_is_no_socket() {
    use std::net::SocketAddr;
    use tonic::transport::server::{Connected, TcpConnectInfo};

    struct Pipe(Option<SocketAddr>);
    impl Connected for Pipe {
        type ConnectInfo = TcpConnectInfo;
        fn connect_info(&self) -> TcpConnectInfo {
            TcpConnectInfo {
                local_addr: None,
                remote_addr: self.0,
            }
        }
    }

    let mut head = head(None, &[]);
    head.extensions.insert(Pipe(None).connect_info());
    assert!(client_address().of(&head).is_err());
    head.extensions
        .insert(Pipe(Some(SocketAddr::from(([192, 0, 2, 1], 1)))).connect_info());
    assert_eq!(client_address().of(&head).unwrap().to_string(), "192.0.2.1");
}
