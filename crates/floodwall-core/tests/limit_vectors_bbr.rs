//! The estimates of Sentinel, kratos and go-zero, against the tests of kratos' `bbr_test.go` and
//! go-zero's `adaptiveshedder_test.go`; Sentinel's is against its formula, as it has none.
//!
//! Not here: the breakers of kratos and go-zero and Sentinel's warm-up, which are no limits of how many
//! are inside (`outbound_vectors.rs` has breakers).

use std::time::Duration;

use floodwall_core::limit::{Bbr, BbrBuilder, LimitAlgorithm, Sample};
use floodwall_core::{Moment, Outcome};

const MS: Duration = Duration::from_millis(1);
const BUCKET: Duration = Duration::from_millis(100);

fn kratos() -> BbrBuilder {
    Bbr::kratos().window(BUCKET * 10).buckets(10)
}

fn go_zero() -> BbrBuilder {
    Bbr::go_zero().window(BUCKET * 10).buckets(10)
}

fn at(time: Duration) -> Moment {
    Moment::ZERO + time
}

/// `passes` completions in each of ten buckets, with 1 to 10 ms in the first, 11 to 20 in the second
/// and so on. It ends within the last bucket.
fn fed(builder: BbrBuilder, passes: impl Fn(u32) -> u32) -> (Bbr, Moment) {
    let mut bbr = builder.build().unwrap();
    for bucket in 0..10 {
        let now = at(BUCKET * bucket + MS * 5);
        for k in 0..passes(bucket) {
            let millis = bucket * 10 + 1 + k % 10;
            bbr.sample(&Sample::new(now, MS * millis).in_flight(1));
        }
    }
    (bbr, at(BUCKET * 9 + MS * 10))
}

#[test]
fn bbr_max_pass_and_adaptive_shedder_max_pass() {
    for builder in [kratos(), go_zero()] {
        let (mut bbr, now) = fed(builder.clone(), |bucket| (bucket + 1) * 100);
        assert_eq!(bbr.max_pass(now + BUCKET), 1_000);
        let mut empty = builder.build().unwrap();
        assert_eq!(empty.max_pass(now), 1);
    }
}

#[test]
fn bbr_max_pass_with_cache() {
    let mut bbr = kratos().build().unwrap();
    let mut pass = |count: u32, then: Duration| {
        for _ in 0..count {
            // Without a look at the estimate, which would be kept.
            bbr.sample(&Sample::new(at(then - BUCKET / 2), MS));
        }
        bbr.max_pass(at(then))
    };
    assert_eq!(pass(50, BUCKET / 2), 1);
    assert_eq!(pass(50, BUCKET), 1);
    // The bucket of the first hundred is over, and what was found before is no longer kept.
    assert_eq!(pass(1, BUCKET * 2 + BUCKET / 2), 100);
}

#[test]
fn bbr_min_rt_and_adaptive_shedder_min_rt() {
    let (mut bbr, now) = fed(kratos(), |_| 10);
    assert_eq!(bbr.min_rt(now), 6.0);
    assert_eq!(kratos().build().unwrap().min_rt(now), 1.0);
    let (mut bbr, now) = fed(go_zero(), |_| 10);
    assert_eq!(bbr.min_rt(now), 6.0);
    assert_eq!(go_zero().build().unwrap().min_rt(now), 1_000.0);
}

#[test]
fn bbr_min_rt_with_cache() {
    let mut bbr = kratos().build().unwrap();
    for bucket in 0..10 {
        for half in 0..2 {
            let now = at(BUCKET * bucket + BUCKET / 2 * half);
            for k in 0..5 {
                bbr.sample(&Sample::new(now, MS * (bucket * 10 + half * 5 + k + 1)));
            }
            bbr.min_rt(now);
        }
    }
    assert_eq!(bbr.min_rt(at(BUCKET * 9 + MS * 60)), 6.0);
}

#[test]
fn bbr_max_qps() {
    let (mut bbr, now) = fed(kratos(), |bucket| (bucket + 2) * 100);
    assert_eq!(bbr.max_in_flight(now), 60, "the last bucket does not count");
}

#[test]
fn adaptive_shedder_max_flight() {
    let (mut bbr, now) = fed(go_zero(), |bucket| (bucket + 1) * 100);
    assert_eq!(bbr.max_in_flight(now), 54);
}

#[test]
fn bbr_should_drop() {
    let (mut bbr, now) = fed(kratos(), |bucket| (bucket + 1) * 100);
    bbr.cpu(800, now);
    assert!(!bbr.should_drop(50, now));
    assert!(bbr.should_drop(80, now));
    assert_eq!(bbr.limit(), 55, "54 inside are let be");
    bbr.cpu(700, now);
    assert!(bbr.should_drop(80, now), "it cools off");
    assert_eq!(bbr.limit(), 55);
    let later = now + MS * 2_000;
    bbr.cpu(700, later);
    assert!(!bbr.should_drop(80, later));
    assert_eq!(bbr.limit(), 1_000);
}

#[test]
fn kratos_counts_the_cool_off_from_its_first_refusal() {
    // Over ten seconds, so that nothing is forgotten meanwhile.
    let feed = || fed(Bbr::kratos(), |bucket| (bucket + 1) * 100);
    // Hot, and nobody was refused: no cool-off.
    let (mut bbr, now) = feed();
    bbr.cpu(800, now);
    bbr.cpu(700, now);
    assert!(!bbr.should_drop(80, now));
    // Refused at once, and hot for a second more: it is over then.
    let (mut bbr, now) = feed();
    bbr.cpu(800, now);
    assert!(bbr.should_drop(80, now));
    assert!(bbr.should_drop(80, now + MS * 600));
    bbr.cpu(700, now + MS * 600);
    assert!(bbr.should_drop(80, now + MS * 1_000));
    assert!(!bbr.should_drop(80, now + MS * 1_001));
}

/// Gives it a mean of those inside without a completion that counts.
fn with_mean_in_flight(bbr: &mut Bbr, now: Moment, mean: u32) {
    for _ in 0..400 {
        let sample = Sample::new(now, MS).in_flight(mean + 1);
        bbr.sample(&sample.outcome(Outcome::Failure));
    }
}

#[test]
fn adaptive_shedder_should_drop() {
    let (mut bbr, now) = fed(go_zero(), |bucket| (bucket + 1) * 100);
    bbr.cpu(900, now);
    with_mean_in_flight(&mut bbr, now, 50);
    assert!(!bbr.should_drop(80, now), "50 in the mean");
    assert_eq!(bbr.limit(), 1_000);
    with_mean_in_flight(&mut bbr, now, 80);
    assert!(!bbr.should_drop(50, now), "50 now");
    assert_eq!(bbr.limit(), 55);
    let mut cool = bbr.clone();
    assert!(bbr.should_drop(80, now));
    cool.cpu(899, now);
    assert!(!cool.should_drop(80, now));
    assert_eq!(cool.limit(), 1_000);
    // The busier it is, the less is let in: half of the permille that are left, and a tenth at most.
    bbr.cpu(950, now);
    assert_eq!(bbr.limit(), 28);
    bbr.cpu(1_000, now);
    assert_eq!(bbr.limit(), 6);
    bbr.cpu(u32::MAX, now);
    assert_eq!(bbr.limit(), 6);
}

#[test]
fn adaptive_shedder_still_hot() {
    let (mut bbr, now) = fed(go_zero(), |bucket| (bucket + 1) * 100);
    with_mean_in_flight(&mut bbr, now, 80);
    assert!(!bbr.should_drop(80, now), "it never was hot");
    bbr.cpu(900, now);
    bbr.cpu(800, now);
    assert!(!bbr.should_drop(80, now), "nobody was refused");
    bbr.cpu(900, now);
    assert!(bbr.should_drop(80, now));
    bbr.cpu(800, now);
    let almost = now + MS * 999;
    assert!(bbr.should_drop(80, almost));
    assert!(!bbr.should_drop(80, now + MS * 1_000));
    assert!(!bbr.should_drop(80, now), "once over it is over");
}

/// max(successes of a half second) × 2 × the shortest time: Sentinel's `checkBbr`.
#[test]
fn sentinel_counts_the_half_second_that_is_not_over_and_the_shortest_time() {
    let mut bbr = Bbr::sentinel().cpu_threshold(2_500).build().unwrap();
    for k in 0..100 {
        bbr.sample(&Sample::new(at(MS * 4 * k), MS * (20 + k % 7)));
    }
    let now = at(MS * 400);
    assert_eq!((bbr.max_pass(now), bbr.min_rt(now)), (100, 20.0));
    assert_eq!(bbr.max_in_flight(now), 4);
    bbr.cpu(2_500, now);
    assert!(!bbr.should_drop(1_000, now), "not above its threshold");
    bbr.cpu(2_501, now);
    assert!(!bbr.should_drop(4, now));
    assert!(bbr.should_drop(5, now));
    assert_eq!(bbr.limit(), 5);
    bbr.cpu(0, now);
    assert!(!bbr.should_drop(1_000, now), "it does not cool off");
    // Forgotten after a second: then one at 4.9 s each, as nothing is known.
    let later = at(MS * 1_500);
    assert_eq!((bbr.max_pass(later), bbr.min_rt(later)), (1, 4_900.0));
    // One alone is never refused.
    let mut bbr = Bbr::sentinel().without_cpu_gate().build().unwrap();
    bbr.sample(&Sample::new(at(MS), MS));
    assert!(!bbr.should_drop(1, at(MS)));
    assert!(bbr.should_drop(2, at(MS)));
}

#[test]
fn without_a_gate_the_limit_counts_always_and_begins_at_its_start() {
    for builder in [Bbr::sentinel(), Bbr::kratos(), Bbr::go_zero()] {
        let mut bbr = builder
            .clone()
            .start(33)
            .without_cpu_gate()
            .build()
            .unwrap();
        assert_eq!(bbr.limit(), 33);
        for k in 0..2_000 {
            bbr.sample(&Sample::new(at(MS * k), MS * 40).in_flight(100));
        }
        assert_eq!(bbr.limit(), 41, "{}", bbr.name());
        // With it, the ceiling until it is hot.
        let mut bbr = builder.start(33).ceiling(77).build().unwrap();
        assert_eq!(bbr.limit(), 77);
        let change = bbr.cpu(1_001, at(MS)).unwrap();
        assert_eq!(
            (change.to, change.cause.to_string().as_str()),
            (33, "estimate")
        );
    }
}

#[test]
fn errors_count_in_sentinel_and_kratos_and_not_in_go_zero() {
    for (builder, counts) in [
        (Bbr::sentinel(), true),
        (kratos(), true),
        (go_zero(), false),
    ] {
        for (outcome, counts) in [
            (Outcome::Success, true),
            (Outcome::Failure, counts),
            (Outcome::Overload, counts),
            (Outcome::Cancelled, false),
            (Outcome::Refused, false),
        ] {
            let mut bbr = builder.clone().build().unwrap();
            for _ in 0..7 {
                bbr.sample(&Sample::new(at(MS), MS).outcome(outcome));
            }
            let passed = bbr.max_pass(at(MS * 150));
            assert_eq!(passed, if counts { 7 } else { 1 }, "{outcome:?}");
        }
    }
}

#[test]
fn settings_that_cannot_be_are_named() {
    let fields = [
        kratos().floor(0).build(),
        kratos().start(2_000).build(),
        kratos().buckets(1).build(),
        kratos().buckets(10_001).build(),
        kratos().window(MS * 9).build(),
        kratos().cpu_threshold(0).build(),
        go_zero().cpu_threshold(1_000).build(),
        Bbr::sentinel().cpu_threshold(0).build(),
    ]
    .map(|result| result.unwrap_err().field());
    let expected = [
        "floor",
        "start",
        "buckets",
        "buckets",
        "window",
        "cpu_threshold",
        "cpu_threshold",
        "cpu_threshold",
    ];
    assert_eq!(fields, expected);
}
