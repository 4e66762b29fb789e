//! Nonsense is refused by name, with the place and the fix.

use std::fmt::Display;
use std::panic::catch_unwind;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use floodwall::http::{
    Answers, PerRoute, TrustedProxies, client_address, header, header_is, path, timeout_header,
};
use floodwall::{
    BuildError, ConcurrencyLimit, ConcurrencyLimitLayer, Mode, PolicyName, Priority, QueueConfig,
    Quota, RateLimit, RateLimitLayer, exempt,
};
use floodwall_tests::{ask, text};
use http::Request;
use tower::ServiceExt;

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn an_unparsable_quota_shows_the_place_and_the_fix() {
    for (quota, place, fix) in [
        ("", 0, "say how many, as in \"100/s\""),
        ("many", 0, "say how many"),
        ("NaN/s", 0, "say how many"),
        ("/s", 0, "say how many"),
        ("100", 3, "write it as \"100/s\""),
        ("100 per second", 4, "write it as \"100/s\""),
        ("100/", 4, "use ms, s, min, h or d"),
        ("100/fortnight", 4, "use ms, s, min, h or d"),
        ("100/10", 6, "use ms, s, min, h or d"),
        ("100/ -1s", 5, "without a sign"),
        ("-5/s", 0, "without a sign"),
        ("+5/s", 0, "without a sign"),
        ("0.3/s", 0, "write 0.3 per second as \"3/10s\""),
        ("3/0.5s", 2, "whole requests"),
        ("1_000/s", 0, "without separators"),
        ("1,000/s", 0, "without separators"),
        ("4294967296/s", 0, "at most 4294967295"),
        ("18446744073709551616/s", 0, "at most 4294967295"),
        ("0/s", 0, "allow at least 1"),
        ("5/0s", 2, "use at least 1 ns"),
        ("4294967295/ns", 0, "at most 4294967295 per second"),
        ("1/100000d", 2, "at most 1 in 36 years"),
        ("5/s burst", 9, "say how many"),
        ("5/s burst 0", 4, "allow at least 1"),
        ("5/s burst -1", 10, "without a sign"),
        ("5/s burst 1.5", 10, "whole requests"),
        ("5/s bust 3", 4, "nothing but a burst"),
        ("5/s burst 3 or so", 12, "nothing but a burst"),
        ("5/s, 60/min", 3, "nothing but a burst"),
        ("5/h burst 4294967295", 4, "use a burst of at most"),
    ] {
        let error = RateLimitLayer::new(quota).map(drop).unwrap_err();
        assert_eq!(error.field(), "quota", "{quota:?}");
        let said = error.to_string();
        assert!(said.contains(fix), "{quota:?} should say {fix:?}: {said}");
        let lines: Vec<&str> = said.lines().collect();
        let [.., shown, caret] = lines[..] else {
            panic!("{quota:?} shows no place: {said}")
        };
        assert_eq!(shown.trim_start(), quota);
        assert_eq!(caret, format!("  {}^", " ".repeat(place)), "{said}");
    }
}

#[test]
fn extreme_quotas_work() {
    for quota in [
        "1/3650d",
        "2000000000/s",
        "4294967295/s",
        "1000000000/s burst 4294967295",
        "1/ns",
        "4294967295/d",
        " 5 / 2 min  burst  3 ",
    ] {
        let policy = RateLimit::new(quota).unwrap_or_else(|error| panic!("{quota}: {error}"));
        assert!(ask(&policy).unwrap().is_ok(), "{quota}");
    }
    // In a table a cell holds less, and says what it holds.
    let keyed = |quota| RateLimit::builder(quota).key(path_key()).build();
    assert!(keyed("15000000/s").is_ok());
    let error = keyed("2000000000/s").map(drop).unwrap_err().to_string();
    assert!(
        error.contains("at most 15625000 per second for each key"),
        "{error}"
    );
}

fn path_key() -> floodwall::http::ByPath {
    floodwall::http::by_path()
}

/// Refused, by this name, with this advice.
#[track_caller]
fn refused<T>(result: Result<T, BuildError>, field: &str, advice: &str) {
    let error = result.map(drop).unwrap_err();
    assert_eq!(error.field(), field, "{error}");
    said(&error, advice);
    said(&error, field);
}

#[track_caller]
fn said(error: &impl Display, advice: &str) {
    let error = error.to_string();
    assert!(error.contains(advice), "should say {advice:?}: {error}");
}

#[test]
fn builders_refuse_nonsense_by_name() {
    let limit = ConcurrencyLimit::builder;
    refused(limit(0).build(), "limit", "set at least 1");
    refused(limit(1).name("").build(), "name", "1 to 31 visible ASCII");
    refused(limit(1).name("two words").build(), "name", "' ' at byte 3");
    refused(
        limit(1).name("x".repeat(32)).build(),
        "name",
        "shorten it to 31",
    );
    refused(limit(1).name("täglich").build(), "name", "'ä' at byte 1");

    let queue = || QueueConfig::builder();
    let limit = |queue| ConcurrencyLimit::builder(1).queue(queue).build();
    refused(limit(queue().capacity(0)), "queue", "1 to 16777216 places");
    refused(
        limit(queue().capacity(u32::MAX)),
        "queue",
        "1 to 16777216 places",
    );
    refused(
        limit(queue().max_wait(Duration::ZERO)),
        "queue",
        "max_wait 0",
    );
    refused(limit(queue().target(Duration::ZERO)), "queue", "target 0");
    refused(
        limit(queue().interval(Duration::ZERO)),
        "queue",
        "interval 0",
    );
    for share in [-0.1, 0.6, f64::NAN, f64::INFINITY] {
        let shares = queue().share(Priority::LOW, share);
        refused(limit(shares), "queue", "a share is 0 to 0.5");
    }
    let shares = queue().share(Priority::LOW, 0.4).share(Priority::HIGH, 0.4);
    refused(limit(shares), "queue", "together are at most 0.5");

    let rate = RateLimit::builder;
    refused(
        rate("5/s").name("a\"b").build(),
        "name",
        "without spaces, quotes",
    );
    refused(rate("5/s").quota("five").build(), "quota", "say how many");
    refused(
        rate("5/s").quota("5/s burst 9").build(),
        "quota",
        "give one another name",
    );
    let five = rate("1/s")
        .quota("2/s")
        .quota("3/s")
        .quota("4/s")
        .quota("5/s");
    refused(five.build(), "quota", "use at most 4");
    refused(
        rate("5/s").key(path_key()).capacity(0).build(),
        "quota",
        "use at least 1",
    );
    let vast = rate("5/s").key(path_key()).capacity(usize::MAX);
    refused(vast.build(), "quota", "at most 67108864");
    refused(
        rate("5/s").pace(Duration::ZERO, 5).build(),
        "pace",
        "leave `pace` out",
    );
    refused(
        rate("5/s").pace(SECOND, 0).build(),
        "pace",
        "set at least 1",
    );
    for (built, advice) in [
        (Quota::requests(0).per_second(), "allow at least 1"),
        (Quota::requests(1).per(Duration::ZERO), "at least 1 ns"),
        (Quota::requests(1).per(Duration::MAX), "at most 584 years"),
        (Quota::requests(1).per_second().burst(0), "allow at least 1"),
        (
            Quota::requests(1).per_second().named("no name"),
            "visible ASCII",
        ),
    ] {
        refused(RateLimit::new(built), "quota", advice);
    }

    for share in [-0.1, 1.1, f64::NAN] {
        refused(
            Answers::default().jitter(share),
            "jitter",
            "between 0 (none) and 1",
        );
    }
    let quota = || RateLimit::new("5/s").unwrap();
    refused(
        PerRoute::new().on("search", quota()),
        "route",
        "begins with \"/\"",
    );
    let twice = PerRoute::new().on("/a", quota()).unwrap().on("/a", quota());
    refused(twice, "route", "has a policy already");
    refused(
        exempt(path("/"), quota()).limit(0),
        "limit",
        "set at least 1",
    );

    let handle = ConcurrencyLimit::builder(4)
        .no_queue()
        .build()
        .unwrap()
        .handle();
    refused(handle.set_limit(0), "limit", "drain");
    refused(handle.set_queue(queue()), "queue", "built without one");
    let handle = ConcurrencyLimit::new(4).handle();
    refused(
        handle.set_queue(queue().capacity(0)),
        "queue",
        "1 to 16777216 places",
    );
    assert_eq!(
        handle.snapshot().limit,
        4,
        "what was refused changed nothing"
    );
}

#[test]
fn lists_of_addresses_show_the_entry_and_the_fix() {
    for (list, entry, advice) in [
        (
            &["10.0.0.0/8", "10.0.0.300"][..],
            "entry 2, \"10.0.0.300\"",
            "write it as 10.0.0.1",
        ),
        (
            &["proxy.example"],
            "entry 1, \"proxy.example\"",
            "write it as 10.0.0.1",
        ),
        (&["10.0.0.0/33"], "entry 1", "write it as 10.0.0.0/8"),
        (&["::1", "2001:db8::/129"], "entry 2", "2001:db8::/32"),
        (
            &["10.0.0.1/8"],
            "entry 1",
            "write 10.0.0.0/8, or 10.0.0.1 for one address",
        ),
        (&["10.0.0.1", "0.0.0.0/0"], "entry 2", "trust everybody"),
        (&["::/0"], "entry 1", "trust everybody"),
        (&["10.0.0.1:80"], "entry 1", "write it as"),
        (&[""], "entry 1, \"\"", "write it as"),
    ] {
        for result in [
            TrustedProxies::new(list).map(drop),
            client_address().behind(list).map(drop),
            header("x-priority").trusted(list).map(drop),
            header_is("x-probe", "1").trusted(list).map(drop),
        ] {
            refused(result, "trusted proxies", advice);
        }
        said(&TrustedProxies::new(list).unwrap_err(), entry);
    }
    refused(
        "10.0.0.1, oops".parse::<TrustedProxies>(),
        "trusted proxies",
        "entry 2, \"oops\"",
    );
    refused(client_address().ipv4_prefix(33), "ipv4_prefix", "8 to 32");
    refused(client_address().ipv6_prefix(31), "ipv6_prefix", "32 to 128");
}

#[test]
fn names_that_are_written_into_the_code_panic_with_the_reason() {
    for bad in ["two words", "", "x:y", "ä"] {
        for build in [
            |name: &'static str| drop(header(name)),
            |name| drop(timeout_header(name)),
            |name| drop(client_address().header(name)),
            |name| drop(header_is(name, "1").trusting_everyone()),
        ] {
            let panic = catch_unwind(|| build(bad)).unwrap_err();
            said(
                panic.downcast_ref::<String>().unwrap(),
                "the name of a header",
            );
        }
    }
    let panic = catch_unwind(|| ConcurrencyLimitLayer::new(0)).unwrap_err();
    said(
        panic.downcast_ref::<String>().unwrap(),
        "limit: 0 would let nothing in",
    );
}

#[test]
fn words_and_numbers_from_configuration_say_what_would_be_right() {
    said(
        &"on".parse::<Mode>().unwrap_err(),
        "write enforce, shadow or off",
    );
    said(
        &"9".parse::<Priority>().unwrap_err(),
        "from 0 (most urgent) to 7",
    );
    said(&PolicyName::new("a b").unwrap_err(), "' ' at byte 1");
}

#[tokio::test]
async fn requests_of_any_shape_are_answered() {
    // Odd requests are decided like others: no panic, no hang, no 500.
    let limit = ConcurrencyLimit::builder(1)
        .priority(floodwall::http::rfc9218())
        .deadline(timeout_header("x-timeout"))
        .layer()
        .unwrap();
    let app = Router::new().fallback(|| async { "ran" }).layer(limit);
    for (name, value) in [
        ("priority", &b"u=99999999999999999999"[..]),
        ("priority", b"\xff\xfe;;;==,,\"\\"),
        ("priority", b""),
        ("x-timeout", b"99999999999999999999999"),
        ("x-timeout", b"-1"),
        ("x-timeout", b"\xff"),
        ("accept", b";q=,\xff/\xfe;q=9"),
    ] {
        let request = Request::builder().uri("*").header(name, value);
        let answer = app
            .clone()
            .oneshot(request.body(Body::empty()).unwrap())
            .await
            .unwrap();
        assert_eq!(text(answer).await, "ran", "{name}");
    }
}
