//! Every order in which one comes to a full limit while a place is given back.

use std::sync::Arc;
use std::task::Waker;

use floodwall_core::queue::QueueConfig;
use floodwall_core::{Moment, PolicyName, Priority};

use super::{Came, Partition, Shared};
use crate::concurrency::gate::PLAIN_LOADS;
use crate::concurrency::{ConcurrencyLimitBuilder, LimitChoice};
use crate::observe::Observer;

const NOW: Moment = Moment::from_nanos(1);

fn one_place() -> Arc<Shared> {
    let name = PolicyName::from_static("model");
    let observer = Arc::new(Observer::new("concurrency", name));
    let limit = ConcurrencyLimitBuilder::begin(LimitChoice::fixed(1)).no_queue();
    let (core, _) = limit.make(name, 1, observer).unwrap();
    let partitions = vec![Partition::new("a", 500_000), Partition::new("b", 500_000)];
    Arc::new(Shared::new(core, partitions, &QueueConfig::default()))
}

fn leave(shared: &Shared, partition: usize) {
    shared.leaves(partition);
    shared.core.gate.leave(|| NOW);
    shared.has_room();
}

#[test]
fn loom_nobody_waits_while_a_place_is_free() {
    for plain_loads in [false, true] {
        PLAIN_LOADS.set(plain_loads);
        let mut builder = loom::model::Builder::new();
        builder.preemption_bound = builder.preemption_bound.or(Some(3));
        builder.check(one_comes_while_one_leaves);
    }
}

fn one_comes_while_one_leaves() {
    let shared = one_place();
    assert!(shared.try_enter(0));
    let comes = {
        let shared = Arc::clone(&shared);
        loom::thread::spawn(move || {
            if shared.try_enter(1) {
                return None;
            }
            match shared.come(1, NOW, Priority::NORMAL, None, Waker::noop()) {
                Came::Entered => None,
                Came::Waits(place) => Some(place),
                Came::Refused(reason) => panic!("{reason}"),
            }
        })
    };
    leave(&shared, 0);
    if let Some(place) = comes.join().unwrap() {
        assert_eq!(
            place.seat.decided(),
            Some(Ok(())),
            "it sleeps on a free place"
        );
    }
    leave(&shared, 1);
    assert_eq!(shared.core.gate.in_flight(), 0);
}
