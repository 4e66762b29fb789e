//! Envoy's gradient beyond its own tests: where it comes to rest, what it says, what it bears.

mod limit_support;

use std::time::Duration;

use floodwall_core::Moment;
use floodwall_core::limit::{LimitAlgorithm, Sample, Why};
use limit_support::{MS, SECOND, Simulated, builder};

#[test]
fn basic_test_and_clamping_are_errors_of_the_builder() {
    let fields = [
        builder().percentile(1.5).build(),
        builder().percentile(-0.5).build(),
        builder().jitter(1.5).build(),
        builder().buffer(f64::NAN).build(),
        builder().floor(0).build(),
        builder().ceiling(2).build(),
        builder().start(2).build(),
        builder().request_count(0).build(),
        builder().update_interval(Duration::ZERO).build(),
        builder().measure_interval(Duration::ZERO).build(),
    ]
    .map(|result| result.unwrap_err().field());
    let expected = [
        "percentile",
        "percentile",
        "jitter",
        "buffer",
        "floor",
        "ceiling",
        "start",
        "request_count",
        "update_interval",
        "measure_interval",
    ];
    assert_eq!(fields, expected);
}

/// At a gradient of g it comes to rest at g / (1 - g)²: what is taken away is the root that is added.
#[test]
fn comes_to_rest_where_the_root_makes_up_for_the_gradient() {
    for (gradient, rest) in [(0.5, 2.0), (0.8, 20.0), (0.9, 90.0)] {
        let builder = builder().buffer(0.0).floor(1).start(200);
        let mut it = Simulated::new(builder.measure_interval(SECOND * 3_600));
        it.measure(5, MS * 9);
        for _ in 0..200 {
            it.samples(1, (MS * 9).div_f64(gradient));
            it.advance(MS * 100);
        }
        let limit = f64::from(it.limit());
        // The whole part is taken in each step, so that it ends a little below.
        assert!(
            limit <= rest && limit >= rest * 0.9 - 2.0,
            "{limit} at {gradient}"
        );
    }
}

/// What came between the last update and a measurement is no part of that.
#[test]
fn a_measurement_begins_with_nothing() {
    let builder = builder().update_interval(MS * 70).measure_interval(SECOND);
    let mut it = Simulated::new(builder);
    it.measure(5, MS);
    it.advance(MS * 990);
    it.samples(4, MS * 2);
    it.advance(MS * 20);
    assert!(it.controller.measures());
    it.samples(4, MS * 3);
    assert!(it.controller.measures(), "four samples ended it");
    it.samples(1, MS * 3);
    assert_eq!(it.controller.at_ease(), Some(MS * 3));
}

#[test]
fn each_change_says_why() {
    let mut it = Simulated::new(builder().start(50));
    let mut changes = Vec::new();
    let mut feed = |it: &mut Simulated, count: u32, latency: Duration| {
        for _ in 0..count {
            changes.extend(it.controller.sample(&Sample::new(it.now, latency)));
        }
        it.now = it.now + MS * 100;
        changes.extend(it.controller.tick(it.now));
    };
    feed(&mut it, 5, MS * 5);
    feed(&mut it, 1, MS * 5);
    feed(&mut it, 1, MS * 20);
    it.now = it.now + SECOND * 30;
    feed(&mut it, 1, MS * 5);
    let told: Vec<_> = changes.iter().map(ToString::to_string).collect();
    let expected = [
        "limit 3 -> 50: trial over",
        "limit 50 -> 70: latency low, latency x1.0",
        "limit 70 -> 40: latency rose, latency x4.0",
        "limit 40 -> 3: trial",
    ];
    assert_eq!(told, expected);
    assert_eq!(changes[3].cause.why, Why::Probe);
}

/// Times that run back for good: it goes on measuring and moving.
#[test]
fn bears_a_clock_that_ran_back() {
    let mut it = Simulated::new(builder());
    it.now = Moment::ZERO + SECOND * 100_000_000;
    it.measure(5, MS * 5);
    it.samples(5, MS * 5);
    it.now = Moment::ZERO + SECOND;
    let last = it.limit();
    for _ in 0..5 {
        it.samples(5, MS * 5);
        it.advance(MS * 100);
    }
    assert!(it.limit() > last);
    it.advance(SECOND * 61);
    assert!(it.controller.measures());
}
