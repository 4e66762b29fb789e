//! What the limits of Netflix concurrency-limits are told: means, windows and percentiles of samples,
//! against the figures of their own tests.

use std::time::Duration;

use floodwall_core::limit::window::{Reservoir, SampleWindow, Tracked, WarmMean};
use floodwall_core::limit::{LimitAlgorithm, Sample, Vegas, Why, Windowed, log10_root};
use floodwall_core::{Moment, Outcome};

const MS: Duration = Duration::from_millis(1);
const US: Duration = Duration::from_micros(1);

fn at(millis: u32, service: Duration, in_flight: u32) -> Sample {
    Sample::new(Moment::ZERO + MS * millis, service).in_flight(in_flight)
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
