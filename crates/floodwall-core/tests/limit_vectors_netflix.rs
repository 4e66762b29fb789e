//! The limits of Netflix concurrency-limits, against the figures of their own tests.
//!
//! Not of a limit, and so not here: `AbstractPartitionedLimiterTest` (shared capacity),
//! `LifoBlockingLimiterTest` (the queue), `SimpleLimiterTest` (the layer that counts who is inside).

use std::num::NonZeroU32;
use std::time::Duration;

use floodwall_core::limit::window::{Reservoir, SampleWindow, Tracked, WarmMean};
use floodwall_core::limit::{
    Aimd, Fixed, Gradient2, LimitAlgorithm, Sample, Settable, Step, Vegas, VegasBuilder, Why,
    Windowed, log10_root,
};
use floodwall_core::{Moment, Outcome};

const MS: Duration = Duration::from_millis(1);
const US: Duration = Duration::from_micros(1);

fn took(millis: u32, in_flight: u32) -> Sample {
    Sample::new(Moment::ZERO, MS * millis).in_flight(in_flight)
}

fn at(millis: u32, service: Duration, in_flight: u32) -> Sample {
    Sample::new(Moment::ZERO + MS * millis, service).in_flight(in_flight)
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

#[test]
fn exp_avg_measurement_test() {
    let mut mean = WarmMean::new(100, 10);
    let expected = [10.0, 10.5, 11.0, 11.5, 12.0, 12.5, 13.0, 13.5, 14.0, 14.5];
    for (value, expected) in (10..20).zip(expected) {
        assert!((mean.add(f64::from(value)) - expected).abs() < 0.01);
    }
    assert!((mean.add(100.0) - 16.2).abs() < 0.1, "{}", mean.get());
}

#[test]
fn log10_root_int_function_test() {
    assert_eq!([0, 100, 10_000].map(log10_root), [1, 2, 4]);
    assert_eq!(
        [1, 9, 10, 99, 999, 1_000].map(log10_root),
        [1, 1, 1, 1, 2, 3]
    );
}

#[test]
fn immutable_average_and_percentile_sample_window_test() {
    let orders = [[5_000, 500, 10], [10, 5_000, 500], [500, 10, 5_000]];
    let rows = [
        (Tracked::Average, Duration::from_nanos(1_836_666_666)),
        (Tracked::Percentile(0.5), MS * 500),
        (Tracked::Percentile(0.999), MS * 5_000),
    ];
    for (tracked, expected) in rows {
        for order in orders {
            let mut window = SampleWindow::new(tracked, 1);
            for millis in order {
                window.add(MS * millis, 1, false);
            }
            assert_eq!(window.service(), expected, "{tracked:?} of {order:?}");
            assert_eq!((window.count(), window.fastest()), (3, Some(MS * 10)));
            assert!(!window.dropped());
            window.add(MS, 7, true);
            assert_eq!(window.fastest(), Some(MS));
            assert!(window.dropped());
            assert_eq!(window.most_in_flight(), 7);
        }
    }
}

#[test]
fn a_percentile_has_its_rank_rounded() {
    for (share, expected) in [(0.84, 8), (0.85, 9), (0.001, 1), (1.0, 10)] {
        let mut window = SampleWindow::new(Tracked::Percentile(share), 1);
        (1..=10).for_each(|millis| window.add(MS * millis, 1, false));
        assert_eq!(window.service(), MS * expected, "{share}");
    }
}

/// The early ones and the late ones have the same chance.
#[test]
fn a_part_stands_for_all_of_them() {
    for seed in 0..20 {
        let mut kept = Reservoir::new(1_024, seed);
        (1..=100_000).for_each(|value| kept.add(value));
        assert_eq!(kept.count(), 100_000);
        for (share, expected) in [(0.1, 10_000.0), (0.5, 50_000.0), (0.9, 90_000.0)] {
            let is = kept.quantile(share).unwrap() as f64;
            // Four standard deviations of the median's rank.
            assert!((is - expected).abs() < 6_300.0, "{is} at {share}");
        }
        kept.clear();
        assert_eq!((kept.count(), kept.quantile(0.5)), (0, None));
    }
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
fn windowed_limit_hands_on_the_mean_the_most_inside_and_any_drop() {
    let vegas = || Vegas::builder().start(100).smoothing(1.0).build().unwrap();
    let mut windowed = Windowed::builder().build(vegas()).unwrap();
    // The first sample closes the empty first window, and one sample is too few.
    assert_eq!(windowed.sample(&at(1, MS * 10, 100)), None);
    for k in 0..10 {
        windowed.sample(&at(100 + k, MS * (5 + k), 3 + k));
    }
    windowed.sample(&at(1_001, MS * 10, 1));
    assert_eq!(
        windowed.limit(),
        100,
        "the window is closed after its end only"
    );
    windowed.sample(&at(1_002, MS * 10, 1));
    // The mean of 5 to 14 ms and twice 10 ms, to the nanosecond.
    let inner = format!("{:?}", windowed.inner());
    assert!(inner.contains("best: Some(9583333)"), "{inner}");
    // The next: one drop among many, at the best service time there was.
    for k in 0..9 {
        windowed.sample(&at(1_100 + k, MS * 9, 60));
    }
    windowed.sample(&at(1_200, MS * 9, 60).outcome(Outcome::Overload));
    let change = windowed.sample(&at(2_003, MS * 900, 1));
    let change = change.expect("ten times 9 ms and one of 900 ms");
    assert_eq!((change.to, change.cause.why), (98, Why::Dropped));
    assert_eq!(windowed.name(), "vegas");
}

#[test]
fn windowed_limit_throws_away_small_windows_and_fast_samples() {
    let mut windowed = Windowed::builder()
        .build(Vegas::builder().start(100).build().unwrap())
        .unwrap();
    let fill = |windowed: &mut Windowed<Vegas>, from: u32, count: u32, service| {
        for k in 0..count {
            windowed.sample(&at(from + k, service, 100));
        }
    };
    // Nine in a window: as if nothing had been. The first sample of all is a window of its own.
    fill(&mut windowed, 1, 9, MS * 10);
    fill(&mut windowed, 2_000, 9, MS * 10);
    fill(&mut windowed, 4_000, 1, MS * 10);
    assert!(format!("{:?}", windowed.inner()).contains("best: None"));
    // 99 µs do not count, 100 µs do.
    fill(&mut windowed, 6_000, 50, US * 99);
    fill(&mut windowed, 8_000, 50, US * 99);
    assert!(format!("{:?}", windowed.inner()).contains("best: None"));
    fill(&mut windowed, 10_000, 50, US * 100);
    fill(&mut windowed, 12_000, 1, US * 100);
    assert!(format!("{:?}", windowed.inner()).contains("best: Some(100000)"));
}

#[test]
fn windowed_limit_hands_on_a_percentile_of_any_number() {
    for (share, expected) in [(0.5, 50_000), (0.99, 99_000)] {
        let builder = Windowed::builder().percentile(share);
        let mut windowed = builder.build(Vegas::builder().build().unwrap()).unwrap();
        // 1 to 100 ms, 100,000 of them in the window that ends at 1.001 s.
        for k in 0..100_000_u32 {
            let service = US * (1 + (k * 7_919) % 100_000);
            let sample = Sample::new(Moment::ZERO + US * (2 + k), service);
            windowed.sample(&sample);
        }
        windowed.sample(&at(1_002, MS * 50, 1));
        let inner = format!("{:?}", windowed.inner());
        let best = inner.split("best: Some(").nth(1).unwrap();
        let best: f64 = best[..best.find(')').unwrap()].parse().unwrap();
        let micros = best / 1_000.0;
        assert!((micros - f64::from(expected)).abs() < 5_000.0, "{micros}");
    }
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

fn windowed(
    change: impl FnOnce(
        floodwall_core::limit::WindowedBuilder,
    ) -> floodwall_core::limit::WindowedBuilder,
) -> Result<(), floodwall_core::limit::LimitError> {
    let inner = Fixed::new(NonZeroU32::MIN);
    change(Windowed::builder()).build(inner).map(drop)
}
