//! What it costs that a limit learns: an algorithm that does nothing shows what the way to it costs.

use std::hint::black_box;

use floodwall::admit::AdmitLayer;
use floodwall::limit::{Fixed, LimitAlgorithm, Marginal, Sample};
use floodwall::{ConcurrencyLimit, Now, adaptive};
use floodwall_core::Moment;
use std::time::Duration;
use tower::Layer;

use super::work::{Noop, cycle};
use crate::case::{Case, Contender};

/// High enough that nobody ever waits.
const LIMIT: u32 = 64;

pub(crate) fn admission() -> Case {
    let about = "one request through a limit with free places, and the sample that it becomes";
    Case::new("adaptive_admission", about, "fixed", |_| {
        let fixed = AdmitLayer::new(ConcurrencyLimit::new(LIMIT)).layer(Noop);
        let mut timed = cycle(fixed.clone());
        let deaf = AdmitLayer::new(moved_by(deaf())).layer(Noop);
        let marginal = AdmitLayer::new(ConcurrencyLimit::adaptive()).layer(Noop);
        vec![
            Contender::new("fixed", cycle(fixed)),
            // A sample has two times; reading them is most of what it costs.
            Contender::new("fixed_and_clock", move || {
                black_box((Now::unread().instant(), Now::unread().instant()));
                timed()
            }),
            Contender::new("deaf", cycle(deaf)),
            Contender::new("marginal", cycle(marginal)).allocations(0.0),
        ]
    })
}

pub(crate) fn sample() -> Case {
    let about = "one sample told to an algorithm, without the way to it";
    Case::new("adaptive_sample", about, "deaf", |_| {
        let mut marginal = Marginal::new();
        let mut at = Moment::ZERO;
        let mut deaf = deaf();
        vec![
            Contender::new("deaf", move || deaf.sample(&black_box(taken(Moment::ZERO)))),
            Contender::new("marginal", move || {
                at = at + Duration::from_micros(100);
                marginal.sample(&black_box(taken(at)))
            }),
        ]
    })
}

/// Of a limit that binds, so that there is something to learn.
fn taken(at: Moment) -> Sample {
    Sample::new(at, Duration::from_millis(2))
        .in_flight(20)
        .binding(true)
}

fn deaf() -> Fixed {
    Fixed::new(LIMIT.try_into().expect("it is not 0"))
}

fn moved_by(algorithm: impl LimitAlgorithm) -> ConcurrencyLimit {
    let built = adaptive().with_algorithm(algorithm).build();
    built.expect("nothing was said that could be wrong")
}
