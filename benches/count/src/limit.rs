use std::future::Future;
use std::task::{Context, Waker};
use std::time::Duration;

use floodwall::admit::AdmitLayer;
use floodwall::{Admission, ConcurrencyLimit, Now, QueueConfig};
use tower::load_shed::LoadShed;
use tower::{Layer, Service, limit as tower_limits};

use crate::Work;
use crate::cycle::{Noop, cycle, now};

/// High enough that nobody ever waits.
const LIMIT: u32 = 64;

/// The service alone.
#[must_use]
pub fn noop() -> Work {
    Work::new(true, cycle(Noop))
}

/// tower's limit with free places: what the others are measured by.
#[must_use]
pub fn tower_limit() -> Work {
    let service = tower_limits::ConcurrencyLimit::new(Noop, LIMIT as usize);
    Work::new(true, cycle(service))
}

/// A fixed limit with free places.
#[must_use]
pub fn limit() -> Work {
    let limit = ConcurrencyLimit::builder(LIMIT).no_queue();
    let limit = limit.build().expect("these are sound");
    Work::new(true, cycle(AdmitLayer::new(limit).layer(Noop)))
}

/// The same with a queue in front of it, in which nobody waits.
#[must_use]
pub fn queue_idle() -> Work {
    let limit = ConcurrencyLimit::new(LIMIT);
    Work::new(true, cycle(AdmitLayer::new(limit).layer(Noop)))
}

/// A limit that moves, with free places.
#[must_use]
pub fn adaptive() -> Work {
    let limit = ConcurrencyLimit::adaptive();
    Work::new(true, cycle(AdmitLayer::new(limit).layer(Noop)))
}

/// tower's load shedding in front of its limit, which is full.
#[must_use]
pub fn tower_refused() -> Work {
    let service = LoadShed::new(tower_limits::ConcurrencyLimit::new(Noop, 1));
    let mut inside = service.clone();
    let ready = inside.poll_ready(&mut Context::from_waker(Waker::noop()));
    assert!(ready.is_ready(), "it sheds instead of waiting");
    let held = inside.call(7);
    let mut once = cycle(service);
    Work::new(false, move || {
        let _ = &held;
        once()
    })
}

/// A limit that is full, and no queue.
#[must_use]
pub fn refused() -> Work {
    let limit = ConcurrencyLimit::builder(1).no_queue();
    let limit = limit.build().expect("these are sound");
    let held = now(limit.admit(&7_u64, &Now::unread())).expect("there is a place");
    let mut once = cycle(AdmitLayer::new(limit).layer(Noop));
    Work::new(false, move || {
        let _ = &held;
        once()
    })
}

/// A limit that is full, and so is its queue.
#[must_use]
pub fn queue_full() -> Work {
    let queue = QueueConfig::builder()
        .capacity(16)
        // Longer than any count takes; and nobody is sent away for a newcomer.
        .max_wait(Duration::from_secs(3_600))
        .newest_first(false);
    let limit = ConcurrencyLimit::builder(1).queue(queue);
    let limit = limit.build().expect("these are sound");
    let held = now(limit.admit(&7_u64, &Now::unread())).expect("there is a place");
    // Who waits has a timer.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .expect("a timer needs nothing from the system");
    let inside = runtime.enter();
    let mut waiting: Vec<_> = (0..16)
        .map(|_| Box::pin(limit.admit(&7_u64, &Now::unread())))
        .collect();
    for one in &mut waiting {
        let polled = one.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        assert!(polled.is_pending(), "there is room in the queue");
    }
    drop(inside);
    let mut once = cycle(AdmitLayer::new(limit).layer(Noop));
    Work::new(false, move || {
        let _ = (&held, &waiting, &runtime);
        once()
    })
}
