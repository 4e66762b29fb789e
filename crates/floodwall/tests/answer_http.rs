//! Refusals as responses.
#![cfg(feature = "http")]

use std::time::Duration;

use bytes::Bytes;
use floodwall::http::{Answers, FieldStyle, Head, Refused};
use floodwall::{PolicyName, QuotaReport, Reason, Rejection, Report};
use http::header::{ACCEPT, CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderMap, Method, Request, Response};

const SEARCH: PolicyName = PolicyName::from_static("search");

fn head(method: Method, headers: &[(&str, &str)]) -> Head {
    let mut request = Request::builder().method(method).uri("/");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(()).unwrap().into_parts().0
}

fn get(headers: &[(&str, &str)]) -> Head {
    head(Method::GET, headers)
}

fn exact() -> Answers {
    Answers::default().jitter(0.0).unwrap()
}

fn quota(name: &'static str, remaining: u64, violated: bool) -> QuotaReport {
    QuotaReport {
        policy: PolicyName::from_static(name),
        quota: 100,
        window: Some(1),
        remaining,
        full_in: Duration::from_millis(1_500),
        violated,
    }
}

fn over_quota(wait: Duration) -> Rejection {
    let mut report = Report::default();
    report.push(quota("hourly", 7, false));
    report.push(quota("search", 3, true));
    Rejection::new(SEARCH, Reason::Quota)
        .with_retry_after(wait)
        .with_report(report)
}

fn text(response: &Response<Bytes>) -> &str {
    std::str::from_utf8(response.body()).unwrap()
}

fn field<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).map(|value| value.to_str().unwrap())
}

#[test]
fn the_clients_own_is_429_and_our_lack_of_room_is_503() {
    for reason in Reason::ALL {
        let wanted = match reason {
            Reason::Quota | Reason::CostAboveBurst => 429,
            Reason::MissingKey => 500,
            _ => 503,
        };
        let response = exact().respond(&Rejection::new(SEARCH, reason), &get(&[]));
        assert_eq!(response.status(), wanted, "{reason}");
        assert_eq!(response.headers()[CACHE_CONTROL], "no-store", "{reason}");
        let json: serde_json::Value = serde_json::from_slice(response.body()).unwrap();
        assert_eq!(json["status"], wanted, "{reason}");
        let refused = response.extensions().get::<Refused>().unwrap();
        assert_eq!((refused.policy(), refused.reason()), (SEARCH, reason));
    }
}

#[test]
fn retry_after_is_whole_seconds_rounded_up_and_at_least_one() {
    for (wait, seconds) in [
        (Duration::ZERO, "1"),
        (Duration::from_nanos(1), "1"),
        (Duration::from_millis(3_300), "4"),
        (Duration::from_secs(7), "7"),
        (Duration::new(7, 1), "8"),
    ] {
        for reason in [Reason::Quota, Reason::Full, Reason::QueueTimeout] {
            let rejection = Rejection::new(SEARCH, reason).with_retry_after(wait);
            let response = exact().respond(&rejection, &get(&[]));
            assert_eq!(response.headers()[RETRY_AFTER], seconds, "{wait:?}");
        }
    }
}

#[test]
fn retry_after_is_never_shorter_than_the_wait_whatever_the_jitter() {
    let answers = Answers::default().jitter(1.0).unwrap().seed(3);
    let wait = Duration::from_millis(9_001);
    let mut seen = std::collections::BTreeSet::new();
    for _ in 0..1_000 {
        let response = answers.respond(&over_quota(wait), &get(&[]));
        let seconds: u64 = response.headers()[RETRY_AFTER]
            .to_str()
            .unwrap()
            .parse()
            .unwrap();
        assert!((10..=20).contains(&seconds), "{seconds}");
        seen.insert(seconds);
    }
    assert!(seen.len() > 5, "they all come back together: {seen:?}");
}

#[test]
fn what_no_waiting_helps_has_no_retry_after() {
    for reason in [Reason::CostAboveBurst, Reason::MissingKey] {
        let rejection = Rejection::new(SEARCH, reason).with_retry_after(Duration::from_secs(5));
        let response = exact().respond(&rejection, &get(&[]));
        assert!(!response.headers().contains_key(RETRY_AFTER), "{reason}");
    }
    let unknown = Rejection::new(SEARCH, Reason::Draining);
    assert!(
        !exact()
            .respond(&unknown, &get(&[]))
            .headers()
            .contains_key(RETRY_AFTER)
    );
}

#[test]
fn the_body_is_a_problem_document_with_the_types_of_the_draft() {
    let response = exact().respond(&over_quota(Duration::from_secs(2)), &get(&[]));
    assert_eq!(response.headers()[CONTENT_TYPE], "application/problem+json");
    let json: serde_json::Value = serde_json::from_slice(response.body()).unwrap();
    assert_eq!(
        json,
        serde_json::json!({
            "type": "https://iana.org/assignments/http-problem-types#quota-exceeded",
            "title": "Request cannot be satisfied as assigned quota has been exceeded",
            "status": 429,
            "detail": "quota search is used up; retry in 2 s",
            "reason": "quota",
            "violated-policies": ["search"],
        })
    );

    let full = Rejection::new(PolicyName::from_static("limit"), Reason::Full);
    let response = exact().respond(&full, &get(&[]));
    let json: serde_json::Value = serde_json::from_slice(response.body()).unwrap();
    let capacity = "https://iana.org/assignments/http-problem-types#temporary-reduced-capacity";
    assert_eq!(json["type"], capacity);
    assert_eq!(json["violated-policies"], serde_json::json!(["limit"]));
}

#[test]
fn every_violated_policy_is_named_the_one_that_refused_first() {
    let mut report = Report::default();
    report.push(quota("daily", 0, true));
    report.push(quota("hourly", 5, false));
    report.push(quota("search", 0, true));
    let rejection = Rejection::new(SEARCH, Reason::Quota).with_report(report);
    let response = exact().respond(&rejection, &get(&[]));
    let json: serde_json::Value = serde_json::from_slice(response.body()).unwrap();
    assert_eq!(
        json["violated-policies"],
        serde_json::json!(["search", "daily"])
    );
}

#[test]
fn who_prefers_text_gets_text() {
    let head = get(&[(ACCEPT.as_str(), "text/plain, application/json;q=0.5")]);
    let response = exact().respond(&over_quota(Duration::from_secs(2)), &head);
    assert_eq!(
        response.headers()[CONTENT_TYPE],
        "text/plain; charset=utf-8"
    );
    assert_eq!(text(&response), "quota search is used up; retry in 2 s\n");
}

#[test]
fn an_answer_to_head_has_the_headers_and_no_body() {
    let response = exact().respond(
        &over_quota(Duration::from_secs(2)),
        &head(Method::HEAD, &[]),
    );
    assert_eq!(response.status(), 429);
    assert_eq!(response.headers()[RETRY_AFTER], "2");
    assert!(response.body().is_empty());
}

#[test]
fn a_missing_key_says_the_fix() {
    let fix = "serve with \"connect info\"";
    let rejection = Rejection::new(SEARCH, Reason::MissingKey).with_detail(fix);
    let response = exact().respond(&rejection, &get(&[]));
    assert_eq!(response.status(), 500);
    let json: serde_json::Value = serde_json::from_slice(response.body()).unwrap();
    assert_eq!(
        json["detail"],
        format!("the server is set up wrongly: {fix}")
    );
    assert_eq!(json["type"], "about:blank");
}

#[test]
fn a_closure_replaces_the_whole_answer_and_the_mark_stays() {
    let answers = Answers::default().with(|rejection, head| {
        let body = format!("{} {}", head.uri.path(), rejection.reason());
        Response::builder().status(418).body(body.into()).unwrap()
    });
    for headers in [&[][..], &[("content-type", "application/grpc")]] {
        let response = answers.respond(&over_quota(Duration::from_secs(2)), &get(headers));
        assert_eq!(response.status(), 418);
        assert_eq!(text(&response), "/ quota");
        assert!(response.headers().is_empty());
        assert_eq!(
            response.extensions().get::<Refused>().unwrap().policy(),
            SEARCH
        );
    }
}

#[test]
fn grpc_refusals_are_trailers_only() {
    for (reason, status) in [
        (Reason::Quota, "8"),
        (Reason::CostAboveBurst, "8"),
        (Reason::Full, "14"),
        (Reason::Deadline, "14"),
        (Reason::Draining, "14"),
        (Reason::MissingKey, "13"),
    ] {
        let rejection =
            Rejection::new(SEARCH, reason).with_retry_after(Duration::from_micros(1_500));
        let head = head(Method::POST, &[("content-type", "application/grpc+proto")]);
        let response = exact().respond(&rejection, &head);
        assert_eq!(response.status(), 200, "{reason}");
        assert_eq!(response.headers()[CONTENT_TYPE], "application/grpc+proto");
        assert_eq!(response.headers()["grpc-status"], status, "{reason}");
        assert!(response.headers().contains_key("grpc-message"), "{reason}");
        assert!(
            response.body().is_empty(),
            "{reason}: a body would commit the call"
        );
        let pushback = match reason {
            Reason::CostAboveBurst => Some("-1"),
            Reason::MissingKey => None,
            _ => Some("2"),
        };
        assert_eq!(
            field(response.headers(), "grpc-retry-pushback-ms"),
            pushback,
            "{reason}"
        );
    }
}

#[test]
fn a_quota_of_grpc_tells_no_numbers() {
    let head = head(Method::POST, &[("content-type", "application/grpc")]);
    let response = exact().respond(&over_quota(Duration::from_secs(2)), &head);
    assert!(!response.headers().contains_key("ratelimit"));
    assert_eq!(
        response.headers()["grpc-message"],
        "quota search is used up"
    );
}

/// What is said of quotas is kept from one answer to the next.
#[test]
fn quotas_of_one_name_are_not_taken_for_each_other() {
    for _ in 0..3 {
        for units in 1..30 {
            let mut report = Report::default();
            report.push(QuotaReport {
                quota: units,
                ..quota("search", 0, true)
            });
            let of_success = {
                let mut headers = HeaderMap::new();
                Answers::default().add_fields(&report, &mut headers);
                headers
            };
            let refusal = Rejection::new(SEARCH, Reason::Quota)
                .with_retry_after(Duration::from_secs(1))
                .with_report(report);
            let response = exact().respond(&refusal, &get(&[]));
            let wanted = format!(r#""search";q={units};w=1"#);
            for headers in [response.headers(), &of_success] {
                assert_eq!(field(headers, "ratelimit-policy"), Some(wanted.as_str()));
            }
        }
    }
}

#[test]
fn quotas_are_told_in_text_and_without_a_wait_too() {
    let text = get(&[(ACCEPT.as_str(), "text/plain")]);
    let response = exact().respond(&over_quota(Duration::from_secs(120)), &text);
    let headers = response.headers();
    assert_eq!(headers[RETRY_AFTER], "120");
    assert_eq!(
        field(headers, "ratelimit"),
        Some(r#""search";r=0;t=2, "hourly";r=7;t=2"#)
    );

    let mut report = Report::default();
    report.push(quota("search", 3, true));
    let never = Rejection::new(SEARCH, Reason::CostAboveBurst).with_report(report);
    let response = exact().respond(&never, &get(&[]));
    let mut names: Vec<_> = response
        .headers()
        .keys()
        .map(http::HeaderName::as_str)
        .collect();
    names.sort_unstable();
    let wanted = [
        "cache-control",
        "content-type",
        "ratelimit",
        "ratelimit-policy",
    ];
    assert_eq!(names, wanted);
    assert_eq!(
        field(response.headers(), "ratelimit"),
        Some(r#""search";r=3;t=2"#)
    );
}

/// agentgateway/agentgateway#3328: a refusal told the numbers of a quota that was not violated.
#[test]
fn agentgateway_3328_a_refusal_tells_the_violated_quota_first() {
    let response = exact().respond(&over_quota(Duration::from_secs(2)), &get(&[]));
    let headers = response.headers();
    assert_eq!(
        field(headers, "ratelimit-policy"),
        Some(r#""search";q=100;w=1, "hourly";q=100;w=1"#)
    );
    assert_eq!(
        field(headers, "ratelimit"),
        Some(r#""search";r=0;t=2, "hourly";r=7;t=2"#)
    );

    let soon = exact().respond(&over_quota(Duration::from_millis(200)), &get(&[]));
    // The window of the other one ends after Retry-After, so it is not told.
    assert_eq!(
        field(soon.headers(), "ratelimit"),
        Some(r#""search";r=0;t=1, "hourly";r=7"#)
    );
}

#[test]
fn the_older_styles_tell_of_the_quota_that_binds() {
    let answers = |style| exact().fields(style);
    let response =
        answers(FieldStyle::Draft06).respond(&over_quota(Duration::from_secs(2)), &get(&[]));
    let headers = response.headers();
    assert_eq!(field(headers, "ratelimit-limit"), Some("100"));
    assert_eq!(field(headers, "ratelimit-remaining"), Some("0"));
    assert_eq!(field(headers, "ratelimit-reset"), Some("2"));
    assert_eq!(field(headers, "ratelimit-policy"), Some("100;w=1, 100;w=1"));

    let mut report = Report::default();
    report.push(quota("wide", 60, false));
    report.push(quota("narrow", 4, false));
    let mut headers = HeaderMap::new();
    answers(FieldStyle::XRateLimit).add_fields(&report, &mut headers);
    assert_eq!(field(&headers, "x-ratelimit-limit"), Some("100"));
    assert_eq!(field(&headers, "x-ratelimit-remaining"), Some("4"));
    assert_eq!(field(&headers, "x-ratelimit-reset"), Some("2"));

    let mut headers = HeaderMap::new();
    answers(FieldStyle::XRateLimitUnix).add_fields(&report, &mut headers);
    let reset: u64 = field(&headers, "x-ratelimit-reset")
        .unwrap()
        .parse()
        .unwrap();
    assert!(reset > 1_700_000_000, "seconds since 1970: {reset}");

    let mut headers = HeaderMap::new();
    answers(FieldStyle::Off).add_fields(&report, &mut headers);
    assert!(headers.is_empty());
    let off = answers(FieldStyle::Off).respond(&over_quota(Duration::from_secs(2)), &get(&[]));
    assert_eq!(off.headers()[RETRY_AFTER], "2");
    assert!(
        !off.headers()
            .keys()
            .any(|name| name.as_str().contains("ratelimit"))
    );
}

#[test]
fn what_the_service_behind_says_about_its_quotas_stays() {
    let mut report = Report::default();
    report.push(quota("ours", 4, false));

    let mut headers = HeaderMap::new();
    headers.insert("ratelimit", r#""theirs";r=1;t=1"#.parse().unwrap());
    Answers::default().add_fields(&report, &mut headers);
    let lines: Vec<_> = headers.get_all("ratelimit").iter().collect();
    assert_eq!(lines, [r#""theirs";r=1;t=1"#, r#""ours";r=4;t=2"#]);

    let mut headers = HeaderMap::new();
    headers.insert("x-ratelimit-remaining", "1".parse().unwrap());
    Answers::default()
        .fields(FieldStyle::XRateLimit)
        .add_fields(&report, &mut headers);
    assert_eq!(
        headers.len(),
        1,
        "half of ours beside half of theirs is true of neither"
    );
}

#[test]
fn a_report_without_quotas_adds_nothing() {
    let mut headers = HeaderMap::new();
    Answers::default().add_fields(&Report::default(), &mut headers);
    assert!(headers.is_empty());
}
