//! The `RateLimit` fields of draft-ietf-httpapi-ratelimit-headers-11, read by a parser that is not
//! ours.
#![cfg(feature = "http")]

use std::time::Duration;

use floodwall::http::Answers;
use floodwall::{PolicyName, QuotaReport, Reason, Rejection, Report};
use http::{HeaderMap, Request};
use proptest::prelude::*;
use sfv::{BareItem, Item, List, ListEntry, Parser};

fn names() -> impl Strategy<Value = PolicyName> {
    "[!#-\\[\\]-~]{1,31}".prop_map(|name| PolicyName::new(&name).unwrap())
}

prop_compose! {
    fn quotas()(
        policy in names(),
        quota in prop_oneof![0..200_u64, any::<u64>()],
        window in prop::option::of(prop_oneof![1..4_000_u64, 1..u64::MAX]),
        remaining in prop_oneof![0..200_u64, any::<u64>()],
        full_in in prop_oneof![
            (0..10_000_u64).prop_map(Duration::from_millis),
            (any::<u64>(), 0..1_000_000_000_u32).prop_map(|(s, n)| Duration::new(s, n)),
        ],
        violated in any::<bool>(),
    ) -> QuotaReport {
        QuotaReport { policy, quota, window, remaining, full_in, violated }
    }
}

fn report(quotas: &[QuotaReport]) -> Report {
    let mut report = Report::default();
    for quota in quotas {
        report.push(quota.clone());
    }
    report
}

fn list(headers: &HeaderMap, name: &str) -> Vec<Item> {
    let lines: Vec<_> = headers
        .get_all(name)
        .iter()
        .map(|v| v.to_str().unwrap())
        .collect();
    let list: List = Parser::new(&lines.join(", "))
        .parse()
        .expect("a structured field");
    list.into_iter()
        .map(|entry| match entry {
            ListEntry::Item(item) => item,
            ListEntry::InnerList(_) => panic!("an inner list in {name}"),
        })
        .collect()
}

fn name(item: &Item) -> &str {
    match &item.bare_item {
        BareItem::String(name) => name.as_str(),
        other => panic!("a policy's name is a String, not {other:?}"),
    }
}

fn integer(item: &Item, key: &str) -> Option<i64> {
    item.params.get(key).map(|value| match value {
        BareItem::Integer(value) => i64::from(*value),
        other => panic!("{key} is an Integer, not {other:?}"),
    })
}

/// The rules of sections 3.1 and 4.1, and the order that we promise.
fn check(headers: &HeaderMap, report: &Report) {
    let policies = list(headers, "ratelimit-policy");
    let limits = list(headers, "ratelimit");
    let wanted: Vec<_> = report
        .quotas()
        .map(|quota| quota.policy.to_string())
        .collect();
    assert_eq!(policies.iter().map(name).collect::<Vec<_>>(), wanted);
    assert_eq!(limits.iter().map(name).collect::<Vec<_>>(), wanted);
    for (policy, quota) in policies.iter().zip(report.quotas()) {
        assert!(integer(policy, "q").expect("q is required") >= 0);
        let window = integer(policy, "w");
        assert!(window.is_none_or(|w| w > 0), "a window is more than zero");
        assert_eq!(
            window.is_some(),
            quota.window.is_some_and(|w| w < 1_000_000_000_000_000)
        );
    }
    for limit in &limits {
        assert!(integer(limit, "r").expect("r is required") >= 0);
        assert!(integer(limit, "t").is_none_or(|t| t >= 0));
    }
}

proptest! {
    #[test]
    fn fields_of_successes_keep_the_rules_of_the_draft(
        quotas in prop::collection::vec(quotas(), 1..=Report::MAX_QUOTAS)
    ) {
        let report = report(&quotas);
        let mut headers = HeaderMap::new();
        Answers::default().add_fields(&report, &mut headers);
        check(&headers, &report);

        for (limit, quota) in list(&headers, "ratelimit").iter().zip(report.quotas()) {
            let (r, t) = (integer(limit, "r").unwrap(), integer(limit, "t").unwrap());
            prop_assert!(u64::try_from(r).unwrap() <= quota.remaining, "more than there is");
            // Section 6: the ratio of the two must not invite more than the policy allows. What a
            // field cannot hold may be cut.
            if let Some(window) = quota.window.filter(|_| quota.quota > 0 && t < 999_999_999_999_999) {
                let invited = i128::from(r) * i128::from(window);
                prop_assert!(invited <= i128::from(t) * i128::from(quota.quota), "{quota:?}: {r} in {t} s");
            }
        }
    }

    #[test]
    fn fields_of_refusals_keep_the_rules_of_the_draft(
        quotas in prop::collection::vec(quotas(), 1..=Report::MAX_QUOTAS),
        wait in prop_oneof![
            (0..100_000_u64).prop_map(Duration::from_millis),
            any::<u64>().prop_map(Duration::from_nanos),
        ],
        share in 0.0..=1.0_f64,
        seed in any::<u64>(),
    ) {
        let report = report(&quotas);
        let rejection = Rejection::new(quotas[0].policy, Reason::Quota)
            .with_retry_after(wait)
            .with_report(report.clone());
        let answers = Answers::default().jitter(share).unwrap().seed(seed);
        let (head, ()) = Request::new(()).into_parts();
        let response = answers.respond(&rejection, &head);
        check(response.headers(), &report);

        let retry_after = response.headers()["retry-after"].to_str().unwrap();
        prop_assert!(retry_after.bytes().all(|b| b.is_ascii_digit()));
        let retry_after: u64 = retry_after.parse().unwrap();
        prop_assert!(retry_after >= 1);
        let told = Duration::from_secs(retry_after);
        prop_assert!(told >= wait || retry_after == i32::MAX as u64, "{told:?} < {wait:?}");

        for (limit, quota) in list(response.headers(), "ratelimit").iter().zip(report.quotas()) {
            let t = integer(limit, "t").map(|t| u64::try_from(t).unwrap());
            // Section 6: Retry-After does not end before the effective window does.
            prop_assert!(t.is_none_or(|t| t <= retry_after), "{t:?} > {retry_after}");
            if quota.violated {
                prop_assert_eq!(integer(limit, "r"), Some(0));
                prop_assert!(t.is_some());
            }
        }
        let body: serde_json::Value = serde_json::from_slice(response.body()).unwrap();
        prop_assert_eq!(&body["violated-policies"][0], quotas[0].policy.as_str());
    }
}
