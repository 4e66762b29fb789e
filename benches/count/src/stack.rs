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
    if pressure > 0.0 {
        until_it_sheds(&shed);
    }
    // The signals have looked half a minute ahead: how often they look hangs on how fast it is
    // counted, which hangs on the machine.
    let ahead = Now::at(Now::unread().instant() + Duration::from_secs(30));
    let open = Shed::builder().build().expect("it is sound");
    let _ = now(Admission::<u64>::admit(&signals.observe(open), &7, &ahead));
    signals.observe(all((per_key, for_all, shed, limit)))
}

/// It should take far less.
const MOST: Duration = Duration::from_secs(20);

/// Asks ahead of time until it refuses, and then until time has caught up: who lags behind has a
/// new cut-off made with each request.
fn until_it_sheds(shed: &impl Admission<u64>) {
    let begin = Now::unread().instant();
    let mut at = begin;
    let mut refused = 0;
    while refused < 10 {
        assert!(at < begin + MOST, "it never sheds");
        at += Duration::from_millis(100);
        let asked = now(shed.admit(&7, &Now::at(at)));
        refused = if asked.is_err() { refused + 1 } else { 0 };
    }
    std::thread::sleep(at.saturating_duration_since(Now::unread().instant()));
}
