use std::hash::Hash;
use std::time::Duration;

use floodwall::admit::AdmitLayer;
use floodwall::extract::key_fn;
use floodwall::signals::Signals;
use floodwall::{Admission, ConcurrencyLimit, Now, RateLimit, Shed, all};
use tower::Layer;

use crate::Work;
use crate::cycle::{Noop, cycle, now};
use crate::quota::PLENTY;

/// The whole recommended wall outside of HTTP, at ease: signals, two quotas, shedding, queue and a
/// limit that moves.
#[must_use]
pub fn stack() -> Work {
    Work::new(true, cycle(AdmitLayer::new(wall(0.0)).layer(Noop)))
}

/// The same under full pressure: everything is shed.
#[must_use]
pub fn stack_refused() -> Work {
    Work::new(false, cycle(AdmitLayer::new(wall(1.0)).layer(Noop)))
}

fn wall(pressure: f64) -> impl Admission<u64> {
    let signals = Signals::builder()
        .without_machine()
        .build()
        .expect("these are sound");
    let limit = ConcurrencyLimit::adaptive();
    signals
        .watch_limit(&limit.handle())
        .expect("it is the first one");
    let per_key = RateLimit::builder(PLENTY)
        .key(key_fn(|request: &u64, to| request.hash(to)))
        .seed(7)
        .build()
        .expect("it can be held");
    let for_all = RateLimit::new(PLENTY).expect("it can be held");
    let shed = Shed::builder()
        .tenant(key_fn(|request: &u64, to| request.hash(to)))
        .queue(&limit.handle())
        .pressure("test", (0.0, 1.0), move || Some(pressure))
        .at_most(1.0)
        .build()
        .expect("these are sound");
    // Ten seconds in advance: by then it has come to what it decides from then on, and no tick is
    // due while it is counted.
    let begin = Now::unread().instant();
    for n in 1..=100 {
        let at = Now::at(begin + Duration::from_millis(100) * n);
        let _ = now(Admission::<u64>::admit(&shed, &7, &at));
    }
    signals.observe(all((per_key, for_all, shed, limit)))
}
