//! Bounds that can be said, and what cannot be.

use floodwall::concurrency::ConcurrencyLimitBuilder;
use floodwall::limit::{Fixed, LimitAlgorithm};
use floodwall::{ConcurrencyLimit, ConcurrencyLimitLayer, adaptive};

use super::script::ms;

#[track_caller]
fn refused(builder: ConcurrencyLimitBuilder, field: &str, fix: &str) {
    let error = builder.build().unwrap_err();
    assert_eq!(error.field(), field, "{error}");
    assert!(error.to_string().contains(fix), "{error}");
}

fn fixed(limit: u32) -> Fixed {
    Fixed::new(limit.try_into().unwrap())
}

#[tokio::test]
async fn bounds_that_contradict_each_other_name_the_field() {
    refused(adaptive().floor(0), "floor", "at least 1");
    refused(adaptive().floor(9).ceiling(8), "ceiling", "floor of 9");
    refused(adaptive().start(5).floor(6), "start", "floor 6");
    refused(adaptive().latency_ceiling(ms(0)), "latency_ceiling", "more");
    refused(ConcurrencyLimit::builder(8).floor(2), "floor", "adaptive()");
    refused(ConcurrencyLimit::builder(8).start(2), "start", "adaptive()");
    let own = adaptive().with_algorithm(fixed(3));
    refused(own.ceiling(9), "ceiling", "set them there");
    refused(adaptive().queue(ms(0)), "queue", "more than zero");
}

#[tokio::test]
async fn who_sets_bounds_need_not_know_where_it_begins() {
    let starts =
        |builder: ConcurrencyLimitBuilder| builder.build().unwrap().handle().snapshot().limit;
    assert_eq!(starts(adaptive()), 20);
    assert_eq!(starts(adaptive().floor(50)), 50);
    assert_eq!(starts(adaptive().ceiling(8)), 8);
    assert_eq!(starts(adaptive().start(5)), 5);
}

#[tokio::test]
async fn any_algorithm_can_move_it() {
    let boxed: Box<dyn LimitAlgorithm> = Box::new(fixed(3));
    let limit = adaptive().with_algorithm(boxed).build().unwrap();
    let snapshot = limit.handle().snapshot();
    assert_eq!(
        (snapshot.limit, snapshot.adaptive.unwrap().algorithm),
        (3, "fixed")
    );
    let layer = ConcurrencyLimitLayer::with_algorithm(fixed(5));
    assert_eq!(layer.handle().snapshot().limit, 5);
    let layer = ConcurrencyLimitLayer::adaptive();
    assert_eq!(
        layer.handle().snapshot().adaptive.unwrap().algorithm,
        "marginal"
    );
    assert_eq!(ConcurrencyLimit::new(5).handle().snapshot().adaptive, None);
}

#[tokio::test]
async fn nobody_moves_it_by_hand() {
    let handle = ConcurrencyLimit::adaptive().handle();
    let error = handle.set_limit(5).unwrap_err();
    assert_eq!(error.field(), "limit");
    let text = error.to_string();
    for word in ["marginal", "floor", "ceiling"] {
        assert!(text.contains(word), "{text}");
    }
    assert_eq!(handle.snapshot().limit, 20);
}
