//! How the cost grows with how much there is: flat where the design says flat.

use std::hash::Hash;
use std::sync::Arc;

use floodwall::extract::{key_fn, priority_fn};
use floodwall::{Admission, ConcurrencyLimit, Now, Priority};
use floodwall_core::Moment;
use floodwall_core::rate::{HashSecret, KeyedGcra, TableConfig};

use super::keys::{walk, wide};
use super::line::{Line, plain, queue};
use super::quota::{Given, quota};
use crate::case::{Case, Contender};

pub(crate) fn all() -> Vec<Case> {
    vec![keys(), waiters(), tenants()]
}

fn keys() -> Case {
    let about = "one decision of a keyed quota, given the time; takes half a gigabyte";
    Case::new("scale_keys", about, "1,000", |effort| {
        [1_000, 10_000, 100_000, 1_000_000, 10_000_000]
            .map(|keys| decision(keys, effort.many(keys)))
            .into()
    })
    .axis("keys in debt")
}

fn decision(named: usize, keys: usize) -> Contender {
    let keys = wide(keys);
    let table = KeyedGcra::new(&quota(1_000_000), &TableConfig::new(keys.len()));
    let table = table.expect("it can be held");
    let secret = HashSecret::random();
    for key in keys.iter() {
        let first = table.charge(secret.key(key), Moment::ZERO, 1);
        assert!(first.is_ok(), "it is the first time");
    }
    let (mut next, mut now) = (walk(&keys, 0), Given::default());
    Contender::new(thousands(named), move || {
        table.charge(secret.key(next.key()), now.now(), 1).is_ok()
    })
    .at(named)
}

fn waiters() -> Case {
    let about = "to be served, with so many waiting";
    Case::new("scale_waiters", about, "100", |effort| {
        [1, 10, 100, 1_000, 10_000, 100_000]
            .map(|waiting| {
                let mut line = plain(effort.many(waiting));
                Contender::clocked(thousands(waiting), move |times| line.serve(times)).at(waiting)
            })
            .into()
    })
    .axis("waiting")
}

fn tenants() -> Case {
    let about = "to be served where tenants take turns, with 1,000 waiting; an eighth of the tenants is in each class";
    Case::new("scale_tenants", about, "1", |effort| {
        let waiting = effort.many(1_000);
        [1, 8, 64, 256, 1_000]
            .map(|parties| {
                let mut line = turns(waiting, parties as u64);
                Contender::clocked(thousands(parties), move |times| line.serve(times)).at(parties)
            })
            .into()
    })
    .axis("tenants in use, in up to eight classes")
}

/// So many parties, each a tenant, an eighth of them in each class; they come by turns.
fn turns(waiting: usize, parties: u64) -> Line {
    let limit = ConcurrencyLimit::builder(1)
        .queue(queue(waiting))
        .fair_by(key_fn(|party: &u64, to| party.hash(to)))
        .priority(priority_fn(|party: &u64| {
            let class = u8::try_from(party % 8).unwrap_or_default();
            Priority::new(class).unwrap_or_default()
        }))
        .build();
    let limit = Arc::new(limit.expect("these settings are sound"));
    let mut came = 0;
    Line::new(waiting, move || {
        came += 1;
        limit.admit(&(came % parties), &Now::unread())
    })
}

/// 1000000 as 1,000,000.
fn thousands(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
