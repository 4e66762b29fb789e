//! Whoever waits exactly as long as `Retry-After` says, and is alone, gets in: every time.

use std::convert::Infallible;
use std::time::Duration;

use axum::body::Body;
use floodwall::extract::cost_fn;
use floodwall::http::{AdmitLayer, Answers, Head, header};
use floodwall::{Admission, BoxAdmission, Now, RateLimit};
use http::{Request, Response};
use tower::{Layer, ServiceExt, service_fn};

/// 0.3, 1, 7 and 1,000 per second, in every shape: with the burst that they have by themselves,
/// with a burst of 1, with a large one.
const QUOTAS: [&str; 10] = [
    "3/10s",
    "3/10s burst 1",
    "1/s",
    "1/s burst 5",
    "7/s",
    "7/s burst 1",
    "7/s burst 100",
    "1000/s",
    "1000/s burst 1",
    "60000/min burst 2500",
];

const REFUSALS: usize = 500;

/// What a request costs is in its method's stead: the number in the path.
fn cost(head: &Head) -> u32 {
    head.uri.path()[1..].parse().unwrap()
}

fn request(cost: u32) -> Request<Body> {
    Request::get(format!("/{cost}"))
        .header("x-key", "k")
        .body(Body::empty())
        .unwrap()
}

/// One request: `None` if it was let in, else the wait that it was told.
async fn told(layer: &AdmitLayer<BoxAdmission<Head>>, cost: u32) -> Option<u64> {
    let service =
        service_fn(|_: Request<Body>| async { Ok::<_, Infallible>(Response::new(Body::empty())) });
    let answer = layer.layer(service).oneshot(request(cost)).await.unwrap();
    if answer.status() == 200 {
        return None;
    }
    assert_eq!(answer.status(), 429);
    let told = answer.headers()["retry-after"].to_str().unwrap();
    assert!(
        told.bytes().all(|b| b.is_ascii_digit()),
        "no integer: {told}"
    );
    Some(told.parse().unwrap())
}

/// Random costs at random times; after each refusal exactly the wait that was told.
async fn obey(policy: BoxAdmission<Head>, most: u32, answers: Answers, what: &str) {
    let layer = AdmitLayer::around(policy).answers(answers);
    let mut random = fastrand::Rng::with_seed(1);
    let mut refusals = 0;
    while refusals < REFUSALS {
        let cost = match random.u8(..4) {
            0 => random.u32(1..=most),
            _ => 1,
        };
        if let Some(wait) = told(&layer, cost).await {
            refusals += 1;
            assert!(wait >= 1, "{what}: told to come back at once");
            tokio::time::advance(Duration::from_secs(wait)).await;
            let again = told(&layer, cost).await;
            assert_eq!(
                again, None,
                "{what}: refusal {refusals} was told {wait} s, cost {cost}"
            );
        } else if random.u8(..8) == 0 {
            let pause = Duration::from_nanos(random.u64(..1_500_000_000));
            tokio::time::advance(pause).await;
        }
    }
}

fn burst(quota: &str) -> u32 {
    quota.parse::<floodwall::Quota>().unwrap().burst()
}

#[tokio::test(start_paused = true)]
async fn waiting_exactly_as_told_admits_where_all_share_a_quota() {
    for quota in QUOTAS {
        let policy = RateLimit::builder(quota)
            .cost(cost_fn(cost))
            .build()
            .unwrap();
        let exact = Answers::default().jitter(0.0).unwrap();
        obey(BoxAdmission::new(policy), burst(quota), exact, quota).await;
    }
}

#[tokio::test(start_paused = true)]
async fn waiting_exactly_as_told_admits_where_each_key_has_a_quota() {
    for quota in QUOTAS {
        let policy = RateLimit::builder(quota)
            .key(header("x-key"))
            .cost(cost_fn(cost))
            .build()
            .unwrap();
        let exact = Answers::default().jitter(0.0).unwrap();
        obey(BoxAdmission::new(policy), burst(quota), exact, quota).await;
    }
}

#[tokio::test(start_paused = true)]
async fn waiting_as_told_with_jitter_admits_with_several_quotas() {
    for (narrow, wide) in [
        ("7/s", "20/min"),
        ("1000/s burst 1", "3/10s"),
        ("1/s", "3000/h"),
    ] {
        for keyed in [false, true] {
            let both = RateLimit::builder(narrow).quota(wide).cost(cost_fn(cost));
            let most = burst(narrow).min(burst(wide));
            let policy = if keyed {
                BoxAdmission::new(both.key(header("x-key")).build().unwrap())
            } else {
                BoxAdmission::new(both.build().unwrap())
            };
            obey(policy, most, Answers::default().seed(3), narrow).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_wait_in_a_rejection_is_exact_to_the_nanosecond() {
    for quota in QUOTAS {
        let policy = RateLimit::builder(quota)
            .cost(cost_fn(cost))
            .build()
            .unwrap();
        let ask = async |cost| {
            let (head, _) = request(cost).into_parts();
            let decision = policy.admit(&head, &Now::unread()).await;
            decision.err().map(|refusal| refusal.retry_after().unwrap())
        };
        let mut random = fastrand::Rng::with_seed(2);
        let mut refusals = 0;
        while refusals < REFUSALS {
            let cost = random.u32(1..=burst(quota));
            let Some(wait) = ask(cost).await else {
                continue;
            };
            refusals += 1;
            tokio::time::advance(wait - Duration::from_nanos(1)).await;
            let left = ask(cost)
                .await
                .expect("a nanosecond too early is too early");
            assert_eq!(left, Duration::from_nanos(1), "{quota}");
            tokio::time::advance(left).await;
            assert_eq!(ask(cost).await, None, "{quota}");
        }
    }
}
