//! The limits of Netflix concurrency-limits, against the figures of their own tests.
//!
//! Not of a limit, and so not here: `AbstractPartitionedLimiterTest` (shared capacity),
//! `LifoBlockingLimiterTest` (the queue), `SimpleLimiterTest` (the layer that counts who is inside).
#![cfg(not(floodwall_loom))]

use std::num::NonZeroU32;
use std::time::Duration;

use floodwall_core::limit::{
    Aimd, Fixed, Gradient2, LimitAlgorithm, LimitError, Sample, Settable, Step, Vegas,
    VegasBuilder, Why, Windowed, WindowedBuilder,
};
use floodwall_core::{Moment, Outcome};

const MS: Duration = Duration::from_millis(1);

fn took(millis: u32, in_flight: u32) -> Sample {
    Sample::new(Moment::ZERO, MS * millis).in_flight(in_flight)
}

/// The limit after each sample.
fn limits(algorithm: &mut impl LimitAlgorithm, samples: &[Sample]) -> Vec<u32> {
    let limits = samples.iter().map(|sample| {
        let before = algorithm.limit();
        let change = algorithm.sample(sample);
        let after = algorithm.limit();
        // A change is told exactly when there is one, and says what it was.
        match change {
            Some(change) => assert_eq!((change.from, change.to), (before, after)),
            None => assert_eq!(before, after),
        }
        after
    });
    limits.collect()
}

fn small_vegas() -> VegasBuilder {
    Vegas::builder()
        .alpha(Step::Fixed(3))
        .beta(Step::Fixed(6))
        .start(10)
        .ceiling(20)
}

#[test]
fn vegas_limit_test_increase_limit() {
    let mut vegas = small_vegas().build().unwrap();
    assert_eq!(
        limits(&mut vegas, &[took(10, 10), took(10, 11)]),
        [10, 16],
        "VegasLimitTest.increaseLimit"
    );
}

#[test]
fn vegas_limit_test_decrease_limit() {
    let mut vegas = small_vegas().build().unwrap();
    assert_eq!(limits(&mut vegas, &[took(10, 10), took(50, 11)]), [10, 9]);
}

#[test]
fn vegas_limit_test_no_change_if_within_thresholds() {
    let mut vegas = small_vegas().build().unwrap();
    assert_eq!(limits(&mut vegas, &[took(10, 10), took(14, 14)]), [10, 10]);
}

#[test]
fn vegas_limit_test_large_limit_increase() {
    let vegas = Vegas::builder().start(10_000).ceiling(20_000);
    let samples = [took(10_000, 5_000), took(10_000, 6_000)];
    assert_eq!(
        limits(&mut vegas.build().unwrap(), &samples),
        [10_000, 10_024]
    );
}

#[test]
fn vegas_limit_test_decrease_with_and_without_smoothing() {
    let samples = [took(10, 100), took(20, 100), took(20, 100)];
    let halving = Vegas::builder()
        .decrease(Step::Share(0.5))
        .start(100)
        .ceiling(200);
    let mut smooth = halving.clone().smoothing(0.5).build().unwrap();
    assert_eq!(limits(&mut smooth, &samples), [100, 75, 56]);
    let mut plain = halving.build().unwrap();
    assert_eq!(limits(&mut plain, &samples), [100, 50, 25]);
}

#[test]
fn vegas_falls_by_one_step_on_a_drop_and_does_not_learn_from_what_was_not_its_own() {
    let mut vegas = Vegas::builder().start(100).build().unwrap();
    let dropped = took(10, 100).outcome(Outcome::Overload);
    assert_eq!(limits(&mut vegas, &[took(10, 100), dropped]), [100, 98]);
    for outcome in [Outcome::Failure, Outcome::Refused, Outcome::Cancelled] {
        assert_eq!(
            limits(&mut vegas, &[took(1_000, 100).outcome(outcome)]),
            [98]
        );
    }
    // Fewer than half of the places in use: it is not the limit that decides.
    assert_eq!(limits(&mut vegas, &[took(10, 48)]), [98]);
}

/// Where each rule begins and ends, at a limit of 100, whose log10 is 2.
#[test]
fn vegas_rules_by_how_many_wait() {
    let rows = [
        (0.0, 112),
        (2.0, 112),
        (3.0, 102),
        (5.0, 102),
        (6.0, 100),
        (12.0, 100),
        (13.0, 98),
        (90.0, 98),
    ];
    for (waiting, expected) in rows {
        let service = (MS * 10).div_f64(1.0 - f64::max(waiting - 0.5, 0.0) / 100.0);
        let slower = Sample::new(Moment::ZERO, service);
        let mut vegas = Vegas::builder().start(100).build().unwrap();
        // With fewer than half of the places in use there is no rule but the one for drops.
        let samples = [took(10, 1), slower.in_flight(49), slower.in_flight(50)];
        assert_eq!(
            limits(&mut vegas, &samples),
            [100, 100, expected],
            "{waiting} wait"
        );
    }
}

/// At half to all of 30 times the limit, the best service time is that of the moment.
#[test]
fn vegas_takes_its_best_anew_between_15_and_30_limits() {
    let mut first = Vec::new();
    for seed in 0..50 {
        let mut vegas = Vegas::builder().start(20).seed(seed).build().unwrap();
        assert_eq!(limits(&mut vegas, &[took(10, 1)]), [20]);
        // Too few inside to move it, and twice as slow: 20 of 40 ms waiting would be a fall.
        let mut until = 1;
        loop {
            vegas.sample(&took(20, 1));
            until += 1;
            // A clone is asked, so that asking does not count.
            if vegas
                .clone()
                .sample(&took(20, 20))
                .is_some_and(|change| change.to > 20)
            {
                break;
            }
        }
        assert!((300..=600).contains(&until), "{until}");
        first.push(until);
    }
    first.sort_unstable();
    first.dedup();
    assert!(first.len() > 25, "always at the same time: {first:?}");
}

#[test]
fn aimd_limit_test() {
    let mut aimd = Aimd::builder().build().unwrap();
    assert_eq!(limits(&mut aimd, &[took(1, 10)]), [21]);
    let mut aimd = Aimd::builder().start(30).build().unwrap();
    let dropped = took(1, 0).outcome(Outcome::Overload);
    assert_eq!(limits(&mut aimd, &[dropped]), [27]);
    let mut aimd = Aimd::builder().start(21).ceiling(21).build().unwrap();
    assert_eq!(limits(&mut aimd, &[took(1, 10), took(1, 11)]), [21, 21]);
    // Slower than the timeout counts as dropped; at the timeout it does not.
    let mut aimd = Aimd::builder().start(30).build().unwrap();
    assert_eq!(
        limits(&mut aimd, &[took(5_000, 1), took(5_001, 1)]),
        [30, 27]
    );
    // Fewer than half of the places in use.
    assert_eq!(limits(&mut aimd, &[took(1, 13), took(1, 14)]), [27, 28]);
}

/// While the service recovers, the long mean forgets a twentieth with each window.
#[test]
fn gradient2_forgets_faster_while_the_service_recovers() {
    let mut gradient = Gradient2::builder().build().unwrap();
    for _ in 0..10 {
        gradient.sample(&took(1_000, 20));
    }
    let mut long: f64 = 1_000.0;
    for window in 1..=60 {
        let full = gradient.limit();
        let change = gradient.sample(&took(100, full));
        long += (100.0 - long) * 2.0 / 601.0;
        if let Some(change) = change {
            let seen = change.cause.latency.unwrap();
            assert!(
                (seen - 100.0 / long).abs() < 1e-6,
                "window {window}: {seen}"
            );
        }
        if long > 200.0 {
            long *= 0.95;
        }
    }
    assert!(long < 200.0 && gradient.limit() > 60);
}

/// From the defaults: 60 windows at 100 ms, then 300 ms for good. It falls to the floor, and then
/// takes the slow service for the normal one.
#[test]
fn gradient2_drifts_away_from_a_threefold_slowdown() {
    let mut gradient = Gradient2::builder().build().unwrap();
    let mut window = |millis| {
        let full = gradient.limit();
        gradient.sample(&took(millis, full));
        gradient.limit()
    };
    let settled: Vec<_> = (0..60).map(|_| window(100)).collect();
    assert_eq!(settled.last(), Some(&68));
    let slow: Vec<_> = (0..400).map(|_| window(300)).collect();
    let first = |hit: &dyn Fn(u32) -> bool| 1 + slow.iter().position(|&limit| hit(limit)).unwrap();
    // What is used is the whole part: the real number arrives at 17, see below.
    assert_eq!(first(&|limit| limit == 20), 16);
    let left = 1 + slow.iter().rposition(|&limit| limit == 20).unwrap();
    assert!(left < 150, "at the floor until {left}");
    let passed = 1 + slow.iter().rposition(|&limit| limit <= 68).unwrap();
    assert!(passed < 230, "passed 68 after {passed}");
    assert!(first(&|limit| limit == 200) <= 400);
}

#[test]
fn gradient2_is_at_its_floor_exactly_17_windows_after_a_threefold_slowdown() {
    let mut gradient = Gradient2::builder().build().unwrap();
    for window in 1..=60 + 17 {
        let full = gradient.limit();
        gradient.sample(&took(if window <= 60 { 100 } else { 300 }, full));
        let at_floor = format!("{gradient:?}").contains("limit: 20.0,");
        assert_eq!(at_floor, window == 60 + 17, "window {window}");
    }
}

/// Their issue 176.
#[test]
fn gradient2_takes_a_drop_for_a_success() {
    let mut gradient = Gradient2::builder().build().unwrap();
    let dropped = |limit| took(100, limit).outcome(Outcome::Overload);
    for _ in 0..60 {
        let limit = gradient.limit();
        gradient.sample(&dropped(limit));
    }
    assert_eq!(gradient.limit(), 68, "drops count like any other");
}

#[test]
fn fixed_and_settable() {
    let mut fixed = Fixed::new(NonZeroU32::new(7).unwrap());
    assert_eq!(limits(&mut fixed, &[took(1, 7), took(9_999, 7)]), [7, 7]);
    let mut settable = Settable::builder().start(8).floor(2).build().unwrap();
    let handle = settable.handle();
    assert_eq!(handle.clone().set(12), Ok(8));
    assert_eq!((settable.limit(), handle.get()), (12, 12));
    let change = settable.sample(&took(1, 1)).unwrap();
    assert_eq!(
        (change.from, change.to, change.cause.why),
        (8, 12, Why::Set)
    );
    assert_eq!(settable.sample(&took(1, 1)), None);
    assert!(handle.set(1).unwrap_err().to_string().contains("floor 2"));
    assert_eq!(settable.limit(), 12);
}

#[test]
fn settings_that_cannot_be_are_named() {
    let fields = [
        Vegas::builder().start(0).build().map(drop),
        Vegas::builder().ceiling(0).build().map(drop),
        Vegas::builder().smoothing(f64::NAN).build().map(drop),
        Vegas::builder().smoothing(0.0).build().map(drop),
        Vegas::builder().probe_multiplier(0).build().map(drop),
        Vegas::builder()
            .decrease(Step::Share(-0.1))
            .build()
            .map(drop),
        Aimd::builder().floor(0).build().map(drop),
        Aimd::builder().backoff(1.0).build().map(drop),
        Aimd::builder().backoff(0.4).build().map(drop),
        Aimd::builder().timeout(Duration::ZERO).build().map(drop),
        Gradient2::builder().tolerance(0.9).build().map(drop),
        Gradient2::builder().long_window(0).build().map(drop),
        Settable::builder().start(2_000).build().map(drop),
        windowed(|builder| builder.min_window(MS * 99)),
        windowed(|builder| builder.max_window(MS * 999)),
        windowed(|builder| builder.min_samples(9)),
        windowed(|builder| builder.percentile(0.0)),
        windowed(|builder| builder.percentile(f64::INFINITY)),
    ];
    let fields = fields.map(|result| result.unwrap_err().field());
    let expected = [
        "start",
        "ceiling",
        "smoothing",
        "smoothing",
        "probe_multiplier",
        "decrease",
        "floor",
        "backoff",
        "backoff",
        "timeout",
        "tolerance",
        "long_window",
        "start",
        "min_window",
        "max_window",
        "min_samples",
        "percentile",
        "percentile",
    ];
    assert_eq!(fields, expected);
}

fn windowed(change: impl FnOnce(WindowedBuilder) -> WindowedBuilder) -> Result<(), LimitError> {
    let inner = Fixed::new(NonZeroU32::MIN);
    change(Windowed::builder()).build(inner).map(drop)
}
