//! Priorities and deadlines that are read from a request's head.
#![cfg(feature = "http")]

use std::time::Duration;

use floodwall::extract::{DeadlineOf, PriorityOf};
use floodwall::http::{
    Deadline, Head, PeerAddr, extension, grpc_timeout, header, rfc9218, timeout_header,
};
use floodwall::{Now, Priority};
use http::{HeaderName, HeaderValue, Request};
use proptest::prelude::*;

const PROXY: [u8; 4] = [10, 0, 0, 1];
const STRANGER: [u8; 4] = [203, 0, 113, 5];

fn head(peer: Option<[u8; 4]>, lines: &[(&str, &str)]) -> Head {
    let (mut head, ()) = Request::new(()).into_parts();
    if let Some(peer) = peer {
        head.extensions.insert(PeerAddr((peer, 4711).into()));
    }
    for (name, value) in lines {
        let name: HeaderName = name.parse().unwrap();
        head.headers
            .append(name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
    }
    head
}

fn said(peer: Option<[u8; 4]>, values: &[&str]) -> Head {
    let lines: Vec<_> = values.iter().map(|value| ("x-priority", *value)).collect();
    head(peer, &lines)
}

#[test]
fn only_a_trusted_peer_can_raise_and_everybody_can_lower() {
    let plain = header("x-priority");
    let listed = header("x-priority").trusted(["10.0.0.0/8"]).unwrap();
    let everyone = header("x-priority").trusting_everyone();
    for (value, asked) in [
        ("0", 0),
        ("1", 1),
        ("3", 3),
        ("5", 5),
        ("7", 7),
        (" 2 ", 2),
        ("critical", 0),
        ("High", 1),
        ("NORMAL", 3),
        ("low", 5),
        ("background", 7),
    ] {
        let lowered = asked.max(3);
        assert_eq!(
            listed.priority(&said(Some(PROXY), &[value])).get(),
            asked,
            "{value}"
        );
        for peer in [Some(STRANGER), None] {
            assert_eq!(
                listed.priority(&said(peer, &[value])).get(),
                lowered,
                "{value}"
            );
            assert_eq!(
                plain.priority(&said(peer, &[value])).get(),
                lowered,
                "{value}"
            );
            assert_eq!(
                everyone.priority(&said(peer, &[value])).get(),
                asked,
                "{value}"
            );
        }
        assert_eq!(
            plain.priority(&said(Some(PROXY), &[value])).get(),
            lowered,
            "{value}"
        );
    }
}

#[test]
fn junk_says_nothing() {
    let everyone = header("x-priority").trusting_everyone();
    for value in [
        "",
        "8",
        "-1",
        "+1",
        "00",
        "1.0",
        "0x1",
        "urgent",
        "critical!",
        "1 2",
        "\u{fc}",
    ] {
        assert_eq!(
            everyone.priority(&said(None, &[value])),
            Priority::NORMAL,
            "{value:?}"
        );
    }
    assert_eq!(everyone.priority(&said(None, &[])), Priority::NORMAL);
}

#[test]
fn of_several_values_the_least_urgent_counts() {
    let everyone = header("x-priority").trusting_everyone();
    for (values, wanted) in [
        (&["0", "5"][..], 5),
        (&["5", "0"], 5),
        (&["0, 6"], 6),
        (&["0", "junk"], 0),
        (&["junk, 1", ""], 1),
    ] {
        assert_eq!(
            everyone.priority(&said(None, values)).get(),
            wanted,
            "{values:?}"
        );
    }
}

#[test]
fn strangers_lower_from_what_the_others_have() {
    let low = header("x-priority")
        .otherwise(Priority::LOW)
        .trusted(["10.0.0.0/8"])
        .unwrap();
    assert_eq!(low.priority(&said(None, &[])), Priority::LOW);
    assert_eq!(low.priority(&said(Some(STRANGER), &["3"])), Priority::LOW);
    assert_eq!(
        low.priority(&said(Some(STRANGER), &["7"])),
        Priority::BACKGROUND
    );
    assert_eq!(low.priority(&said(Some(PROXY), &["3"])), Priority::NORMAL);
}

#[test]
fn the_urgency_of_rfc_9218_is_read_from_its_dictionary() {
    let everyone = rfc9218().trusting_everyone();
    let trusted = rfc9218().trusted(["10.0.0.0/8"]).unwrap();
    for (value, wanted) in [
        ("u=0", 0),
        ("u=1, i", 1),
        ("i, u=5", 5),
        ("u=7;x=1", 7),
        ("i", 3),
        ("u=8", 3),
        ("u=-1", 3),
        ("u=1.0", 3),
        ("u=\"1\"", 3),
        ("U=1", 3),
        ("uu=1", 3),
        ("a=\"x, u=0\"", 3),
        ("u", 3),
        ("u=", 3),
        ("", 3),
        ("u=1, u=6", 6),
    ] {
        let lines = [("priority", value)];
        assert_eq!(
            everyone.priority(&head(None, &lines)).get(),
            wanted,
            "{value:?}"
        );
        assert_eq!(
            trusted.priority(&head(Some(PROXY), &lines)).get(),
            wanted,
            "{value:?}"
        );
        let stranger = trusted.priority(&head(Some(STRANGER), &lines)).get();
        assert_eq!(stranger, wanted.max(3), "{value:?}");
    }
}

#[test]
fn an_extension_tells_priority_and_deadline() {
    let now = Now::unread();
    let mut head = head(None, &[]);
    assert_eq!(extension::<Priority>().priority(&head), Priority::NORMAL);
    assert_eq!(extension::<Deadline>().deadline(&head, &now), None);
    let at = now.instant() + Duration::from_secs(1);
    head.extensions.insert(Priority::CRITICAL);
    head.extensions.insert(Deadline(at));
    assert_eq!(extension::<Priority>().priority(&head), Priority::CRITICAL);
    assert_eq!(extension::<Deadline>().deadline(&head, &now), Some(at));
}

#[test]
fn deadlines_count_from_the_time_of_the_decision() {
    let now = Now::unread();
    let left = |of: &dyn DeadlineOf<Head>, lines: &[(&str, &str)]| {
        of.deadline(&head(None, lines), &now)
            .map(|at| at - now.instant())
    };
    let half = Some(Duration::from_millis(500));
    assert_eq!(left(&grpc_timeout(), &[("grpc-timeout", "500m")]), half);
    assert_eq!(left(&grpc_timeout(), &[("grpc-timeout", "500 m")]), None);
    assert_eq!(left(&grpc_timeout(), &[]), None);
    assert_eq!(
        left(&grpc_timeout(), &[("grpc-timeout", "0n")]),
        Some(Duration::ZERO)
    );
    assert_eq!(
        left(
            &grpc_timeout(),
            &[("grpc-timeout", "9S"), ("grpc-timeout", "500m")]
        ),
        half
    );

    let header = timeout_header("X-Request-Timeout");
    assert_eq!(left(&header, &[("x-request-timeout", "0.5")]), half);
    assert_eq!(left(&header, &[("x-request-timeout", "500ms")]), half);
    assert_eq!(left(&header, &[("x-request-timeout", "never")]), None);
    assert_eq!(left(&header, &[]), None);
    let millis = header.in_millis();
    assert_eq!(left(&millis, &[("x-request-timeout", "500")]), half);
    assert_eq!(left(&millis, &[("x-request-timeout", "0.5s")]), half);
}

#[test]
fn who_has_no_deadline_costs_no_reading_of_the_clock() {
    let now = Now::unread();
    assert_eq!(
        grpc_timeout().deadline(&head(None, &[("grpc-timeout", "junk")]), &now),
        None
    );
    assert_eq!(format!("{now:?}"), "Now(None)");
}

fn values() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        prop::collection::vec(any::<u8>(), 0..40),
        "[0-9uimSHMns=;,. \"\\\\-]{0,40}".prop_map(String::into_bytes),
        "u=[0-9]".prop_map(String::into_bytes),
        "[0-9]".prop_map(String::into_bytes),
    ]
}

proptest! {
    #[test]
    fn no_stranger_raises_a_priority_and_nothing_panics(
        lines in prop::collection::vec((0..4_usize, values()), 0..6),
        peer in prop::option::of(any::<[u8; 4]>()),
        otherwise in 0..8_u8,
    ) {
        const NAMES: [&str; 4] = ["x-priority", "priority", "grpc-timeout", "x-timeout"];
        let mut head = head(peer, &[]);
        for (name, value) in lines {
            if let Ok(value) = HeaderValue::from_bytes(&value) {
                head.headers.append(NAMES[name], value);
            }
        }
        let usual = Priority::new(otherwise).unwrap();
        let listed = "10.0.0.0/8";
        let is_listed = peer.is_some_and(|peer| peer[0] == 10);
        for reader in [header("x-priority").otherwise(usual), rfc9218().otherwise(usual)] {
            let of_nobody = reader.priority(&head);
            let of_listed = reader.trusted(listed).unwrap().priority(&head);
            prop_assert!(of_nobody >= usual);
            prop_assert!(is_listed || of_listed >= usual);
        }
        prop_assert!(header("x-priority").priority(&head) >= Priority::NORMAL);

        let now = Now::unread();
        for at in [
            grpc_timeout().deadline(&head, &now),
            timeout_header("x-timeout").deadline(&head, &now),
        ] {
            prop_assert!(at.is_none_or(|at| at >= now.instant()));
        }
    }
}
