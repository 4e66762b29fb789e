//! What the queue costs: when nobody waits, and when a thousand do.

use std::time::Duration;

use floodwall::ConcurrencyLimit;
use floodwall::admit::AdmitLayer;
use tower::buffer::Buffer;
use tower::load_shed::LoadShed;
use tower::{Layer, limit};
use tower_resilience_bulkhead::BulkheadLayer;

use super::line::plain;
use super::work::{Noop, awaited};
use crate::case::{Case, Contender};

/// More than ever are inside.
const LIMIT: u32 = 64;

pub(crate) fn idle() -> Case {
    let about = "one request where a queue is configured and nobody waits, on a runtime";
    Case::new("queue_idle", about, "tower, buffer", |_| {
        vec![
            awaited("bare", || Noop).bare(),
            awaited("tower, buffer", || Buffer::new(Noop, 1_024)).peer(),
            awaited("tower, shed, buffer, limit", || {
                let limited = limit::ConcurrencyLimit::new(Noop, LIMIT as usize);
                LoadShed::new(Buffer::new(limited, 1_024))
            })
            .peer(),
            awaited("floodwall", || {
                AdmitLayer::new(ConcurrencyLimit::new(LIMIT)).layer(Noop)
            })
            .share(0.06, "tower, buffer")
            .allocations(0.0),
            awaited("tower-resilience, bulkhead with a wait", || {
                let layer = BulkheadLayer::builder()
                    .max_concurrent_calls(LIMIT as usize)
                    .max_wait_duration(Duration::from_secs(1))
                    .build();
                layer.expect("it is not 0").layer(Noop)
            })
            .peer(),
        ]
    })
}

pub(crate) fn thousand() -> Case {
    let about = "with 1,000 waiting: to come, to leave without a place, to be served";
    Case::new("queue_1000", about, "enter", |effort| {
        let line = || plain(effort.many(1_000));
        let (mut entered, mut left, mut served) = (line(), line(), line());
        vec![
            Contender::clocked("enter", move |times| entered.enter(times)).figure(1_000.0),
            Contender::clocked("leave", move |times| left.leave(times)).figure(1_000.0),
            Contender::clocked("be served", move |times| served.serve(times)).figure(1_000.0),
        ]
    })
}
