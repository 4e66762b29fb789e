//! What can be said as a quota, and what is refused by name.
#![cfg(not(floodwall_loom))]

use std::convert::Infallible;
use std::time::Duration;

use floodwall_core::Moment;
use floodwall_core::rate::{Gcra, HashSecret, KeyedGcra, Quota, QuotaError, TableConfig};

#[test]
fn quotas_read_as_people_say_them() {
    for (text, count, period_ms, burst) in [
        ("100/s", 100, 1_000, 100),
        ("100/s burst 20", 100, 1_000, 20),
        ("  100 / s   burst   20 ", 100, 1_000, 20),
        ("5000/h burst 50", 5_000, 3_600_000, 50),
        ("10/min", 10, 60_000, 10),
        ("10/m", 10, 60_000, 10),
        ("3/10s", 3, 10_000, 3),
        ("3/10 seconds", 3, 10_000, 3),
        ("7/2 minutes", 7, 120_000, 7),
        ("7/minute", 7, 60_000, 7),
        ("1/hour", 1, 3_600_000, 1),
        ("1/day", 1, 86_400_000, 1),
        ("5/100ms", 5, 100, 5),
        ("1/3650d", 1, 315_360_000_000, 1),
    ] {
        let quota: Quota = text.parse().unwrap();
        assert_eq!(quota.count(), count, "{text}");
        assert_eq!(quota.period(), Duration::from_millis(period_ms), "{text}");
        assert_eq!(quota.burst(), burst, "{text}");
        assert_eq!(
            quota.to_string().parse(),
            Ok(quota),
            "what is shown can be read again"
        );
    }
}

#[test]
fn bad_texts_show_the_place_and_the_fix() {
    const UNITS: &str = "use ms, s, min, h or d, as in \"100/s\"";
    const SLASH: &str = "a `/` is missing between number and period: \
                         write it as \"100/s\", \"3/10s\" or \"5000/h burst 50\"";
    const BURST: &str =
        "nothing but a burst may follow the period: write it as \"5000/h burst 50\"";
    const SAY: &str = "a number is missing: say how many, as in \"100/s\"";
    const SIGN: &str = "a number is digits only: write it without a sign";
    for (text, message, shown, at) in [
        ("", SAY.into(), "", 0),
        ("/s", SAY.into(), "/s", 0),
        ("many/s", SAY.into(), "many/s", 0),
        ("100", SLASH.into(), "100", 3),
        ("100 s", SLASH.into(), "100 s", 4),
        ("100rps", SLASH.into(), "100rps", 3),
        ("100 per second", SLASH.into(), "100 per second", 4),
        ("1e3/s", SLASH.into(), "1e3/s", 1),
        ("-5/s", SIGN.into(), "-5/s", 0),
        ("+5/s", SIGN.into(), "+5/s", 0),
        ("5/-1s", SIGN.into(), "5/-1s", 2),
        ("0.3/s", "a quota counts whole requests: write 0.3 per second as \"3/10s\"".into(), "0.3/s", 0),
        (
            "5,000/h",
            "a number is digits only: write it without separators, as in \"5000/h\"".into(),
            "5,000/h",
            0,
        ),
        ("4294967296/s", "the number is too large: use at most 4294967295".into(), "4294967296/s", 0),
        ("100/", format!("a period is missing: {UNITS}"), "100/", 4),
        ("100/10", format!("a period is missing: {UNITS}"), "100/10", 6),
        ("100/fortnight", format!("no such unit of time: {UNITS}"), "100/fortnight", 4),
        ("100/S", format!("no such unit of time: {UNITS}"), "100/S", 4),
        ("100/s/h", BURST.into(), "100/s/h", 5),
        ("100/s, burst 5", BURST.into(), "100/s, burst 5", 5),
        ("100/s burst 5 please", BURST.into(), "100/s burst 5 please", 14),
        ("100/s burst", "the burst is missing: say how many, as in \"burst 50\"".into(), "100/s burst", 11),
        ("100/s burst=5", "the burst is missing: say how many, as in \"burst 50\"".into(), "100/s burst=5", 11),
        ("100/s burst -5", SIGN.into(), "100/s burst -5", 12),
        (
            "100/s burst 0",
            "a burst of 0 lets nothing in: allow at least 1, which means evenly spaced".into(),
            "100/s burst 0",
            6,
        ),
        ("0/s", "a quota of 0 requests lets nothing in: allow at least 1".into(), "0/s", 0),
        ("5/0s", "the period is zero: use at least 1 ns".into(), "5/0s", 2),
        (
            "1/999999d",
            "the period is too long to be counted: use at most 584 years".into(),
            "1/999999d",
            2,
        ),
        (
            "4294967295/1ms",
            "the rate is too fast to be counted: use at most 4294967295 per second".into(),
            "4294967295/1ms",
            0,
        ),
        (
            "1/3650d burst 100",
            "a burst of 100 takes more than 36 years to come back at this rate: use a burst of at most 3".into(),
            "1/3650d burst 100",
            8,
        ),
        (
            "1/40000d",
            "the interval is too long to be counted, even with a burst of 1 instead of 1: \
             use at most 1 in 36 years"
                .into(),
            "1/40000d",
            2,
        ),
        ("ü/s", SAY.into(), "ü/s", 0),
        ("5/ü", format!("no such unit of time: {UNITS}"), "5/ü", 2),
        ("5/s\n", BURST.into(), "5/s\\n", 3),
    ] as [(&str, String, &str, usize); 34]
    {
        let error = text.parse::<Quota>().unwrap_err().to_string();
        let caret = " ".repeat(at);
        assert_eq!(error, format!("{message}\n  {shown}\n  {caret}^"), "{text:?}");
    }
}

#[test]
fn no_text_makes_the_parser_panic() {
    let mut random = fastrand::Rng::with_seed(2);
    let bits = [
        "0",
        "7",
        "42949",
        "/",
        " ",
        "s",
        "min",
        "burst",
        "ü",
        "-",
        ".",
        "d",
        "\n",
        "99999999999",
    ];
    for _ in 0..200_000 {
        let text: String = (0..random.usize(0..9))
            .map(|_| bits[random.usize(0..bits.len())])
            .collect();
        match text.parse::<Quota>() {
            Ok(quota) => assert_eq!(quota.to_string().parse(), Ok(quota), "{text:?}"),
            Err(error) => assert!(error.to_string().ends_with('^'), "{text:?}"),
        }
    }
}

#[test]
fn builders_refuse_nonsense_by_name() {
    let build = |count, period, burst| {
        let built = Quota::requests(count).per(period).burst(burst).build();
        built
            .map(|quota| quota.to_string())
            .map_err(|error| error.to_string())
    };
    let second = Duration::from_secs(1);
    assert!(build(0, second, 1).unwrap_err().contains("0 requests"));
    assert!(
        build(1, Duration::ZERO, 1)
            .unwrap_err()
            .contains("period is zero")
    );
    assert!(build(1, second, 0).unwrap_err().contains("burst of 0"));
    assert!(
        build(1, Duration::MAX, 1)
            .unwrap_err()
            .contains("period is too long")
    );
    assert!(
        build(5, Duration::from_nanos(1), 1)
            .unwrap_err()
            .contains("too fast")
    );
    let error = Quota::requests(1)
        .per_day()
        .named("two words")
        .build()
        .unwrap_err();
    assert!(
        error
            .to_string()
            .contains("\"two words\" has ' ' at byte 3"),
        "{error}"
    );
}

/// The extremes of the issue: each works, directly and, where it can, in a table.
#[test]
fn extremes_work_or_are_refused_by_name() {
    let key = HashSecret::random().key("one");
    for (text, in_a_table) in [
        ("1/3650d", true),
        ("3/3650d", true),
        ("2000000000/s", false),
        ("4294967295/s", false),
        ("1/s burst 1073741823", true),
        ("100/s burst 4294967295", true),
        ("15625000/s burst 4294967295", true),
        ("4294967295/s burst 4294967295", false),
        ("4294967295/365d burst 1", true),
    ] {
        let quota: Quota = text.parse().unwrap();
        let now = Moment::from_nanos(1 << 40);
        let gcra = Gcra::new(&quota).unwrap();
        let _ = gcra.charge(now, quota.burst()).unwrap();
        let denied = gcra.charge(now, 1).unwrap_err();
        assert!(gcra.charge(now + denied.wait.unwrap(), 1).is_ok(), "{text}");
        assert!(
            gcra.charge(now + denied.standing.full_in * 2, quota.burst())
                .is_ok(),
            "{text}"
        );
        let table = KeyedGcra::new(&quota, &TableConfig::new(1));
        assert_eq!(table.is_ok(), in_a_table, "{text}");
        if let Ok(table) = table {
            let _ = table.charge(key, now, quota.burst()).unwrap();
            let denied = table.charge(key, now, 1).unwrap_err();
            assert!(
                table.charge(key, now + denied.wait.unwrap(), 1).is_ok(),
                "{text}"
            );
        }
    }
}

/// governor #203: more than 1e9 per second became an interval of zero, and no limit.
#[test]
fn governor_203_a_rate_above_one_per_nanosecond_limits() {
    let quota = Quota::requests(2_000_000_000)
        .per_second()
        .burst(1)
        .build()
        .unwrap();
    let gcra = Gcra::new(&quota).unwrap();
    let admitted = (0..1_000).filter(|&i| gcra.charge(Moment::from_nanos(i / 10), 1).is_ok());
    assert_eq!(
        admitted.count(),
        100,
        "a burst of 1 gets one each nanosecond"
    );
}

#[test]
fn whatever_becomes_a_quota_is_taken() {
    fn take(quota: impl TryInto<Quota, Error: Into<QuotaError>>) -> Result<Quota, QuotaError> {
        quota.try_into().map_err(Into::into)
    }
    let quota = Quota::requests(100).per_second().burst(20).build().unwrap();
    assert_eq!(take("100/s burst 20"), Ok(quota));
    assert_eq!(take("100/s burst 20".to_owned()), Ok(quota));
    assert_eq!(take(Quota::requests(100).per_second().burst(20)), Ok(quota));
    assert_eq!(take(quota), Ok(quota));
    assert!(take("100").is_err());
    fn never(infallible: Infallible) -> QuotaError {
        infallible.into()
    }
    let _: fn(Infallible) -> QuotaError = never;
}

#[test]
fn names_are_given_or_derived_and_always_there() {
    let named = Quota::requests(1)
        .per_second()
        .named("search")
        .build()
        .unwrap();
    assert_eq!(named.name(), Some(named.policy_name()));
    assert_eq!(named.policy_name().as_str(), "search");
    for (text, name) in [
        ("100/s burst 5", "100/s"),
        ("3/10s", "3/10s"),
        ("90/90min", "90/90min"),
        ("1/48h", "1/2d"),
    ] {
        let quota: Quota = text.parse().unwrap();
        assert_eq!((quota.name(), quota.policy_name().as_str()), (None, name));
    }
}

#[test]
fn the_interval_shown_is_the_one_enforced() {
    let quota = Quota::requests(999_999)
        .per_second()
        .burst(1)
        .build()
        .unwrap();
    let effective = quota.effective();
    let asked = 1e9 / 999_999.0;
    let (nanos, parts) = effective.fraction();
    let off = nanos as f64 / parts as f64 / asked - 1.0;
    assert!((0.0..=1e-6).contains(&off), "{effective}: {off}");
    assert!((effective.per_second() / 999_999.0 - 1.0).abs() < 1e-6);
    let gcra = Gcra::new(&quota).unwrap();
    let _ = gcra.charge(Moment::ZERO, 1).unwrap();
    assert_eq!(
        gcra.charge(Moment::ZERO, 1).unwrap_err().wait,
        Some(effective.interval())
    );
}
