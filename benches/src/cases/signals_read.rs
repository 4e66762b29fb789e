//! What it costs to look at the signals: one of them, all of them, all as text. All eight classes are in use.

use std::time::Duration;

use floodwall::signals::Signal;
use floodwall::{Admission, ConcurrencyLimit, Now, Priority, Signals};

use crate::case::{Case, Contender};

pub(crate) fn case() -> Case {
    let about = "reading the signals while eight classes are in use";
    Case::new("signals_read", about, "snapshot", |_| {
        let signals = Signals::new();
        let limit = ConcurrencyLimit::new(64);
        signals
            .watch_limit(&limit.handle())
            .expect("there is room for one");
        let observed = signals.observe(limit);
        // Made once, so that there is traffic to be told.
        drop(observed.admit(&7_u64, &Now::unread()));
        for class in Priority::all() {
            for millis in 0..100 {
                let waited = Duration::from_millis(millis);
                signals.record_queue_latency(class, waited, &Now::unread());
            }
        }
        let (one, all, text) = (signals.clone(), signals.clone(), signals);
        vec![
            Contender::new("one", move || one.get(Signal::QueueLatency)),
            Contender::new("snapshot", move || {
                // Keeps what it watches.
                let _ = &observed;
                all.snapshot()
            })
            .figure(2_000.0),
            Contender::new("json", move || text.snapshot().to_json()),
        ]
    })
}
