//! The wall as one policy: what it is made of, what it decides, and what it refuses to be built of.
#![cfg(feature = "http")]
#![allow(clippy::disallowed_methods, reason = "a test spawns its callers")]

use std::time::Duration;

use floodwall::extract::{FromFn, Unkeyed};
use floodwall::http::{
    Deadline, Head, PeerAddr, extension, header, path, path_prefix, priority_rules, timeout_header,
};
use floodwall::stack::{
    ConcurrencyRules, DeadlineRules, KeyRule, KindRule, PriorityConfig, QuotaRules, ShedBy,
    ShedRules, StackConfig, Verdict,
};
use floodwall::{Admission, BuildError, Now, Priority, QueueConfig, Reason, Stack};

fn head(method: &str, uri: &str, headers: &[(&str, &str)]) -> Head {
    let mut request = http::Request::builder().method(method).uri(uri);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let mut head = request.body(()).unwrap().into_parts().0;
    head.extensions
        .insert(PeerAddr("192.0.2.7:1234".parse().unwrap()));
    head
}

async fn refused(stack: &Stack, head: &Head) -> Option<Reason> {
    match stack.admit(head, &Now::unread()).await {
        Ok(_permit) => None,
        Err(refusal) => Some(refusal.reason()),
    }
}

fn wrong(built: Result<Stack, BuildError>) -> (String, String) {
    let error = built.expect_err("it cannot be built");
    (error.field().to_owned(), error.to_string())
}

#[test]
fn contradictions_are_refused_with_the_field_and_the_fix() {
    let with = Stack::builder;
    let by = |by| {
        let mut rules = ShedRules::default();
        rules.by = by;
        rules
    };
    let mut five = with();
    for n in 0..5 {
        five = five.quota(format!("{}/s", n + 1).as_str(), Unkeyed);
    }
    let mut shares = ShedRules::default();
    shares.shares.insert(3, 0.9);
    for (builder, field, says) in [
        (with(), "stack", "set a limit"),
        (with().limit(0), "limit", "at least 1"),
        (
            with().queue(QueueConfig::builder()).quota("1/s", Unkeyed),
            "queue",
            "set `limit`",
        ),
        (
            with()
                .deadline(extension::<Deadline>())
                .quota("1/s", Unkeyed),
            "deadline",
            "set `limit`",
        ),
        (
            with().priority(Priority::LOW).quota("1/s", Unkeyed),
            "priority",
            "set a limit",
        ),
        (with().shed(), "shed", "a limit with a queue"),
        (
            with().limit(8).no_queue().shed(),
            "shed",
            "a limit with a queue",
        ),
        (
            with().limit(8).shed_by(by(ShedBy::Tenant)),
            "shed",
            "set `tenant`",
        ),
        (with().limit(8).shed_by(shares), "share", "at most 0.5"),
        (
            with().limit(8).exempt_limit(0).exempt(path("/x")),
            "limit",
            "at least 1",
        ),
        (five, "quota", "at most four"),
        (with().quota("fast", Unkeyed), "quota", "fast"),
        (
            with().quota("1/s", Unkeyed).quota("1/s", Unkeyed),
            "quota",
            "differently",
        ),
        (
            with().limit(8).pressure("p", (1.0, 1.0), || Some(0.0)),
            "pressure",
            "two different numbers",
        ),
    ] {
        let (told, text) = wrong(builder.build());
        assert_eq!(told, field, "{text}");
        assert!(text.contains(says), "{text}");
    }
}

#[test]
fn data_that_cannot_be_is_refused_with_the_field_and_the_fix() {
    let with = |change: fn(&mut StackConfig)| {
        let mut config = StackConfig::default();
        config.concurrency = Some(ConcurrencyRules::new(8));
        change(&mut config);
        wrong(config.build())
    };
    type Change = fn(&mut StackConfig);
    let table: [(Change, &str, &str); 8] = [
        (
            |c| c.trusted.push("10.0.0.0/33".to_owned()),
            "trusted proxies",
            "10.0.0.0/33",
        ),
        (
            |c| c.exempt.push(KindRule::Path("healthz".to_owned())),
            "path",
            "begin it with",
        ),
        (
            |c| c.exempt.push(KindRule::Method("G T".to_owned())),
            "method",
            "GET",
        ),
        (
            |c| c.deadline = Some(DeadlineRules::default()),
            "deadline",
            "`grpc`",
        ),
        (
            |c| {
                let mut rules = PriorityConfig::default();
                rules.header = Some("x priority".to_owned());
                c.priority = Some(rules);
            },
            "header",
            "x priority",
        ),
        (
            |c| {
                let mut rules = PriorityConfig::default();
                rules.otherwise = Some(8);
                c.priority = Some(rules);
            },
            "priority",
            "0 (most urgent) to 7",
        ),
        (
            |c| c.quotas.push(QuotaRules::new("often", KeyRule::All)),
            "quota",
            "often",
        ),
        (
            |c| {
                c.quotas
                    .push(QuotaRules::new("1/s", KeyRule::Header(String::new())));
            },
            "header",
            "letters",
        ),
    ];
    for (change, field, says) in table {
        let (told, text) = with(change);
        assert!(text.contains(says), "{text}");
        assert_eq!(told, field, "{text}");
    }
}

#[test]
fn it_describes_what_was_built_in_the_order_in_which_it_decides() {
    let mut config = StackConfig::default();
    config.exempt = vec![KindRule::Path("/healthz".to_owned()), KindRule::Preflight];
    config.quotas.push(QuotaRules::new(
        "100/s burst 50, 1000/h",
        KeyRule::ClientAddress,
    ));
    config.concurrency = Some(ConcurrencyRules::new(64));
    let mut shed = ShedRules::default();
    shed.shares.insert(5, 0.05);
    config.shed = Some(shed);
    let stack = config.build().unwrap();
    let parts: Vec<&str> = stack
        .describe()
        .parts
        .iter()
        .map(|part| part.part)
        .collect();
    assert_eq!(parts, ["exempt", "quota", "shed", "queue", "limit"]);
    let text = stack.describe().to_string();
    for says in [
        "/healthz, CORS preflights: up to 16 at once",
        "per client address",
        "5 % is kept for class 5",
        "up to 256 wait for up to 100ms",
        "64 inside at once",
    ] {
        assert!(text.contains(says), "{says} is not in\n{text}");
    }
}

#[tokio::test]
async fn exempt_requests_pass_quotas_and_a_full_limit() {
    let stack = Stack::builder()
        .exempt(path("/healthz"))
        .quota("1/h", Unkeyed)
        .limit(1)
        .no_queue()
        .build()
        .unwrap();
    let (work, health) = (head("GET", "/", &[]), head("GET", "/healthz", &[]));
    let held = stack.admit(&work, &Now::unread()).await.unwrap();
    assert_eq!(refused(&stack, &work).await, Some(Reason::Quota));
    assert_eq!(refused(&stack, &health).await, None);
    drop(held);
}

#[tokio::test]
async fn a_refusal_by_a_later_part_charges_no_quota() {
    let stack = Stack::builder()
        .quota("2/h", Unkeyed)
        .limit(1)
        .no_queue()
        .build()
        .unwrap();
    let work = head("GET", "/", &[]);
    let held = stack.admit(&work, &Now::unread()).await.unwrap();
    for _ in 0..10 {
        assert_eq!(refused(&stack, &work).await, Some(Reason::Full));
    }
    drop(held);
    assert_eq!(refused(&stack, &work).await, None);
    assert_eq!(refused(&stack, &work).await, Some(Reason::Quota));
}

#[tokio::test(start_paused = true)]
async fn priorities_and_deadlines_order_and_end_the_wait() {
    let stack = Stack::builder()
        .priority(header("x-priority").trusting_everyone())
        .deadline(timeout_header("x-timeout"))
        .limit(1)
        .build()
        .unwrap();
    let held = stack
        .admit(&head("GET", "/", &[]), &Now::unread())
        .await
        .unwrap();
    let wait = |headers: &[(&str, &str)]| {
        let (stack, head) = (stack.clone(), head("GET", "/", headers));
        async move { stack.admit(&head, &Now::unread()).await.map(drop) }
    };
    let low = tokio::spawn(wait(&[("x-priority", "7")]));
    tokio::time::sleep(Duration::from_millis(1)).await;
    let high = tokio::spawn(wait(&[("x-priority", "0")]));
    let hurried = tokio::spawn(wait(&[("x-timeout", "10ms")]));
    tokio::time::sleep(Duration::from_millis(20)).await;
    assert!(hurried.is_finished());
    assert!(hurried.await.unwrap().unwrap_err().reason() == Reason::Deadline);
    drop(held);
    high.await.unwrap().unwrap();
    low.await.unwrap().unwrap();
}

#[tokio::test]
async fn to_explain_changes_nothing_and_tells_what_would_be_decided() {
    let stack = Stack::builder()
        .exempt(path("/healthz"))
        .priority(
            priority_rules()
                .rule(path_prefix("/checkout"), Priority::CRITICAL)
                .header("x-priority"),
        )
        .deadline(timeout_header("x-timeout"))
        .quota("1/h", header("x-key"))
        .limit(4)
        .shed()
        .build()
        .unwrap();
    let asked = head(
        "GET",
        "/checkout/1",
        &[
            ("x-key", "a"),
            ("x-envoy-attempt-count", "2"),
            ("x-timeout", "2"),
        ],
    );
    for _ in 0..10 {
        let told = stack.explain(&asked);
        assert_eq!(told.priority, Priority::CRITICAL);
        assert_eq!(
            told.priority_by.as_deref(),
            Some("path_prefix(\"/checkout\")")
        );
        assert_eq!(told.quotas[0].key.as_deref(), Some("a"));
        assert_eq!(told.level.unwrap().priority(), Priority::CRITICAL);
        assert!(told.retry && !told.exempt);
        assert_eq!(told.verdict, Verdict::LetIn);
        assert!(told.time_left.unwrap() <= Duration::from_secs(2));
        assert_eq!(told.quotas[0].refuses, None);
    }
    assert_eq!(refused(&stack, &asked).await, None);
    let told = stack.explain(&asked);
    assert_eq!(told.quotas[0].refuses, Some("quota"));
    assert!(matches!(
        &told.verdict,
        Verdict::Refused {
            reason: Reason::Quota,
            ..
        }
    ));
    assert!(told.to_string().contains("refuses (quota)"), "{told}");
    let health = stack.explain(&head("GET", "/healthz", &[]));
    assert!(health.exempt);
    assert_eq!(health.exempt_by.as_deref(), Some("path(\"/healthz\")"));
    let lowered = stack.explain(&head("GET", "/checkout", &[("x-priority", "6")]));
    let by = "path_prefix(\"/checkout\"), lowered from 0 by x-priority";
    assert_eq!(lowered.priority_by.as_deref(), Some(by));
    let forged = stack.explain(&head("GET", "/", &[("x-priority", "0")]));
    let by = "no rule matches, whatever x-priority says";
    assert_eq!(forged.priority_by.as_deref(), Some(by));
    let snapshot = stack.handle().snapshot();
    assert_eq!(snapshot.concurrency.unwrap().counts.admitted, 1);
    assert_eq!(snapshot.shed.unwrap().arrivals, 1);
}

#[test]
fn closures_are_readers_too() {
    let key: FromFn<fn(&Head, &mut floodwall_core::rate::KeyHasher)> =
        floodwall::extract::key_fn(|_: &Head, _: &mut floodwall_core::rate::KeyHasher| {});
    assert!(Stack::builder().quota("1/s", key).build().is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_quota_of_a_kind_counts_for_that_kind_only() {
    let in_code = Stack::builder()
        .quota("10/min burst 10", Unkeyed)
        .quota_of(path("/login"), "2/min burst 2", Unkeyed)
        .build()
        .unwrap();
    let mut config = StackConfig::default();
    config
        .quotas
        .push(QuotaRules::new("10/min burst 10", KeyRule::All));
    let mut login = QuotaRules::new("2/min burst 2", KeyRule::All);
    login.only = vec![
        KindRule::Path("/login".to_owned()),
        KindRule::Path("/sign-in".to_owned()),
    ];
    config.quotas.push(login);
    let as_data = config.build().unwrap();
    assert!(
        as_data
            .describe()
            .to_string()
            .contains("only for /login, /sign-in")
    );
    for stack in [in_code, as_data] {
        let (login, other) = (head("POST", "/login", &[]), head("GET", "/", &[]));
        assert_eq!(stack.explain(&login).quotas.len(), 2);
        assert_eq!(stack.explain(&other).quotas.len(), 1);
        for _ in 0..2 {
            assert_eq!(refused(&stack, &login).await, None);
        }
        assert_eq!(refused(&stack, &login).await, Some(Reason::Quota));
        // What the second quota refused was not charged to the first: 8 are left.
        for _ in 0..8 {
            assert_eq!(refused(&stack, &other).await, None);
        }
        assert_eq!(refused(&stack, &other).await, Some(Reason::Quota));
        let [all, login]: [_; 2] = stack.handle().snapshot().quotas.try_into().unwrap();
        assert_eq!((all.counts.admitted, login.counts.admitted), (10, 2));
    }
}

#[test]
fn a_quota_of_a_kind_that_cannot_be_is_refused() {
    let built = Stack::builder().quota_of(path("/login"), "lots", Unkeyed);
    assert_eq!(wrong(built.limit(8).build()).0, "quota");
    let mut config = StackConfig::default();
    let mut login = QuotaRules::new("1/s", KeyRule::All);
    login.only = vec![KindRule::Path("login".to_owned())];
    config.quotas.push(login);
    assert_eq!(wrong(config.build()).0, "path");
}

#[test]
fn a_stack_says_what_it_exempts() {
    let stack = Stack::builder()
        .limit(1)
        .exempt(path("/healthz"))
        .build()
        .unwrap();
    assert!(stack.exempts(&head("GET", "/healthz", &[])));
    assert!(!stack.exempts(&head("GET", "/", &[])));
}

#[tokio::test(start_paused = true)]
async fn a_stamp_from_further_out_that_knows_no_deadline_takes_none_away() {
    use floodwall::QueueLatencyLayer;
    use tower::{Layer, ServiceExt, service_fn};

    let stack = Stack::builder()
        .deadline(timeout_header("x-timeout"))
        .limit(1)
        .build()
        .unwrap();
    let service = service_fn(
        |_: http::Request<http_body_util::Empty<bytes::Bytes>>| async {
            tokio::time::sleep(Duration::from_millis(50)).await;
            Ok::<_, std::convert::Infallible>(http::Response::new(http_body_util::Empty::<
                bytes::Bytes,
            >::new()))
        },
    );
    let wall = QueueLatencyLayer::new().layer(stack.layer().layer(service));
    let ask = |timeout: &str| {
        let request = http::Request::builder()
            .header("x-timeout", timeout)
            .body(http_body_util::Empty::new())
            .unwrap();
        wall.clone().oneshot(request)
    };
    let (held, hurried) = tokio::join!(ask("1s"), ask("10ms"));
    assert_eq!(held.unwrap().status(), 200);
    assert_eq!(hurried.unwrap().status(), 503);
    // And what was waited in the stack's own queue is known, whoever has stamped it.
    let told = stack
        .signals()
        .get(floodwall::signals::Signal::QueueLatency);
    assert!(told.unwrap().value >= 0.009, "{told:?}");
}

#[tokio::test]
async fn the_effective_priority_is_handed_on_if_asked() {
    use tower::{Layer, ServiceExt, service_fn};

    let stack = Stack::builder()
        .priority(priority_rules().rule(path("/pay"), Priority::CRITICAL))
        .limit(1)
        .hand_on_priority()
        .build()
        .unwrap();
    let service = stack.layer().layer(service_fn(
        |request: http::Request<http_body_util::Empty<bytes::Bytes>>| async move {
            let seen = request.extensions().get::<Priority>().copied();
            let answer = http_body_util::Empty::<bytes::Bytes>::new();
            let mut answer = http::Response::new(answer);
            answer.extensions_mut().insert(seen);
            Ok::<_, std::convert::Infallible>(answer)
        },
    ));
    let request = http::Request::get("/pay").body(http_body_util::Empty::new());
    let answer = service.oneshot(request.unwrap()).await.unwrap();
    let seen = answer.extensions().get::<Option<Priority>>();
    assert_eq!(seen, Some(&Some(Priority::CRITICAL)));
}

#[test]
fn a_tenant_in_the_rules_counts_in_code_as_in_a_file() {
    let mut rules = ShedRules::default();
    rules.tenant = KeyRule::ClientAddress;
    rules.by = ShedBy::Tenant;
    let stack = Stack::builder().limit(8).shed_by(rules.clone()).build();
    assert!(
        stack
            .unwrap()
            .describe()
            .to_string()
            .contains("per client address")
    );
    rules.by = ShedBy::Turns;
    let (field, text) = wrong(Stack::builder().limit(8).shed_by(rules).build());
    assert_eq!(field, "shed");
    assert!(text.contains("`turns` tells nobody apart"), "{text}");
    let by_tenant = Stack::builder().limit(8).shed().tenant(header("x-tenant"));
    assert!(by_tenant.build().is_ok());
}

#[test]
fn what_was_built_in_code_is_described_in_words_too() {
    use floodwall::http::{client_address, preflight};

    let stack = Stack::builder()
        .exempt(path("/healthz"))
        .exempt(preflight())
        .priority(
            priority_rules()
                .rule(path_prefix("/checkout"), Priority::CRITICAL)
                .header("x-priority")
                .trusted(["10.0.0.0/8"])
                .unwrap(),
        )
        .deadline(timeout_header("x-timeout"))
        .quota("100/s burst 200", client_address())
        .limit(2)
        .build()
        .unwrap();
    let text = stack.describe().to_string();
    for says in [
        "path(\"/healthz\"), preflight(): up to 16 at once",
        "0 for path_prefix(\"/checkout\"); 3 for all else; lowered by x-priority",
        "raised by it from {\"10.0.0.0/8\"} only",
        "deadline  x-timeout",
        "100/s burst 200 per client_address()",
    ] {
        assert!(text.contains(says), "{says} is not in\n{text}");
    }
}
