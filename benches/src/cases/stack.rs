//! What the whole recommended wall costs: signals, two quotas, shedding, queue and limit, and the
//! time waited, as one decision outside of HTTP.

use std::convert::Infallible;
use std::hash::Hash;

use floodwall::admit::{self, AdmitLayer};
use floodwall::extract::key_fn;
use floodwall::signals::Signals;
use floodwall::{Admission, ConcurrencyLimit, RateLimit, Shed, all};
use tower::{Layer, limit};

use super::admit_noop::{Noop, cycle, cycle_of};
use crate::case::{Case, Contender};

const LIMIT: u32 = 64;

pub(crate) fn case() -> Case {
    let tower = limit::ConcurrencyLimit::new(Noop, LIMIT as usize);
    let admitted = AdmitLayer::new(wall(1.0)).layer(Noop);
    let refused = AdmitLayer::new(wall(0.0)).layer(Noop);
    Case {
        name: "stack",
        about: "one request through signals, two quotas, shedding, queue and limit, one thread",
        reference: "tower",
        contenders: vec![
            Contender::new("bare", cycle(Noop)),
            Contender::new("tower", cycle(tower)),
            Contender::new("floodwall", cycle(admitted)),
            Contender::new("floodwall, shed", {
                let mut once = cycle_of(refused);
                move || {
                    let result: Result<u64, admit::Error<Infallible>> = once();
                    result.is_err()
                }
            }),
        ],
    }
}

/// As it is recommended; `at_ease` is 1 for one that lets everything in, and 0 for one that sheds.
fn wall(at_ease: f64) -> impl Admission<u64> {
    let signals = Signals::builder()
        .without_machine()
        .build()
        .expect("these are sound");
    let limit = ConcurrencyLimit::new(LIMIT);
    signals
        .watch_limit(&limit.handle())
        .expect("it is the first one");
    let per_key = RateLimit::builder("10000000/s burst 10000000")
        .key(key_fn(|request: &u64, to| request.hash(to)))
        .build()
        .expect("it can be held");
    let for_all = RateLimit::new("10000000/s burst 10000000").expect("it can be held");
    let shed = Shed::builder()
        .tenant(key_fn(|request: &u64, to| request.hash(to)))
        .queue(&limit.handle())
        .pressure("test", (1.0, 0.0), move || Some(at_ease))
        .at_most(1.0)
        .build()
        .expect("these are sound");
    signals.observe(all((per_key, for_all, shed, limit)))
}
