//! Breaker, throttle and budget from the outside: what they hold back, what they learn from, modes.

use std::cell::RefCell;
use std::time::Duration;

use floodwall::outbound::{
    Breaker, BreakerState, ClassicConfig, Over, ProportionalConfig, RetryBudget, Throttle,
};
use floodwall::{
    Admission, ConcurrencyLimit, End, Mode, Now, Outcome, Permit, RateLimit, Reason, all,
    conformance,
};
use metrics_util::debugging::{DebugValue, DebuggingRecorder};
use tokio::time::advance;

const SECOND: Duration = Duration::from_secs(1);
const OUTCOMES: [Outcome; 5] = [
    Outcome::Success,
    Outcome::Failure,
    Outcome::Overload,
    Outcome::Refused,
    Outcome::Cancelled,
];

fn of_four() -> Breaker {
    Breaker::builder()
        .classic(ClassicConfig {
            over: Over::Calls(4),
            min_calls: 4,
            probes: 3,
            open_for: 10 * SECOND,
            ..ClassicConfig::by_calls()
        })
        .build()
        .unwrap()
}

/// One call that ends so; whether it was let through.
async fn call(policy: &impl Admission<str>, outcome: Outcome) -> bool {
    match policy.admit("call", &Now::unread()).await {
        Ok(permit) => {
            permit.complete(&End::new(outcome));
            true
        }
        Err(_) => false,
    }
}

async fn calls(policy: &impl Admission<str>, outcomes: &[Outcome]) -> usize {
    let mut through = 0;
    for outcome in outcomes {
        through += usize::from(call(policy, *outcome).await);
    }
    through
}

#[tokio::test(start_paused = true)]
async fn they_keep_what_composition_relies_on() {
    let word = || "word".to_owned();
    conformance::check(|| Breaker::builder().seed(1).build().unwrap(), word);
    conformance::check(of_four, word);
    conformance::check(|| Throttle::builder().seed(1).build().unwrap(), word);
    let stacked = || {
        all((
            Throttle::new(),
            of_four(),
            RateLimit::new("4/h").unwrap(),
            ConcurrencyLimit::new(3),
        ))
    };
    conformance::check(stacked, word);

    // A half-open one has room for three probes, and no more.
    let mut half_open = Vec::new();
    for _ in 0..20 {
        let breaker = of_four();
        calls(&breaker, &[Outcome::Failure; 4]).await;
        half_open.push(breaker);
    }
    advance(10 * SECOND).await;
    let half_open = RefCell::new(half_open);
    conformance::check(|| half_open.borrow_mut().pop().unwrap(), word);
}

#[tokio::test(start_paused = true)]
async fn a_breaker_holds_back_as_much_as_fails_and_lets_go_when_it_is_better() {
    let breaker = Breaker::builder().seed(7).build().unwrap();
    let handle = breaker.handle();
    let play = async |seconds: usize, failing: &[bool]| {
        let (mut through, mut asked) = (0, 0);
        for second in 0..seconds {
            for n in 0..100 {
                let fails = failing[n % failing.len()];
                let outcome = [Outcome::Success, Outcome::Overload][usize::from(fails)];
                let let_in = call(&breaker, outcome).await;
                if second >= seconds / 2 {
                    through += u32::from(let_in);
                    asked += 1;
                }
                advance(10 * SECOND / 1_000).await;
            }
        }
        f64::from(through) / f64::from(asked)
    };
    assert_eq!(play(30, &[false]).await, 1.0);
    assert_eq!(handle.snapshot().state, BreakerState::Closed);
    // A fifth fails: delta / (1 - delta) with next to nothing that is usual is a quarter.
    let through = play(60, &[true, false, false, false, false]).await;
    assert!((0.7..0.8).contains(&through), "{through}");
    let snapshot = handle.snapshot();
    assert_eq!(snapshot.state, BreakerState::HalfOpen);
    assert!((0.2..0.3).contains(&snapshot.held_back), "{snapshot:?}");
    assert!(snapshot.counts.refused_for(Reason::Breaker) > 500);
    assert_eq!(
        snapshot.counts.refused(),
        snapshot.counts.refused_for(Reason::Breaker)
    );
    assert!(play(60, &[false]).await > 0.99);
}

#[tokio::test(start_paused = true)]
async fn the_classic_breaker_says_how_long_and_is_asked_before_anything_is_charged() {
    let breaker = of_four();
    let quota = RateLimit::new("100/h").unwrap();
    let policy = all((quota.clone(), breaker.clone()));
    assert_eq!(calls(&policy, &[Outcome::Failure; 9]).await, 4);
    let snapshot = breaker.handle().snapshot();
    assert_eq!(snapshot.state, BreakerState::Open);
    assert_eq!(snapshot.counts.refused_for(Reason::Breaker), 5);
    assert_eq!(quota.handle().snapshot().counts.admitted, 4);

    advance(3 * SECOND).await;
    let refusal = breaker.admit("call", &Now::unread()).await.unwrap_err();
    assert_eq!(refusal.retry_after(), Some(7 * SECOND));
    assert_eq!(refusal.policy().as_str(), "breaker");
    advance(7 * SECOND).await;
    assert_eq!(breaker.handle().snapshot().state, BreakerState::HalfOpen);
    assert_eq!(calls(&policy, &[Outcome::Success; 5]).await, 5);
    assert_eq!(breaker.handle().snapshot().state, BreakerState::Closed);
}

#[tokio::test(start_paused = true)]
async fn a_probe_whose_caller_leaves_makes_room_for_another() {
    let breaker = of_four();
    calls(&breaker, &[Outcome::Failure; 4]).await;
    advance(10 * SECOND).await;
    for _ in 0..100 {
        drop(breaker.admit("leaves", &Now::unread()).await.unwrap());
    }
    assert_eq!(calls(&breaker, &[Outcome::Cancelled; 50]).await, 50);
    assert_eq!(calls(&breaker, &[Outcome::Refused; 50]).await, 50);
    assert_eq!(breaker.handle().snapshot().state, BreakerState::HalfOpen);
    calls(&breaker, &[Outcome::Success; 3]).await;
    assert_eq!(breaker.handle().snapshot().state, BreakerState::Closed);
}

#[tokio::test(start_paused = true)]
async fn refused_and_cancelled_teach_nobody_and_the_others_do() {
    for outcome in OUTCOMES {
        let lesson = match outcome {
            Outcome::Success => Some(false),
            Outcome::Failure | Outcome::Overload => Some(true),
            _ => None,
        };
        let classic = of_four();
        calls(&classic, &[outcome; 40]).await;
        let is_open = classic.handle().snapshot().state == BreakerState::Open;
        assert_eq!(is_open, lesson == Some(true), "{outcome:?}");

        let throttle = Throttle::builder().seed(3).build().unwrap();
        let through = calls(&throttle, &[outcome; 40]).await;
        let snapshot = throttle.handle().snapshot();
        let (requests, accepts) = match lesson {
            None => (0, 0),
            Some(false) => (40, 40),
            Some(true) => (40, 0),
        };
        assert_eq!(
            (snapshot.requests, snapshot.accepts),
            (requests, accepts),
            "{outcome:?}"
        );
        assert_eq!(through == 40, lesson != Some(true), "{outcome:?}");

        let proportional = Breaker::new();
        calls(&proportional, &[outcome; 40]).await;
        advance(SECOND).await;
        let held_back = proportional.handle().snapshot().held_back;
        assert_eq!(held_back > 0.0, lesson == Some(true), "{outcome:?}");

        let budget = RetryBudget::builder()
            .token_bucket(10, 0.5)
            .build()
            .unwrap();
        let mut one = budget.call();
        one.ended(Outcome::Failure);
        one.ended(outcome);
        let tokens = match lesson {
            None => 9.0,
            Some(false) => 9.5,
            Some(true) => 8.0,
        };
        assert_eq!(
            budget.handle().snapshot().tokens,
            Some(tokens),
            "{outcome:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_throttle_refuses_by_the_formula_and_counts_what_it_refuses() {
    let throttle = Throttle::builder().seed(5).build().unwrap();
    // Many at once in the beginning: none of them is known to have failed.
    let mut held = Vec::new();
    for _ in 0..100 {
        held.push(throttle.admit("call", &Now::unread()).await.unwrap());
    }
    for (n, permit) in held.into_iter().enumerate() {
        let outcome = [Outcome::Overload, Outcome::Success][usize::from(n < 40)];
        permit.complete(&End::new(outcome));
    }
    let snapshot = throttle.handle().snapshot();
    assert!(
        (snapshot.held_back - 20.0 / 101.0).abs() < 1e-9,
        "{snapshot:?}"
    );

    let through = calls(&throttle, &[Outcome::Overload; 10_000]).await;
    let snapshot = throttle.handle().snapshot();
    assert_eq!(snapshot.requests, 10_100, "its own refusals are requests");
    assert_eq!(
        snapshot.counts.refused_for(Reason::Throttled),
        10_000 - through as u64
    );
    // About as many go out as are accepted twice over, and one in a while besides.
    assert!((50..600).contains(&through), "{through}");
    advance(125 * SECOND).await;
    assert_eq!(throttle.handle().snapshot().held_back, 0.0);
}

#[tokio::test(start_paused = true)]
async fn a_seed_repeats_what_chance_decides() {
    let run = async |seed| {
        let throttle = Throttle::builder().seed(seed).build().unwrap();
        let mut through = Vec::new();
        for _ in 0..200 {
            through.push(call(&throttle, Outcome::Failure).await);
        }
        through
    };
    assert_eq!(run(1).await, run(1).await);
    assert_ne!(run(1).await, run(2).await);
}

#[tokio::test(start_paused = true)]
async fn shadow_counts_as_enforcing_would_and_lets_all_through_and_off_does_nothing() {
    let shadow = Breaker::builder()
        .mode(Mode::Shadow)
        .classic(ClassicConfig {
            over: Over::Calls(4),
            min_calls: 4,
            ..ClassicConfig::by_calls()
        });
    let shadow = shadow.build().unwrap();
    assert_eq!(calls(&shadow, &[Outcome::Failure; 9]).await, 9);
    let snapshot = shadow.handle().snapshot();
    assert_eq!(snapshot.counts.would_refuse_for(Reason::Breaker), 5);
    assert_eq!(
        (snapshot.counts.admitted, snapshot.counts.refused()),
        (4, 0)
    );
    shadow.handle().set_mode(Mode::Enforce);
    assert!(!call(&shadow, Outcome::Success).await);
    shadow.handle().set_mode(Mode::Off);
    assert_eq!(calls(&shadow, &[Outcome::Failure; 9]).await, 9);

    let enforce = Throttle::builder().seed(9).build().unwrap();
    let shadow = Throttle::builder()
        .seed(9)
        .mode(Mode::Shadow)
        .build()
        .unwrap();
    let through = calls(&enforce, &[Outcome::Failure; 100]).await;
    assert_eq!(calls(&shadow, &[Outcome::Failure; 100]).await, 100);
    let counts = shadow.handle().snapshot().counts;
    assert_eq!(counts.admitted, through as u64, "as if it were for real");
    assert_eq!(counts.would_refuse(), 100 - through as u64);
    assert_eq!(shadow.handle().snapshot().requests, 100);
    let off = Throttle::builder().mode(Mode::Off).build().unwrap();
    assert_eq!(calls(&off, &[Outcome::Failure; 100]).await, 100);
    assert_eq!(off.handle().snapshot().requests, 0);
}

#[tokio::test(start_paused = true)]
async fn a_proportional_breaker_in_shadow_decides_as_if_it_were_for_real() {
    let build = |mode| Breaker::builder().seed(4).mode(mode).build().unwrap();
    let (enforce, shadow) = (build(Mode::Enforce), build(Mode::Shadow));
    for n in 0..6_000 {
        let outcome = [Outcome::Failure, Outcome::Success][usize::from(n % 3 > 0)];
        call(&enforce, outcome).await;
        assert!(call(&shadow, outcome).await);
        advance(SECOND / 100).await;
    }
    let [real, would] = [&enforce, &shadow].map(|breaker| breaker.handle().snapshot());
    assert!(real.counts.refused() > 1_000, "{real:?}");
    assert_eq!(real.counts.admitted, would.counts.admitted);
    assert_eq!(real.counts.refused(), would.counts.would_refuse());
    assert_eq!(real.held_back.to_bits(), would.held_back.to_bits());
}

#[test]
fn a_budget_is_asked_by_any_loop_and_gives_everything_back() {
    let budget = RetryBudget::new();
    let handle = budget.handle();
    let mut open: Vec<_> = (0..25).map(|_| budget.call()).collect();
    let tried = open
        .iter_mut()
        .filter_map(|call| call.retry(Outcome::Failure).then_some(()));
    assert_eq!(tried.count(), 5);
    let snapshot = handle.snapshot();
    assert_eq!(
        (snapshot.calls, snapshot.retries, snapshot.allowed),
        (25, 5, 5)
    );
    assert_eq!(
        (snapshot.counts.admitted, snapshot.counts.refused()),
        (5, 20)
    );
    // The next retry of the same call takes no second place.
    assert!(open[0].retry(Outcome::Overload));
    assert_eq!(handle.snapshot().retries, 5);
    assert!(
        !open[0].retry(Outcome::Refused),
        "what never ran is not tried again"
    );
    assert_eq!(handle.snapshot().retries, 4);
    drop(open);
    let snapshot = handle.snapshot();
    assert_eq!((snapshot.calls, snapshot.retries), (0, 0));
}

#[test]
fn a_budget_in_shadow_or_off_allows_all_and_is_exact_when_it_is_switched_on() {
    for (mode, would) in [(Mode::Shadow, 7), (Mode::Off, 0)] {
        for tokens in [false, true] {
            let mut builder = RetryBudget::builder().mode(mode).at_least(3);
            if tokens {
                builder = builder.token_bucket(7, 0.1);
            }
            let budget = builder.build().unwrap();
            let mut open: Vec<_> = (0..10).map(|_| budget.call()).collect();
            assert!(open.iter_mut().all(|call| call.retry(Outcome::Failure)));
            let snapshot = budget.handle().snapshot();
            assert_eq!(
                (snapshot.retries, snapshot.counts.would_refuse()),
                (10, would)
            );
            budget.handle().set_mode(Mode::Enforce);
            assert!(!budget.call().retry(Outcome::Failure));
            drop(open);
            assert_eq!(budget.handle().snapshot().retries, 0);
        }
    }
}

#[test]
fn what_makes_no_sense_is_refused_by_name() {
    let zero = ClassicConfig {
        probes: 0,
        ..ClassicConfig::by_time()
    };
    let usual = ProportionalConfig {
        usual: 2.0,
        ..ProportionalConfig::default()
    };
    for (error, field) in [
        (Breaker::builder().name("").build().unwrap_err(), "name"),
        (
            Breaker::builder().classic(zero).build().unwrap_err(),
            "probes",
        ),
        (
            Breaker::builder().proportional(usual).build().unwrap_err(),
            "usual",
        ),
        (Throttle::builder().k(0.5).build().unwrap_err(), "k"),
        (
            Throttle::builder()
                .window(Duration::ZERO)
                .build()
                .unwrap_err(),
            "window",
        ),
        (
            RetryBudget::builder().share(20.0).build().unwrap_err(),
            "share",
        ),
        (
            RetryBudget::builder()
                .token_bucket(0, 0.1)
                .build()
                .unwrap_err(),
            "tokens",
        ),
    ] {
        assert_eq!(error.field(), field, "{error}");
        assert!(
            error.to_string().contains("write") || field == "name",
            "{error}"
        );
    }
}

/// Series and their labels, and the last value of each.
#[test]
fn the_series_tell_what_was_decided_and_which_share_is_held_back() {
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    let runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = { runtime }
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    metrics::with_local_recorder(&recorder, || {
        runtime.block_on(async {
            calls(&of_four(), &[Outcome::Failure; 6]).await;
            let budget = RetryBudget::builder().at_least(1).build().unwrap();
            let mut open = [budget.call(), budget.call()];
            assert!(open[0].retry(Outcome::Failure) && !open[1].retry(Outcome::Failure));
            drop(open);
        });
    });
    let mut told = Vec::new();
    for (key, _, _, value) in snapshotter.snapshot().into_vec() {
        let (_, key) = key.into_parts();
        let labels = key.labels().filter(|label| label.key() != "class");
        let labels: Vec<_> = labels.map(|label| label.value().to_owned()).collect();
        let value = match value {
            DebugValue::Counter(n) => n.to_string(),
            DebugValue::Gauge(x) => x.into_inner().to_string(),
            // What the refused were told to wait.
            DebugValue::Histogram(all) => format!("{} times", all.len()),
        };
        told.push(format!("{} {}: {value}", key.name(), labels.join(" ")));
    }
    told.sort();
    assert_eq!(
        told,
        [
            "floodwall_held_back_ratio breaker breaker: 1",
            "floodwall_in_flight retry_budget retry-budget: 0",
            "floodwall_limit retry_budget retry-budget: 1",
            "floodwall_requests_total breaker breaker admit none: 4",
            "floodwall_requests_total breaker breaker refuse breaker: 2",
            "floodwall_requests_total retry_budget retry-budget admit none: 1",
            "floodwall_requests_total retry_budget retry-budget refuse throttled: 1",
            "floodwall_retry_after_seconds breaker breaker: 2 times",
        ]
    );
}

#[cfg(feature = "http")]
mod over_http {
    use bytes::Bytes;
    use floodwall::http::{AdmitLayer, HoldUntil};
    use http::{Request, Response};
    use http_body_util::{BodyExt, Full};
    use tower::{Layer, ServiceExt, service_fn};

    use super::*;

    fn answers(
        status: u16,
    ) -> impl Fn(Request<()>) -> std::future::Ready<Result<Response<Full<Bytes>>, &'static str>> + Clone
    {
        move |_| {
            let body = Full::from("why it went so");
            std::future::ready(Ok(Response::builder().status(status).body(body).unwrap()))
        }
    }

    /// Who tries again does not read why it failed; the breaker learns from the head.
    #[tokio::test]
    async fn a_failure_whose_body_nobody_reads_is_a_failure() {
        for (status, state) in [
            (503, BreakerState::Open),
            (500, BreakerState::Open),
            (429, BreakerState::Open),
            (200, BreakerState::Closed),
            (404, BreakerState::Closed),
        ] {
            let breaker = of_four();
            let layer = AdmitLayer::around(breaker.clone());
            for _ in 0..4 {
                let client = layer.layer(service_fn(answers(status)));
                drop(client.oneshot(Request::new(())).await.unwrap());
            }
            assert_eq!(breaker.handle().snapshot().state, state, "{status}");
        }
        let breaker = of_four();
        let layer = AdmitLayer::around(breaker.clone());
        for _ in 0..4 {
            let broken =
                service_fn(|_: Request<()>| async { Err::<Response<Full<Bytes>>, _>("no route") });
            assert_eq!(
                layer
                    .layer(broken)
                    .oneshot(Request::new(()))
                    .await
                    .unwrap_err(),
                "no route"
            );
        }
        assert_eq!(breaker.handle().snapshot().state, BreakerState::Open);
        let refused = layer
            .layer(service_fn(answers(200)))
            .oneshot(Request::new(()))
            .await
            .unwrap();
        assert_eq!(refused.status(), 503);
        assert_eq!(refused.headers()["retry-after"].len(), 2);
        let text = refused.into_body().collect().await.unwrap().to_bytes();
        assert!(text.windows(7).any(|part| part == b"breaker"), "{text:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_never_reads_a_body_is_told_by_the_head() {
        let throttle = Throttle::new();
        let held = AdmitLayer::around(throttle.clone());
        let at_head = held.clone().hold_until(HoldUntil::Headers);
        for (layer, accepts) in [(held, 0), (at_head, 1)] {
            let client = layer.layer(service_fn(answers(200)));
            drop(client.oneshot(Request::new(())).await.unwrap());
            assert_eq!(throttle.handle().snapshot().accepts, accepts);
        }
    }

    /// Three layers: the innermost refuses, and neither of the others takes it for trouble.
    #[tokio::test]
    async fn what_a_floodwall_further_in_refused_teaches_neither_breaker_nor_throttle() {
        let (breaker, throttle) = (of_four(), Throttle::new());
        let quota = RateLimit::new("1/h").unwrap();
        let inner = AdmitLayer::around(quota).layer(service_fn(answers(200)));
        let middle = AdmitLayer::around(breaker.clone()).layer(inner);
        let outer = AdmitLayer::around(throttle.clone()).layer(middle);
        let mut refused = 0;
        for _ in 0..50 {
            let answer = outer.clone().oneshot(Request::new(())).await.unwrap();
            refused += u32::from(answer.status() == 429);
            drop(answer.into_body().collect().await);
        }
        assert_eq!(refused, 49);
        assert_eq!(breaker.handle().snapshot().state, BreakerState::Closed);
        let snapshot = throttle.handle().snapshot();
        assert_eq!((snapshot.requests, snapshot.accepts), (1, 1));
    }
}
