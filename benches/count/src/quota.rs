use std::hash::Hash;
use std::hint::black_box;

use floodwall::extract::key_fn;
use floodwall::{Admission, End, Now, Outcome, Permit, RateLimit};

use crate::Work;
use crate::cycle::now;

/// More than is ever asked for.
pub(crate) const PLENTY: &str = "10000000/s burst 10000000";

/// As many as are asked for in turns: most cells are no longer in the nearest cache.
const KEYS: u64 = 1_024;

/// One quota for all; the time is given.
#[must_use]
pub fn quota() -> Work {
    let quota = RateLimit::new(PLENTY).expect("it can be held");
    Work::new(true, ask(quota))
}

/// A quota for each of 1,024 keys; the time is given.
#[must_use]
pub fn quota_keyed() -> Work {
    let quota = RateLimit::builder(PLENTY)
        .key(key_fn(|request: &u64, to| request.hash(to)))
        .seed(7)
        .build()
        .expect("it can be held");
    Work::new(true, ask(quota))
}

fn ask(policy: impl Admission<u64>) -> impl FnMut() -> bool {
    let at = Now::at(Now::unread().instant());
    let mut turn = 0_u64;
    move || {
        turn = (turn + 1) % KEYS;
        match now(policy.admit(black_box(&turn), &at)) {
            Ok(permit) => {
                permit.complete(&End::at(Outcome::Success, at.clone()));
                true
            }
            Err(_) => false,
        }
    }
}
