//! Whatever is charged, undone and refused in between: what ran never exceeds burst + rate x time.

use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use floodwall::admission::BoxPermit;
use floodwall::http::{Head, header};
use floodwall::rate_limit::Quota;
use floodwall::{
    Admission, BoxAdmission, ConcurrencyLimit, End, Now, Outcome, Permit, QueueConfig, RateLimit,
    all,
};
use floodwall_tests::{ask, poll_once};
use http::Request;

fn quota(text: &str) -> RateLimit {
    RateLimit::new(text).unwrap()
}

fn one_place(queue: u32) -> ConcurrencyLimit {
    let queue = QueueConfig::builder()
        .capacity(queue)
        .max_wait(Duration::from_millis(50));
    ConcurrencyLimit::builder(1).queue(queue).build().unwrap()
}

/// The interval between two requests of a quota, as it is enforced, times so many.
fn debt(quota: Quota, units: u32) -> u128 {
    u128::from(units) * quota.period().as_nanos() / u128::from(quota.count())
}

/// What was let in and ran must obey the quota, whatever was charged and undone in between: the
/// virtual schedule of those who ran never leads by more than the burst.
#[tokio::test(start_paused = true)]
async fn random_schedules_of_charges_undos_and_refusals_never_exceed_the_quota() {
    for seed in 0..300 {
        let mut random = fastrand::Rng::with_seed(seed);
        let texts = [
            "5/s",
            "1/s burst 3",
            "100/s burst 10",
            "3/10s burst 4",
            "1000/s burst 2",
        ];
        let text = texts[random.usize(..texts.len())];
        let exact: Quota = text.parse().unwrap();
        let keyed = random.bool();
        let policy: BoxAdmission<Head> = if keyed {
            BoxAdmission::new(
                RateLimit::builder(text)
                    .key(header("x-key"))
                    .build()
                    .unwrap(),
            )
        } else {
            BoxAdmission::new(quota(text))
        };
        // In a table a key may be ahead by one tick.
        let slack = if keyed { debt(exact, 1) / 16 } else { 0 };
        let start = Now::unread().instant();
        let mut pending: Vec<(u128, BoxPermit)> = Vec::new();
        let mut ran: Vec<u128> = Vec::new();
        for _ in 0..400 {
            match random.u8(..10) {
                0..5 => {
                    if let Ok(permit) = ask(&policy).unwrap() {
                        let at = (Now::unread().instant() - start).as_nanos();
                        pending.push((at, permit));
                    }
                }
                5..7 if !pending.is_empty() => {
                    let (_, permit) = pending.swap_remove(random.usize(..pending.len()));
                    permit.complete(&End::new(Outcome::Refused));
                }
                7..9 if !pending.is_empty() => {
                    let (at, permit) = pending.swap_remove(random.usize(..pending.len()));
                    permit.complete(&End::new(Outcome::Success));
                    ran.push(at);
                }
                _ => {
                    let pause = debt(exact, 1) as u64;
                    let pause = Duration::from_nanos(random.u64(..2 * pause));
                    tokio::time::advance(pause).await;
                }
            }
        }
        // Those who still run were let in, too.
        ran.extend(pending.iter().map(|(at, _)| *at));
        ran.sort_unstable();
        assert!(!ran.is_empty());
        let mut due = 0;
        for at in ran {
            due = at.max(due) + debt(exact, 1);
            let lead = due - at;
            let most = debt(exact, exact.burst()) + slack;
            assert!(
                lead <= most,
                "seed {seed}, {text}, keyed {keyed}: {lead} ns ahead of {most}"
            );
        }
    }
}

/// The same through composed policies whose queue makes them wait, leave and time out.
#[tokio::test(start_paused = true)]
async fn random_schedules_through_a_queue_never_exceed_the_quota() {
    let (head, ()) = Request::new(()).into_parts();
    for seed in 0..200 {
        let mut random = fastrand::Rng::with_seed(seed);
        let text = ["20/s burst 5", "50/s burst 2"][random.usize(..2)];
        let exact: Quota = text.parse().unwrap();
        let quota = quota(text);
        let policy = all((quota.clone(), one_place(4)));
        let start = Now::unread().instant();
        let at = || (Now::unread().instant() - start).as_nanos();
        let mut waiting: Vec<Pin<Box<_>>> = Vec::new();
        let mut inside = Vec::new();
        let mut ran = Vec::new();
        for _ in 0..400 {
            match random.u8(..10) {
                0..5 => {
                    let asked = policy.admit(&head, &Now::unread());
                    waiting.push(Box::pin(async { (at(), asked.await) }));
                }
                5 if !waiting.is_empty() => {
                    drop(waiting.swap_remove(random.usize(..waiting.len())));
                }
                6..8 => drop(inside.pop()),
                _ => {
                    let pause = Duration::from_micros(random.u64(..80_000));
                    tokio::time::advance(pause).await;
                }
            }
            let mut i = 0;
            while i < waiting.len() {
                match poll_once(waiting[i].as_mut()) {
                    Poll::Pending => i += 1,
                    Poll::Ready((charged, decision)) => {
                        drop(waiting.swap_remove(i));
                        if let Ok(permit) = decision {
                            ran.push(charged);
                            inside.push(permit);
                        }
                    }
                }
            }
        }
        ran.sort_unstable();
        let mut due = 0;
        for at in ran {
            due = at.max(due) + debt(exact, 1);
            assert!(
                due - at <= debt(exact, exact.burst()),
                "seed {seed}, {text}"
            );
        }
    }
}
