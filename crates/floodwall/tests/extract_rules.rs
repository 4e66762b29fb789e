//! Priorities by rules and headers, retries by headers: what a stranger says can only lower.
#![cfg(feature = "http")]

use std::time::Duration;

use floodwall::extract::PriorityOf;
use floodwall::http::{Head, PeerAddr, header, method, path, path_prefix, priority_rules, retries};
use floodwall::{Matches, Priority, Shed, match_fn};
use http::{HeaderName, HeaderValue, Method, Request};
use proptest::prelude::*;

mod shed_support;
use shed_support::{Clock, Dial, pressed};

const PROXY: [u8; 4] = [10, 0, 0, 1];
const STRANGER: [u8; 4] = [203, 0, 113, 5];

fn head(peer: [u8; 4], path: &str, lines: &[(&str, &str)]) -> Head {
    let (mut head, ()) = Request::get(path).body(()).unwrap().into_parts();
    head.extensions.insert(PeerAddr((peer, 4711).into()));
    for (name, value) in lines {
        let name: HeaderName = name.parse().unwrap();
        let value = HeaderValue::from_bytes(value.as_bytes()).unwrap();
        head.headers.append(name, value);
    }
    head
}

fn rules() -> floodwall::http::PriorityRules {
    priority_rules()
        .rule(path_prefix("/checkout"), Priority::CRITICAL)
        .rule(path("/reports"), Priority::LOW)
        .rule(method(Method::DELETE), Priority::HIGH)
        .rule(path_prefix("/checkout/slow"), Priority::BACKGROUND)
        .header("x-priority")
        .header_table(
            "x-plan",
            [("gold", Priority::HIGH), ("trial", Priority::LOW)],
        )
        .rfc9218()
}

#[test]
fn the_first_rule_that_matches_sets_the_base() {
    let rules = rules().otherwise(Priority::new(4).unwrap());
    for (path, wanted) in [
        ("/checkout", 0),
        ("/checkout/slow", 0),
        ("/checkouts", 4),
        ("/reports", 5),
        ("/reports/1", 4),
        ("/", 4),
    ] {
        assert_eq!(
            rules.priority(&head(STRANGER, path, &[])).get(),
            wanted,
            "{path}"
        );
    }
    let (delete, ()) = Request::delete("/x").body(()).unwrap().into_parts();
    assert_eq!(rules.priority(&delete), Priority::HIGH);
}

#[test]
fn a_header_replaces_the_base_for_the_trusted_and_only_lowers_it_for_strangers() {
    let listed = rules().trusted(["10.0.0.0/8"]).unwrap();
    let everyone = rules().trusting_everyone();
    type Case<'a> = (&'a str, &'a [(&'a str, &'a str)], u8, u8);
    let cases: [Case<'_>; 16] = [
        // path, headers, for the trusted, for strangers
        ("/", &[("x-priority", "0")], 0, 3),
        ("/", &[("x-priority", "6")], 6, 6),
        ("/reports", &[("x-priority", "4")], 4, 5),
        ("/reports", &[("x-priority", "high")], 1, 5),
        ("/reports", &[("x-priority", "7")], 7, 7),
        ("/checkout", &[("x-priority", "low")], 5, 5),
        ("/", &[("x-plan", "gold")], 1, 3),
        ("/", &[("x-plan", "GOLD")], 1, 3),
        ("/", &[("x-plan", "trial")], 5, 5),
        ("/", &[("x-plan", "platinum")], 3, 3),
        ("/", &[("x-plan", "0")], 3, 3),
        ("/", &[("priority", "u=1, i")], 1, 3),
        // Of several the least urgent counts: lines, members, and headers.
        ("/", &[("x-priority", "0"), ("x-priority", "2")], 2, 3),
        ("/", &[("x-priority", "0, 5")], 5, 5),
        ("/", &[("x-plan", "trial"), ("x-plan", "gold")], 5, 5),
        (
            "/",
            &[("x-priority", "1"), ("x-plan", "gold"), ("priority", "u=6")],
            6,
            6,
        ),
    ];
    for (path, lines, for_trusted, for_strangers) in cases {
        let of = |reader: &dyn PriorityOf<Head>, peer| reader.priority(&head(peer, path, lines));
        assert_eq!(of(&listed, PROXY).get(), for_trusted, "{path} {lines:?}");
        assert_eq!(
            of(&listed, STRANGER).get(),
            for_strangers,
            "{path} {lines:?}"
        );
        assert_eq!(of(&rules(), PROXY).get(), for_strangers, "{path} {lines:?}");
        assert_eq!(
            of(&everyone, STRANGER).get(),
            for_trusted,
            "{path} {lines:?}"
        );
    }
}

#[test]
fn an_extension_is_the_base_where_it_is_asked_for() {
    let mut head = head(STRANGER, "/reports", &[("x-priority", "4")]);
    head.extensions.insert(Priority::HIGH);
    assert_eq!(rules().priority(&head), Priority::LOW);
    assert_eq!(
        rules().extension().priority(&head).get(),
        4,
        "a stranger lowers from there"
    );
    head.headers.clear();
    assert_eq!(rules().extension().priority(&head), Priority::HIGH);
    head.extensions.remove::<Priority>();
    assert_eq!(rules().extension().priority(&head), Priority::LOW);
}

#[test]
fn what_cannot_be_in_a_header_is_refused_when_the_rules_are_written() {
    for value in ["", " gold", "gold ", "a,b", "\t"] {
        let written = std::panic::catch_unwind(|| {
            priority_rules().header_table("x-plan", [(value, Priority::HIGH)])
        });
        assert!(written.is_err(), "{value:?}");
    }
    assert!(std::panic::catch_unwind(|| priority_rules().header("x plan")).is_err());
    assert!(std::panic::catch_unwind(|| retries().header("x-attempt", 0)).is_err());
    assert!(rules().trusted(["0.0.0.0/0"]).is_err());
}

#[test]
fn retries_are_told_by_their_numbers_and_junk_says_nothing() {
    let reader = retries().header("x-attempt", 3);
    for (name, value, wanted) in [
        ("grpc-previous-rpc-attempts", "0", false),
        ("grpc-previous-rpc-attempts", "1", true),
        ("grpc-previous-rpc-attempts", "4", true),
        ("x-envoy-attempt-count", "1", false),
        ("x-envoy-attempt-count", "2", true),
        ("x-attempt", "2", false),
        ("x-attempt", "3", true),
        ("x-attempt", " 03 ", true),
        ("x-attempt", "1, 3", true),
        ("x-attempt", "99999999999999999999999999", true),
        ("x-other", "9", false),
        ("x-attempt", "", false),
        ("x-attempt", "-3", false),
        ("x-attempt", "+3", false),
        ("x-attempt", "3.0", false),
        ("x-attempt", "0x3", false),
        ("x-attempt", "three", false),
        ("x-attempt", "\u{663}", false),
    ] {
        let head = head(STRANGER, "/", &[(name, value)]);
        assert_eq!(reader.matches(&head), wanted, "{name}: {value:?}");
    }
    assert!(!reader.matches(&head(STRANGER, "/", &[])));
    let twice = [("x-attempt", "1"), ("x-attempt", "3")];
    assert!(reader.matches(&head(STRANGER, "/", &twice)));
}

fn values() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        prop::collection::vec(any::<u8>(), 0..40),
        "[0-9uimSH=;,. \"\\\\-]{0,40}".prop_map(String::into_bytes),
        "u=[0-9]".prop_map(String::into_bytes),
        "[0-9]".prop_map(String::into_bytes),
        "(gold|trial|high|low|critical)".prop_map(String::into_bytes),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_of_a_stranger_make_a_request_more_urgent_and_none_panic(
        lines in prop::collection::vec((0..7_usize, values()), 0..8),
        peer in any::<[u8; 4]>(),
        path in prop::sample::select(vec!["/", "/checkout", "/reports", "/checkout/../x"]),
    ) {
        const NAMES: [&str; 7] = [
            "x-priority", "priority", "x-plan", "grpc-previous-rpc-attempts",
            "x-envoy-attempt-count", "x-attempt", "x-tenant",
        ];
        prop_assume!(peer[0] != 10);
        let bare = head(peer, path, &[]);
        let mut forged = head(peer, path, &[]);
        for (name, value) in lines {
            if let Ok(value) = HeaderValue::from_bytes(&value) {
                forged.headers.append(NAMES[name], value);
            }
        }
        let retries = retries().header("x-attempt", 2);
        for rules in [rules(), rules().extension(), rules().trusted(["10.0.0.0/8"]).unwrap()] {
            let (before, after) = (rules.priority(&bare), rules.priority(&forged));
            prop_assert!(after >= before, "{before} became {after}");

            // The level, too: shut from the base on, whatever the stranger adds is still shed. The
            // cohort is dealt by tenant, so it is the class and the mark of a retry that count.
            let builder = Shed::builder().priority(rules).retries(retries.clone())
                .tenant(header("x-tenant")).at_most(1.0);
            let shed = pressed(builder, &Dial::at(1.0)).build().unwrap();
            let mut clock = Clock::new();
            for _ in 0..40 {
                let _ = clock.ask(&shed, &bare);
                clock.pass(Duration::from_millis(100));
            }
            prop_assert!(clock.ask(&shed, &bare).is_err());
            prop_assert!(clock.ask(&shed, &forged).is_err());
        }
        prop_assert!(!retries.matches(&bare));
        let _: bool = match_fn(|_: &Head| true).matches(&forged);
    }
}
