//! What keeps to a window: counts, waiting times, peaks, means.

use std::time::Duration;

use floodwall_core::Moment;
use floodwall_core::stats::{Drift, Ewma, Latencies, Peak, Trend, Window};
use proptest::collection::vec;
use proptest::prelude::*;

const TEN: Duration = Duration::from_secs(10);

fn at(millis: u64) -> Moment {
    Moment::ZERO + Duration::from_millis(millis)
}

#[test]
fn rates_of_several_are_those_of_each_whatever_their_lengths() {
    let seconds = Duration::from_secs;
    let windows = [10, 10, 60, 10].map(|length| Window::new(seconds(length)));
    let [often, seldom, long, never] = &windows;
    for millis in 0..12_345 {
        often.count(at(millis));
        if millis % 7 == 0 {
            seldom.count(at(millis));
            long.count(at(millis));
        }
    }
    for now in [at(12_345), at(15_001), at(22_400), at(90_000)] {
        let each = windows.each_ref().map(|window| window.per_second(now));
        assert_eq!(Window::per_second_each(windows.each_ref(), now), each);
        assert_eq!(never.per_second(now), 0.0);
    }
}

#[test]
fn an_event_counts_for_the_window_and_fades_within_a_tenth_of_it() {
    let window = Window::new(TEN);
    window.count(at(500));
    assert!((window.sum(at(500)) - 1.0).abs() < 1e-9);
    assert!((window.sum(at(9_999)) - 1.0).abs() < 1e-9);
    assert!((window.sum(at(10_250)) - 0.75).abs() < 1e-9);
    assert!(window.sum(at(11_000)).abs() < 1e-9);
    // The cell comes round again after 16 slots.
    assert!(window.sum(at(16_500)).abs() < 1e-9);
}

#[test]
fn the_first_seconds_are_not_taken_for_a_whole_window() {
    let window = Window::new(TEN);
    for milli in 0..3_000 {
        window.count(at(milli));
    }
    assert!((window.per_second(at(3_000)) - 1_000.0).abs() < 1.0);
}

#[test]
fn one_who_counts_late_finds_the_slot_and_spoils_no_newer_one() {
    let window = Window::new(TEN);
    window.count(at(8_000));
    window.count(at(4_000));
    assert!((window.sum(at(9_000)) - 2.0).abs() < 1e-9);
    // The slot of 4 s belongs to 20 s now.
    window.count(at(20_000));
    window.count(at(4_000));
    assert!((window.sum(at(20_000)) - 1.0).abs() < 1e-9);
}

#[test]
fn what_is_taken_back_was_never_counted() {
    let window = Window::new(TEN);
    window.count(at(1_000));
    window.count(at(1_000));
    window.take_back(at(1_000));
    window.take_back(at(2_000));
    assert!((window.sum(at(2_000)) - 1.0).abs() < 1e-9);
}

#[test]
fn threads_lose_no_event() {
    let window = Window::new(TEN);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for event in 0..10_000 {
                    window.count(at(event / 10));
                }
            });
        }
    });
    assert!((window.sum(at(1_000)) - 40_000.0).abs() < 1e-9);
}

#[test]
fn waiting_times_are_forgotten_after_their_window() {
    let waits = Latencies::new(Duration::from_secs(1));
    waits.record(at(0), Duration::from_millis(100));
    assert_eq!(waits.summary(at(999)).count, 1);
    assert_eq!(waits.summary(at(1_500)).count, 0);
    assert_eq!(waits.summary(at(1_500)).max, Duration::ZERO);
    // The slot is used again.
    waits.record(at(1_500), Duration::from_millis(1));
    assert_eq!(waits.summary(at(1_500)).p99, Duration::from_millis(1));
}

#[test]
fn nobody_who_waited_leaves_all_at_zero() {
    let waits = Latencies::new(Duration::from_secs(1));
    for _ in 0..10 {
        waits.record(at(0), Duration::ZERO);
    }
    let summary = waits.summary(at(0));
    assert_eq!((summary.count, summary.p99), (10, Duration::ZERO));
}

#[test]
fn several_are_read_as_one() {
    let (a, b) = (Latencies::new(TEN), Latencies::new(TEN));
    for _ in 0..9 {
        a.record(at(0), Duration::from_millis(1));
    }
    b.record(at(0), Duration::from_secs(1));
    let both = Latencies::summary_of([&a, &b], at(0));
    assert_eq!((both.count, both.max), (10, Duration::from_secs(1)));
    assert!(both.p90 < Duration::from_millis(2), "{both:?}");
    assert_eq!(both.p99, Duration::from_secs(1));
}

#[test]
fn a_mean_leaves_out_what_is_no_number() {
    let mut mean = Ewma::new(TEN);
    mean.add(at(0), f64::NAN);
    assert_eq!(mean.get(), None);
    mean.add(at(0), 2.0);
    mean.add(at(1_000), f64::INFINITY);
    assert_eq!((mean.get(), mean.last()), (Some(2.0), Some(at(0))));
}

#[test]
fn a_step_is_a_trend_until_it_is_the_usual() {
    let mut drift = Drift::new(0.05);
    let mut seen = Vec::new();
    for second in 0..200 {
        let value = if second < 60 { 0.2 } else { 0.8 };
        drift.add(at(second * 1_000), value);
        seen.push(drift.trend());
    }
    assert!(seen[..60].iter().all(|trend| *trend == Trend::Steady));
    assert_eq!(seen[65], Trend::Rising);
    assert_eq!(seen[199], Trend::Steady);
}

proptest! {
    #[test]
    fn a_quantile_is_never_too_low_and_at_most_half_too_high(
        mut micros in vec(0_u64..30_000_000, 1..200)
    ) {
        let waits = Latencies::new(TEN);
        for &one in &micros {
            waits.record(at(0), Duration::from_micros(one));
        }
        micros.sort_unstable();
        let summary = waits.summary(at(0));
        prop_assert_eq!(summary.max, Duration::from_micros(micros[micros.len() - 1]));
        for (percent, told) in [(50, summary.p50), (90, summary.p90), (99, summary.p99)] {
            let exact = micros[(micros.len() * percent).div_ceil(100) - 1];
            let told = u64::try_from(told.as_micros()).unwrap();
            prop_assert!(told >= exact, "{percent} %: {told} < {exact}");
            prop_assert!(told <= (exact * 3 / 2).max(64), "{percent} %: {told} >> {exact}");
        }
    }

    #[test]
    fn no_moment_makes_them_panic(
        length in any::<u64>(),
        moments in vec((any::<u64>(), any::<u64>()), 0..50)
    ) {
        let length = Duration::from_nanos(length);
        let (window, waits, peak) = (Window::new(length), Latencies::new(length), Peak::new(length));
        for (now, duration) in moments {
            let (now, duration) = (Moment::from_nanos(now), Duration::from_nanos(duration));
            window.count(now);
            window.take_back(now);
            waits.record(now, duration);
            peak.record(now, duration);
            prop_assert!(window.per_second(now) >= 0.0);
            prop_assert!(waits.summary(now).max >= waits.summary(now).p50);
            let _ = peak.get(now);
        }
    }
}

#[test]
fn each_and_all_are_read_at_once() {
    let (a, b) = (Latencies::new(TEN), Latencies::new(TEN));
    for millis in 1..=100 {
        a.record(at(0), Duration::from_millis(millis));
    }
    b.record(at(0), Duration::from_secs(1));
    let (each, all) = Latencies::summaries([Some(&b), None, Some(&a)], at(0));
    let nothing = Latencies::new(TEN).summary(at(0));
    assert_eq!(each, [b.summary(at(0)), nothing, a.summary(at(0))]);
    assert_eq!(all, Latencies::summary_of([&a, &b], at(0)));
}
