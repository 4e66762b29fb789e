//! Envoy's gradient, against its own `gradient_controller_test.cc`, test by test.
//!
//! Not here: `MultiThreadSampleInteractions`, as a limit is changed by one thread at a time. Who is
//! let in and who is blocked at a limit is the business of the layer; here the limit is asked.

mod limit_support;

use floodwall_core::Outcome;
use floodwall_core::limit::{EnvoyGradient, LimitAlgorithm, Sample};
use limit_support::{MS, SECOND, Simulated, builder};

#[test]
fn min_rtt_epoch() {
    let builder = builder().request_count(25).floor(2).start(2).buffer(0.0);
    let mut it = Simulated::new(builder);
    it.advance(MS * 1_350);
    assert!(it.controller.measures());
    assert_eq!(it.limit(), 2);
    it.measure(25, MS * 1_350);
    let mut last = it.limit();
    for _ in 0..29 {
        it.advance(MS * 900);
        it.sample(MS * 1_350);
        it.advance(MS * 100);
        assert!(it.limit() > last);
        last = it.limit();
    }
    // Many are inside as the next measurement begins.
    let inside = it.limit();
    assert!(inside > 25);
    it.advance(SECOND * 5);
    assert!(it.controller.measures());
    assert_eq!(it.limit(), 2);
    it.samples(inside, SECOND * 300);
    assert!(
        it.controller.measures(),
        "old samples ended the measurement"
    );
    // What began after it does.
    it.advance(SECOND);
    it.samples(25, MS);
    assert!(!it.controller.measures());
    assert_eq!(it.limit(), last);
}

#[test]
fn min_rtt_logic_test() {
    let mut it = Simulated::new(builder().request_count(50).floor(7).start(7));
    assert!(it.controller.measures());
    for _ in 0..50 {
        assert_eq!((it.limit(), it.controller.at_ease()), (7, None));
        it.sample(MS * 13);
    }
    assert!(!it.controller.measures());
    assert_eq!(it.controller.at_ease(), Some(MS * 13));
}

#[test]
fn cancel_latency_sample() {
    let mut it = Simulated::new(builder());
    for millis in 1..=5 {
        it.sample(MS * millis);
    }
    assert_eq!(it.controller.at_ease(), Some(MS * 3));
}

/// Their test asks whether a place is free again; here, that nothing was learnt.
#[test]
fn sample_percentile_process_test() {
    let mut it = Simulated::new(builder());
    for outcome in [Outcome::Cancelled, Outcome::Refused] {
        for _ in 0..50 {
            let sample = Sample::new(it.now, MS).outcome(outcome);
            assert_eq!(it.controller.sample(&sample), None);
        }
    }
    assert!(it.controller.measures());
    // Every answer counts, an error too.
    for outcome in [Outcome::Failure, Outcome::Overload, Outcome::Success] {
        let sample = Sample::new(it.now, MS).outcome(outcome);
        it.controller.sample(&sample);
    }
    it.samples(2, MS);
    assert!(!it.controller.measures());
}

#[test]
fn min_rtt_buffer_test() {
    let mut it = Simulated::new(builder().buffer(0.5));
    assert_eq!(it.limit(), 3);
    it.measure(5, MS * 5);
    for _ in 0..10 {
        let last = it.limit();
        it.samples(5, MS * 6);
        it.advance(MS * 101);
        assert!(it.limit() > last);
    }
}

#[test]
fn concurrency_limit_behavior_test_basic() {
    let mut it = Simulated::new(builder().buffer(0.1).floor(7).start(7));
    assert_eq!(it.limit(), 7);
    it.measure(5, MS * 5);
    it.advance(MS * 101);
    assert!((7..=14).contains(&it.limit()));
    for _ in 0..10 {
        let last = it.limit();
        it.samples(5, MS * 4);
        it.advance(MS * 101);
        assert!((last..=2 * last).contains(&it.limit()));
    }
    for _ in 0..10 {
        let last = it.limit();
        it.samples(5, MS * 6);
        it.advance(MS * 101);
        assert!((7..last).contains(&it.limit()));
    }
}

/// Runs up from 3 and on to the next measurement.
fn until_the_second_measurement() -> (Simulated, u32) {
    let mut it = Simulated::new(builder());
    assert_eq!(it.limit(), 3);
    it.measure(5, MS * 5);
    it.advance(SECOND);
    for _ in 0..5 {
        let last = it.limit();
        it.samples(5, MS * 4);
        it.advance(MS * 101);
        assert!(it.limit() > last);
    }
    let limit = it.limit();
    it.advance(SECOND * 31);
    assert_eq!(it.limit(), 3);
    (it, limit)
}

#[test]
fn min_rtt_return_to_previous_limit() {
    let (mut it, before) = until_the_second_measurement();
    it.advance(SECOND);
    for _ in 0..5 {
        assert_eq!(it.limit(), 3);
        it.sample(MS * 13);
    }
    assert_eq!(it.limit(), before);
}

#[test]
fn min_rtt_reschedule_test() {
    let (mut it, _) = until_the_second_measurement();
    it.advance(MS * 101);
    assert_eq!(it.limit(), 3);
}

#[test]
fn no_samples_test() {
    let mut it = Simulated::new(builder());
    it.measure(5, MS * 5);
    for _ in 0..5 {
        it.samples(5, MS * 4);
        it.advance(MS * 101);
    }
    let last = it.limit();
    assert!(last > 3);
    for _ in 0..5 {
        it.advance(MS * 101);
        assert_eq!(it.limit(), last);
    }
}

#[test]
fn timer_accuracy_test() {
    let interval = SECOND * 100;
    assert_eq!(EnvoyGradient::jittered(interval, 0.1, 15_000), SECOND * 105);
    // TimerAccuracyTestNoJitter
    let interval = SECOND * 45;
    assert_eq!(EnvoyGradient::jittered(interval, 0.0, 15_000), interval);
    // And it is what is waited: between one and 1.1 intervals, different by the seed.
    let mut ends = Vec::new();
    for seed in 0..20 {
        let builder = EnvoyGradient::builder().jitter(0.1).request_count(5);
        let builder = builder.measure_interval(SECOND).seed(seed);
        let mut it = Simulated::new(builder);
        let begin = it.now;
        it.samples(5, MS);
        while !it.controller.measures() {
            it.advance(MS);
        }
        let waited = it.now.since(begin);
        assert!((MS * 1_000..MS * 1_100).contains(&waited), "{waited:?}");
        ends.push(waited);
    }
    ends.sort_unstable();
    ends.dedup();
    assert!(ends.len() > 10, "{ends:?}");
}

#[test]
fn consecutive_min_concurrency_reset() {
    let builder = builder().measure_interval(SECOND * 3_600).buffer(0.0);
    let mut it = Simulated::new(builder.floor(7).start(7));
    it.measure(5, MS * 5);
    it.advance(MS * 101);
    assert!((7..=14).contains(&it.limit()));
    for _ in 0..5 {
        it.samples(5, MS * 10);
        it.advance(MS * 101);
    }
    assert_eq!((it.limit(), it.controller.measures()), (7, false));
    for round in 0..10 {
        let last = it.limit();
        it.samples(5, MS * 10);
        it.advance(MS * 101);
        assert!(it.limit() >= last);
        // The samples of round 1 had begun before the measurement did.
        assert_eq!(it.controller.measures(), round < 2, "round {round}");
    }
    // The slow service is the normal one now, and the limit grows.
    assert_eq!(it.controller.at_ease(), Some(MS * 10));
    assert!(it.limit() > 7);
}

#[test]
fn default_values_test() {
    let mut it = Simulated::new(EnvoyGradient::builder().jitter(0.0));
    // Intervals are counted from the end of the measurement.
    it.advance(MS * 30);
    // A floor of 3, and 50 requests.
    for _ in 0..50 {
        assert!(it.controller.measures());
        assert_eq!(it.limit(), 3);
        it.sample(MS * 10);
    }
    // A buffer of a quarter, the median, every 100 ms: 3 × 1.25 and the root of it.
    it.samples(6, MS * 10);
    it.samples(5, MS * 10_000);
    it.advance(MS * 99);
    assert_eq!(it.limit(), 3);
    it.advance(MS);
    assert_eq!(it.limit(), 5);
    // At most 1,000.
    for _ in 0..40 {
        it.samples(1, MS);
        it.advance(MS * 100);
    }
    assert_eq!(it.limit(), 1_000);
    // Every 60 s, not before.
    it.advance(MS * (59_999 - 4_100));
    assert!(!it.controller.measures());
    it.advance(MS);
    assert!(it.controller.measures());
    assert_eq!(it.limit(), 3);
    // And up to 15 % later.
    let jittered = EnvoyGradient::builder().seed(3);
    let mut it = Simulated::new(jittered);
    it.samples(50, MS);
    it.advance(SECOND * 60 - MS);
    assert!(!it.controller.measures());
    it.advance(SECOND * 9);
    assert!(it.controller.measures());
}
