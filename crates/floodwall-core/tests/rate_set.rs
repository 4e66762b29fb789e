//! Several quotas on one key, all or none.
#![cfg(not(floodwall_loom))]

use std::time::Duration;

use floodwall_core::rate::{HashSecret, Quota, QuotaSet, TableConfig, Undone};
use floodwall_core::{Moment, Reason, Report};

fn quotas<const N: usize>(texts: [&str; N]) -> [Quota; N] {
    texts.map(|text| text.parse().unwrap())
}

/// The same set twice: shared and keyed behave alike.
fn sets<const N: usize>(texts: [&str; N]) -> [QuotaSet; 2] {
    let quotas = quotas(texts);
    let config = TableConfig::new(100).secret(HashSecret::seeded(1));
    [
        QuotaSet::shared(&quotas).unwrap(),
        QuotaSet::keyed(&quotas, &config).unwrap(),
    ]
}

fn remaining(set: &QuotaSet, now: Moment) -> Vec<u64> {
    let mut report = Report::default();
    set.report(set.key("one"), now, &mut report);
    report.quotas().map(|quota| quota.remaining).collect()
}

#[test]
fn a_refusal_by_any_quota_charges_none() {
    for set in sets(["100/h burst 4", "10/s burst 6"]) {
        let (key, now) = (set.key("one"), Moment::ZERO);
        assert_eq!(remaining(&set, now), [6, 4]);
        assert!(set.charge(key, now, 5).is_err(), "the wide one refuses");
        assert_eq!(remaining(&set, now), [6, 4]);
        assert!(set.charge(key, now, 3).is_ok());
        assert_eq!(remaining(&set, now), [3, 1]);
        let denied = set.charge(key, now, 2).unwrap_err();
        assert_eq!(denied.policy.as_str(), "100/h");
        assert_eq!(remaining(&set, now), [3, 1]);
        assert_eq!(set.stats(now).unreturned, 0);
    }
}

#[test]
fn the_quota_with_the_longest_wait_speaks_for_all() {
    for set in sets(["10/s burst 1", "1/min burst 2", "1/h burst 2"]) {
        let (key, now) = (set.key("one"), Moment::ZERO);
        assert!(set.charge(key, now, 1).is_ok());
        let denied = set.charge(key, now, 1).unwrap_err();
        assert_eq!(
            (denied.policy.as_str(), denied.reason),
            ("10/s", Reason::Quota)
        );
        let later = now + denied.wait.unwrap();
        assert!(set.charge(key, later, 1).is_ok());
        let denied = set.charge(key, later, 1).unwrap_err();
        assert_eq!(denied.policy.as_str(), "1/h");
        let mut report = Report::default();
        set.report_denied(key, later, &denied, &mut report);
        let violated: Vec<_> = report
            .quotas()
            .map(|quota| (quota.policy.to_string(), quota.violated))
            .collect();
        let expected = [("10/s", true), ("1/min", true), ("1/h", true)];
        assert_eq!(
            violated,
            expected.map(|(name, violated)| (name.to_owned(), violated))
        );
        assert!(set.charge(key, later + denied.wait.unwrap(), 1).is_ok());
    }
}

#[test]
fn a_cost_above_a_burst_is_refused_for_ever_whatever_the_others_say() {
    for set in sets(["10/s burst 10", "1/h burst 3"]) {
        let denied = set.charge(set.key("one"), Moment::ZERO, 4).unwrap_err();
        assert_eq!((denied.reason, denied.wait), (Reason::CostAboveBurst, None));
        assert_eq!(denied.policy.as_str(), "1/h");
        assert_eq!(remaining(&set, Moment::ZERO), [10, 3]);
    }
}

#[test]
fn an_undo_gives_back_what_nobody_charged_after() {
    for set in sets(["10/s burst 10", "1/h burst 5"]) {
        let (key, now) = (set.key("one"), Moment::ZERO);
        let first = set.charge(key, now, 2).unwrap();
        assert_eq!(set.undo(&first, now), Undone::Exactly);
        assert_eq!(remaining(&set, now), [10, 5]);
        let (first, second) = (
            set.charge(key, now, 1).unwrap(),
            set.charge(key, now, 1).unwrap(),
        );
        assert_eq!(set.undo(&first, now), Undone::InPart);
        assert_eq!(set.stats(now).unreturned, 1);
        assert_eq!(set.undo(&second, now), Undone::Exactly);
        assert_eq!(remaining(&set, now), [9, 4]);
    }
}

#[test]
fn turns_are_reserved_in_order_and_up_to_the_bound() {
    for set in sets(["10/s burst 2", "100/h burst 50"]) {
        let (key, now) = (set.key("one"), Moment::ZERO);
        let at_most = Duration::from_millis(250);
        let waits: Vec<_> = (0..6)
            .map(|_| {
                set.reserve(key, now, 1, at_most)
                    .map(|(_, wait)| wait.as_millis())
                    .ok()
            })
            .collect();
        assert_eq!(waits, [Some(0), Some(0), Some(100), Some(200), None, None]);
        assert_eq!(remaining(&set, now), [0, 46]);
        let denied = set.charge(key, now, 1).unwrap_err();
        assert_eq!(denied.wait, Some(Duration::from_millis(300)));
    }
}

#[test]
fn keys_have_quotas_of_their_own_unless_they_are_shared() {
    let [shared, keyed] = sets(["1/s"]);
    let now = Moment::ZERO;
    assert!(shared.charge(shared.key("alice"), now, 1).is_ok());
    assert!(shared.charge(shared.key("bob"), now, 1).is_err());
    assert!(keyed.charge(keyed.key("alice"), now, 1).is_ok());
    assert!(keyed.charge(keyed.key("bob"), now, 1).is_ok());
    assert!(keyed.charge(keyed.key("alice"), now, 1).is_err());
}

#[test]
fn a_report_tells_quota_window_and_standing() {
    for set in sets(["30/min burst 4", "5/100ms"]) {
        let (key, now) = (set.key("one"), Moment::ZERO);
        assert!(set.charge(key, now, 1).is_ok());
        let mut report = Report::default();
        set.report(key, now, &mut report);
        let quotas: Vec<_> = report.quotas().cloned().collect();
        assert_eq!(
            (quotas[0].policy.as_str(), quotas[0].quota, quotas[0].window),
            ("5/100ms", 5, None)
        );
        assert_eq!(
            (quotas[0].remaining, quotas[0].full_in.as_millis()),
            (4, 20)
        );
        assert_eq!(
            (quotas[1].quota, quotas[1].window, quotas[1].remaining),
            (30, Some(60), 3)
        );
        assert!(quotas.iter().all(|quota| !quota.violated));
    }
}

#[test]
fn sets_that_make_no_sense_are_refused_by_name() {
    let error = |texts: &[&str]| {
        let quotas: Vec<Quota> = texts.iter().map(|text| text.parse().unwrap()).collect();
        QuotaSet::shared(&quotas).unwrap_err().to_string()
    };
    assert_eq!(
        error(&[]),
        "a set without a quota limits nothing: give it at least 1"
    );
    assert_eq!(
        error(&["1/s", "1/m", "1/h", "1/d", "1/10d"]),
        "5 quotas are too many for one set: use at most 4"
    );
    assert_eq!(
        error(&["1/s burst 3", "1/h", "1/s"]),
        "two quotas of one set are named \"1/s\": give one another name with `named`"
    );
    let fast: Quota = "15700000/s".parse().unwrap();
    assert_eq!(
        QuotaSet::keyed(&[fast], &TableConfig::default())
            .unwrap_err()
            .to_string(),
        "the rate is too fast for a table of keys: use at most 15625000 per second for each key"
    );
    let quota = quotas(["15625000/s burst 4294967295"]);
    assert!(QuotaSet::keyed(&quota, &TableConfig::default()).is_ok());
    let error = |config: TableConfig| QuotaSet::keyed(&quota, &config).unwrap_err().to_string();
    assert_eq!(
        error(TableConfig::new(0)),
        "a table with a capacity of 0 holds no key: use at least 1"
    );
    assert_eq!(
        error(TableConfig::new(67_108_865)),
        "a table for 67108865 keys is too large: use a capacity of at most 67108864"
    );
    assert_eq!(
        error(TableConfig::new(1).skew(Duration::from_secs(300))),
        "clocks that differ by 300s are too far apart for this quota: \
         allow a shorter skew, or use a larger interval"
    );
}
