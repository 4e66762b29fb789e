//! failsafe-go's adaptive limiter, against its own tests.
//!
//! Not of a limit, and so not here: `queueinglimiter_test.go` (the queue), `priority_test.go`
//! (levels, which are those of shedding), `adaptivethrottler_test.go` and the budget (what is sent
//! out), `usage_test.go` (fairness by caller). Of `adaptivelimiter_test.go`, what acquires and
//! releases permits is the layer's.

use std::time::Duration;

use floodwall_core::limit::window::{Correlation, MovingMedian, Variation, WarmMean};
use floodwall_core::limit::{
    Change, Correlated, CorrelatedBuilder, LimitAlgorithm, LimitError, Sample, Why,
};
use floodwall_core::{Moment, Outcome};

const MS: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);

/// Their `createLimiter`: windows of one sample and one second, a baseline of a second.
fn builder() -> CorrelatedBuilder {
    Correlated::builder()
        .min_window(SECOND)
        .max_window(SECOND)
        .min_samples(1)
        .baseline(SECOND)
}

/// Their `recordFn`: two seconds later.
struct Records {
    limiter: Correlated,
    now: Moment,
}

impl Records {
    fn new(builder: CorrelatedBuilder) -> Self {
        Self {
            limiter: builder.build().unwrap(),
            now: Moment::ZERO,
        }
    }

    fn told(&mut self, service: Duration, in_flight: u32, binding: bool) -> Option<Change> {
        self.now = self.now + SECOND * 2;
        let sample = Sample::new(self.now, service).in_flight(in_flight);
        self.limiter.sample(&sample.binding(binding))
    }

    fn record(&mut self, service: Duration, in_flight: u32) -> u32 {
        self.told(service, in_flight, false);
        self.limiter.limit()
    }
}

#[test]
fn adaptive_limiter_defaults() {
    assert_eq!(Correlated::builder().build().unwrap().limit(), 20);
    let builder = Correlated::builder().floor(1).ceiling(10).start(5);
    let limiter = builder.build().unwrap();
    assert_eq!((limiter.limit(), limiter.recent()), (5, 0.0));
}

#[test]
fn adaptive_limiter_record_smooths_and_filters() {
    let mut it = Records::new(builder());
    for millis in [100, 300, 200, 200, 250] {
        it.record(MS * millis, 10);
    }
    assert_eq!(it.limiter.recent(), 200e6);
    let mut median = MovingMedian::new(5);
    let medians = [100.0, 300.0, 200.0, 200.0, 250.0].map(|millis| median.add(millis));
    assert_eq!(medians, [100.0, 300.0, 200.0, 200.0, 200.0]);
}

#[test]
fn adaptive_limiter_record_increases() {
    let mut it = Records::new(builder());
    assert_eq!(it.record(SECOND, 5), 21);
    assert_eq!(it.record(MS * 500, 5), 22);
}

#[test]
fn adaptive_limiter_record_decreases() {
    let mut it = Records::new(builder());
    assert_eq!(it.record(SECOND * 2, 10), 19);
    assert_eq!(it.record(SECOND * 2, 10), 18);
}

#[test]
fn adaptive_limiter_record_holds() {
    let mut it = Records::new(builder());
    assert_eq!(it.record(MS * 1_300, 10), 20);
    assert_eq!(it.record(MS * 1_300, 10), 20);
}

#[test]
fn max_limit_stabilization_window() {
    let builder = builder().max_factor(1.5);
    let mut it = Records::new(builder.clone().stabilization(SECOND * 300));
    assert_eq!(it.record(SECOND, 20), 21);
    assert_eq!(it.record(SECOND, 5), 22, "a dip is remembered as one");
    let mut it = Records::new(builder.clone());
    assert_eq!(it.record(SECOND, 20), 21);
    assert_eq!(it.record(SECOND, 5), 20, "nothing is remembered");
    let mut it = Records::new(builder.stabilization(SECOND * 10));
    assert_eq!(it.record(SECOND, 20), 21);
    it.now = it.now + SECOND * 10;
    assert_eq!(it.record(SECOND, 5), 20, "it is too long ago");
}

/// `computeMaxLimit`, seen from outside: a limit on its way up ends there.
#[test]
fn compute_max_limit() {
    let rows = [
        (5.0, 0.0, 1.2, 100, 500),
        (5.0, 0.0, 1.2, 200, 1_000),
        (5.0, 1.0, 1.2, 10, 40),
        (5.0, 1.0, 1.2, 100, 300),
        (5.0, 1.0, 1.2, 200, 539),
        (5.0, 1.0, 1.2, 1_000, 2_000),
        (5.0, 2.0, 1.2, 10_000, 12_000),
    ];
    for (factor, decay, least, inside, expected) in rows {
        let builder = builder().max_factor(factor).factor_decay(decay, least);
        let below = builder.clone().ceiling(50_000).start(expected - 1);
        let mut it = Records::new(below);
        for _ in 0..5 {
            it.record(SECOND, inside);
        }
        assert_eq!(it.limiter.limit(), expected, "{inside} inside");
    }
}

#[test]
fn median_test() {
    let mut median = MovingMedian::new(3);
    assert_eq!((median.add(5.0), median.get()), (5.0, None));
    let mut median = MovingMedian::new(3);
    assert_eq!(
        [1.0, 2.0, 3.0].map(|value| median.add(value)),
        [1.0, 2.0, 2.0]
    );
    assert_eq!(median.get(), Some(2.0));
    assert_eq!(median.add(4.0), 3.0);
    let mut median = MovingMedian::new(5);
    let last = [5.0, 2.0, 8.0, 1.0, 9.0].map(|value| median.add(value))[4];
    assert_eq!(last, 5.0);
}

#[test]
fn ewma_test() {
    for (window, warm_up, values, expected) in [
        (5, 3, &[10.0, 20.0, 30.0][..], 20.0),
        (3, 2, &[10.0, 20.0, 30.0, 40.0], 31.0),
    ] {
        let mut mean = WarmMean::new(window, warm_up);
        values.iter().for_each(|&value| _ = mean.add(value));
        assert_eq!(mean.get().round(), expected);
    }
    let mut known = WarmMean::warmed(5, 50.0);
    assert_eq!(known.get(), 50.0);
    assert_eq!(known.add(100.0).round(), 67.0);
    assert_eq!(known.add(f64::NAN).round(), 67.0);
}

#[test]
fn rolling_sum_coefficient_of_variation() {
    let rows: [(&[f64], Option<f64>, usize); 6] = [
        (&[5.0], None, 1),
        (&[1.0, -1.0], None, 2),
        (&[5.0, 0.0, 10.0], Some(0.3333), 2),
        (&[5.0, 10.0, 15.0, 20.0], Some(0.2722), 3),
        (&[10.0, 10.0, 10.0], Some(0.0), 3),
        (&[0.0, 0.0, 5.0, 10.0], Some(0.3333), 2),
    ];
    for (values, expected, count) in rows {
        let mut variation = Variation::new(3);
        values.iter().for_each(|&value| variation.add(value));
        assert_eq!(variation.count(), count);
        match (variation.get(), expected) {
            (Some(is), Some(expected)) => assert!((is - expected).abs() < 0.0001, "{values:?}"),
            (is, expected) => assert_eq!(is, expected, "{values:?}"),
        }
    }
    let mut sliding = Variation::new(3);
    for value in [10.0, 20.0, 30.0] {
        sliding.add(value);
    }
    for (value, expected) in [(0.0, 0.4082), (40.0, 0.2722), (0.0, 0.2722)] {
        sliding.add(value);
        assert!((sliding.get().unwrap() - expected).abs() < 0.0001);
    }
}

#[test]
fn correlation_window() {
    let rows: [(&[f64], &[f64], f64); 5] = [
        (&[1.0], &[2.0], 0.0),
        (&[1.0, 2.0, 3.0], &[10.0, 20.0, 30.0], 1.0),
        (&[1.0, 2.0, 3.0], &[30.0, 20.0, 10.0], -1.0),
        (&[100.0, 100.1, 100.05], &[200.0, 200.1, 200.05], 0.0),
        (
            &[9.0, 1.0, 2.0, 3.0, 4.0],
            &[0.1, 10.0, 20.0, 30.0, 40.0],
            1.0,
        ),
    ];
    for (x, y, expected) in rows {
        let mut together = Correlation::new(3, 0);
        x.iter().zip(y).for_each(|(&x, &y)| together.add(x, y));
        assert!((together.get() - expected).abs() < 0.0001, "{x:?} {y:?}");
        assert_eq!(together.count(), x.len().min(3));
    }
    // Nothing before the warm-up, and what is very large leaves nothing behind.
    let mut together = Correlation::new(3, 3);
    together.add(1e19, 1e28);
    together.add(1.0, 10.0);
    assert_eq!(together.get(), 0.0);
    together.add(2.0, 20.0);
    together.add(3.0, 30.0);
    assert!((together.get() - 1.0).abs() < 1e-9);
    together.add(f64::NAN, 1.0);
    together.add(1.0, f64::INFINITY);
    assert!((together.get() - 1.0).abs() < 1e-9);
}

/// A step to three times the service time, for good, without the two filters (each update is fed
/// what a filter would have given): down three times, then five times nothing, then up.
#[test]
fn takes_a_threefold_slowdown_for_normal_after_nine_updates() {
    let mut it = Records::new(builder().ceiling(1_000));
    // The filters let a constant through unchanged.
    let limits: Vec<_> = (0..12).map(|_| it.record(SECOND * 3, 19)).collect();
    assert_eq!(limits, [19, 18, 17, 17, 17, 17, 17, 17, 18, 19, 20, 21]);
}

/// While it is full, more inside that brings nothing more out is a reason to come down, although
/// there is no queue to be seen.
#[test]
fn correlation_brings_a_full_limit_down() {
    let run = |binding: bool, service: fn(u32) -> Duration| {
        let mut it = Records::new(builder().start(100).baseline_age(1));
        let mut why = Vec::new();
        for k in 0..30 {
            let inside = 30 + k;
            why.extend(
                it.told(service(inside), inside, binding)
                    .map(|change| change.cause.why),
            );
        }
        why.split_off(why.len().saturating_sub(5))
    };
    // Nearly in proportion to those inside: the throughput stays nearly the same.
    let slower = |inside: u32| MS.mul_f64(10.0 * f64::from(inside).powf(0.7));
    assert!(run(true, slower).contains(&Why::ThroughputFlat));
    assert!(!run(false, slower).contains(&Why::ThroughputFlat));
    // More than in proportion: it falls.
    let much_slower = |inside: u32| MS * inside * inside;
    assert!(run(true, much_slower).contains(&Why::ThroughputFell));
    assert!(!run(false, much_slower).contains(&Why::ThroughputFell));
}

#[test]
fn only_successes_are_samples_and_50_make_a_window() {
    let mut limiter = Correlated::builder().baseline(SECOND).build().unwrap();
    let at = |k: u32| Moment::ZERO + SECOND * 2 + MS * k;
    for k in 0..500 {
        for outcome in [
            Outcome::Overload,
            Outcome::Failure,
            Outcome::Cancelled,
            Outcome::Refused,
        ] {
            let sample = Sample::new(at(k), SECOND * 9).in_flight(20);
            assert_eq!(limiter.sample(&sample.outcome(outcome)), None);
        }
    }
    for k in 0..49 {
        let sample = Sample::new(at(500 + k), SECOND).in_flight(20);
        assert_eq!(limiter.sample(&sample), None);
    }
    let sample = Sample::new(at(549), SECOND).in_flight(20);
    assert_eq!(limiter.sample(&sample).map(|change| change.to), Some(21));
}

/// The p90 of 10,000, of which a part stands for all.
#[test]
fn the_quantile_is_that_of_all_in_the_window() {
    let mut limiter = Correlated::builder().build().unwrap();
    for k in 1..=10_000_u32 {
        let service = MS + Duration::from_micros(u64::from((k * 7_919) % 10_000));
        let at = Moment::ZERO + Duration::from_micros(u64::from(k));
        // All but the first in the window that ends after a second.
        limiter.sample(&Sample::new(at, service).in_flight(20));
    }
    limiter.sample(&Sample::new(Moment::ZERO + SECOND * 2, MS * 5).in_flight(20));
    // The first window is closed at once, with the first 50.
    let millis = limiter.recent() / 1e6;
    assert!((9.0..=11.0).contains(&millis), "{millis}");
}

#[test]
fn builder_validation() {
    let fields: [Result<Correlated, LimitError>; 11] = [
        builder().min_window(SECOND * 60).build(),
        builder().min_window(Duration::ZERO).build(),
        builder().quantile(-1.0).build(),
        builder().floor(2).ceiling(2).start(1).build(),
        builder().floor(1).ceiling(2).start(3).build(),
        builder().max_factor(0.5).build(),
        builder().factor_decay(-1.0, 1.2).build(),
        builder().factor_decay(1.0, 0.5).build(),
        builder().min_samples(0).build(),
        builder().correlation_window(1).build(),
        builder().baseline(Duration::ZERO).build(),
    ];
    let fields = fields.map(|result| result.unwrap_err().field());
    let expected = [
        "max_window",
        "min_window",
        "quantile",
        "start",
        "start",
        "max_factor",
        "factor_decay",
        "min_factor",
        "min_samples",
        "correlation_window",
        "baseline",
    ];
    assert_eq!(fields, expected);
}
