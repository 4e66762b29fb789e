//! What the whole recommended wall costs: signals, two quotas, shedding, queue and limit, and the
//! time waited, as one decision outside of HTTP.

use std::convert::Infallible;
use std::hash::Hash;

use floodwall::admit::{self, AdmitLayer};
use floodwall::extract::key_fn;
use floodwall::signals::Signals;
use floodwall::{Admission, ConcurrencyLimit, RateLimit, Shed, all};
use tower::{Layer, limit};

use super::work::{Noop, admitted, cycle_of};
use crate::case::{Case, Contender};

const LIMIT: u32 = 64;

pub(crate) fn one_thread() -> Case {
    let about = "one request through signals, two quotas, shedding, queue and limit, one thread";
    Case::new("stack", about, "tower", |_| {
        vec![
            admitted(1, "bare", Noop).bare(),
            tower(1),
            admitted(1, "floodwall", behind(1.0, fixed()))
                .over(160.0, "bare")
                .allocations(0.0),
            admitted(1, "floodwall, adaptive", behind(1.0, adaptive()))
                .over(160.0, "bare")
                .allocations(0.0),
            Contender::new("floodwall, shed", {
                let mut once = cycle_of(behind(0.0, fixed()));
                move || {
                    let result: Result<u64, admit::Error<Infallible>> = once();
                    result.is_err()
                }
            })
            .allocations(0.0),
        ]
    })
}

pub(crate) fn two_threads() -> Case {
    let about =
        "one request through signals, two quotas, shedding, queue and limit, two threads at once";
    Case::new("stack_2", about, "tower", |_| {
        vec![
            admitted(2, "bare", Noop).bare(),
            tower(2),
            admitted(2, "floodwall", behind(1.0, fixed())).over(450.0, "bare"),
            admitted(2, "floodwall, adaptive", behind(1.0, adaptive())).over(450.0, "bare"),
        ]
    })
}

/// Its limit alone: nobody else has the rest, so it is to compare with and no peer.
fn tower(threads: usize) -> Contender {
    let tower = limit::ConcurrencyLimit::new(Noop, LIMIT as usize);
    admitted(threads, "tower", tower).bare()
}

fn fixed() -> ConcurrencyLimit {
    ConcurrencyLimit::new(LIMIT)
}

fn adaptive() -> ConcurrencyLimit {
    ConcurrencyLimit::adaptive()
}

fn behind(
    at_ease: f64,
    limit: ConcurrencyLimit,
) -> admit::Admit<Noop, impl Admission<u64> + Send + Sync + 'static> {
    AdmitLayer::new(wall(at_ease, limit)).layer(Noop)
}

/// As it is recommended; `at_ease` is 1 for one that lets everything in, and 0 for one that sheds.
fn wall(at_ease: f64, limit: ConcurrencyLimit) -> impl Admission<u64> + Send + Sync + 'static {
    let signals = Signals::builder()
        .without_machine()
        .build()
        .expect("these are sound");
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
