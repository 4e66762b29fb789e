//! What composition relies on, as a suite that authors of their own [`Admission`] can run.
//!
//! ```
//! use floodwall::{ConcurrencyLimit, RateLimit, conformance};
//!
//! # tokio_test::block_on(async {
//! conformance::check(|| ConcurrencyLimit::new(3), || "a request".to_owned());
//! // A quota that does not come back while the suite runs.
//! conformance::check(|| RateLimit::new("3/h").unwrap(), || "a request".to_owned());
//! # });
//! ```

use std::pin::pin;
use std::task::{Context, Poll, Waker};

use floodwall_core::{Outcome, Report};

use crate::Now;
use crate::admission::{Admission, End, Permit};

/// More than this many at once counts as unlimited.
const MANY: usize = 1_000;

/// Runs the suite: `policy` makes a fresh one, `request` one that it would admit at first.
///
/// The rules: peeking changes nothing; a future that is never polled charges nothing; peeking
/// refuses nothing that would be admitted; what is refused is not charged; a permit whose work did
/// not run ([`Outcome::Refused`]) goes back whole; clones share the state; every outcome and a plain
/// drop are endured; polled [into a place](Admission::poll_into), as services do, it decides alike.
///
/// Waits for nothing, but needs a runtime around it if the policy does. A policy that lets a request wait counts as one that does not admit it, and is
/// asked to forget it by dropping its future.
///
/// # Panics
///
/// If a rule is broken; the message names it.
pub fn check<A, Req>(policy: impl Fn() -> A, request: impl Fn() -> Req)
where
    A: Admission<Req> + Clone,
{
    let room = fill(&policy(), &request).len();
    assert!(
        room > 0,
        "a fresh policy must admit the request that the suite is given"
    );
    let asks = if room < MANY { 2 * room + 3 } else { 3 };

    let a = policy();
    for _ in 0..asks {
        let verdict = a.peek(&request(), &Now::unread());
        assert!(
            verdict.is_ok(),
            "peek must not refuse what would be admitted: {verdict:?}"
        );
    }
    same_room(&a, &request, room, "peeking must change nothing");

    let a = policy();
    for _ in 0..asks {
        drop(a.admit(&request(), &Now::unread()));
    }
    same_room(
        &a,
        &request,
        room,
        "a future that is never polled must charge nothing",
    );

    let a = policy();
    for _ in 0..asks {
        let refusal = a.decide(&request(), &Now::unread()).err();
        assert_eq!(
            refusal, None,
            "decide must not refuse what would be admitted"
        );
    }
    same_room(
        &a,
        &request,
        room,
        "a decision that is never polled must charge nothing",
    );

    let a = policy();
    let one = admit(&a, &request()).expect("a fresh policy admits");
    one.complete(&End::new(Outcome::Refused));
    same_room(
        &a,
        &request,
        room,
        "a permit whose work did not run must go back whole",
    );

    let a = policy();
    let mut places = fill_places(&a, &request);
    assert_eq!(
        places.len(),
        room,
        "polled into a place it must decide alike"
    );
    while let Some(mut place) = places.pop() {
        A::Permit::complete_in(&mut place, &End::new(Outcome::Refused));
        assert!(place.is_none(), "who completes in its place must empty it");
    }
    same_room(
        &a,
        &request,
        room,
        "a permit that is completed in its place must go back whole",
    );

    if room < MANY {
        let a = policy();
        let mut permits = fill(&a, &request);
        for _ in 0..asks {
            drop(admit(&a, &request()));
        }
        while let Some(permit) = permits.pop() {
            permit.complete(&End::new(Outcome::Refused));
        }
        same_room(&a, &request, room, "what was refused must not be charged");

        let a = policy();
        let permits = fill(&a.clone(), &request);
        let rest = fill(&a, &request).len();
        assert_eq!(
            rest, 0,
            "clones must share the state: a clone let in {rest} more"
        );
        drop(permits);
    }

    let outcomes = [
        Outcome::Cancelled,
        Outcome::Failure,
        Outcome::Overload,
        Outcome::Refused,
        Outcome::Success,
    ];
    for outcome in outcomes {
        let mut permit = admit(&policy(), &request()).expect("a fresh policy admits");
        permit.responded(&Now::unread(), None);
        permit.report(&mut Report::default());
        permit.complete(&End::new(outcome));
    }
    drop(admit(&policy(), &request()));
}

/// Admits until no more is let in.
fn fill<A: Admission<Req>, Req>(policy: &A, request: &impl Fn() -> Req) -> Vec<A::Permit> {
    std::iter::from_fn(|| admit(policy, &request()))
        .take(MANY)
        .collect()
}

/// The same, each in its place.
fn fill_places<A, Req>(policy: &A, request: &impl Fn() -> Req) -> Vec<Option<A::Permit>>
where
    A: Admission<Req>,
{
    let admit = || {
        let mut decision = pin!(policy.admit(&request(), &Now::unread()));
        let mut context = Context::from_waker(Waker::noop());
        let (mut place, mut refused) = (None, None);
        let polled = A::poll_into(decision.as_mut(), &mut context, &mut place, &mut refused);
        match polled {
            Poll::Ready(true) => assert!(
                place.is_some() && refused.is_none(),
                "whoever is let in must have a permit in its place"
            ),
            Poll::Ready(false) => assert!(
                place.is_none() && refused.is_some(),
                "whoever is refused must be told why, and have nothing"
            ),
            Poll::Pending => A::Permit::complete_in(&mut place, &End::new(Outcome::Refused)),
        }
        polled.eq(&Poll::Ready(true)).then_some(place)
    };
    std::iter::from_fn(admit).take(MANY).collect()
}

fn same_room<A, Req>(policy: &A, request: &impl Fn() -> Req, room: usize, rule: &str)
where
    A: Admission<Req>,
{
    let now = fill(policy, request).len();
    assert_eq!(now, room, "{rule}: room for {room} became room for {now}");
}

fn admit<A: Admission<Req>, Req>(policy: &A, request: &Req) -> Option<A::Permit> {
    let mut decision = pin!(policy.admit(request, &Now::unread()));
    match decision
        .as_mut()
        .poll(&mut Context::from_waker(Waker::noop()))
    {
        Poll::Ready(verdict) => verdict.ok(),
        Poll::Pending => None,
    }
}
