//! Tenants that take turns: who waits, who has to leave, and what is set up wrongly.

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use floodwall::concurrency::{Acquire, ConcurrencyPermit, FairQueues, QueueConfigBuilder};
use floodwall::concurrency::{Tenants, WaitingRoom};
use floodwall::extract::{KeyOf, MissingKey, deadline_fn};
use floodwall::{Admission, ConcurrencyLimit, Mode, Now, QueueConfig, Reason, Rejection};
use floodwall_core::rate::KeyHasher;
use tokio::time::{advance, sleep};

/// A job is whose it is, by its first letter; nobody's is set up wrongly.
#[derive(Clone, Copy, Debug)]
struct Owner;

impl KeyOf<&'static str> for Owner {
    fn key(&self, job: &&'static str, to: &mut KeyHasher) -> Result<(), MissingKey> {
        use std::hash::Hash;
        let missing = MissingKey::new("the owner", "write one in front");
        job.chars().next().ok_or(missing)?.hash(to);
        Ok(())
    }
}

type Limit = ConcurrencyLimit<floodwall::extract::Usual, floodwall::extract::Usual, Tenants<Owner>>;
type Answer = Poll<Result<ConcurrencyPermit, Rejection>>;

fn queue(places: u32) -> QueueConfigBuilder {
    QueueConfig::builder()
        .capacity(places)
        .max_wait(Duration::from_secs(60))
        .newest_first(false)
}

fn limit(places: u32) -> Limit {
    ConcurrencyLimit::builder(1)
        .queue(queue(places))
        .fair_by(Owner)
        .seed(1)
        .build()
        .unwrap()
}

fn poll(future: &mut Pin<Box<Acquire>>) -> Answer {
    future
        .as_mut()
        .poll(&mut Context::from_waker(Waker::noop()))
}

fn ask(limit: &Limit, job: &'static str) -> (Pin<Box<Acquire>>, Answer) {
    let mut asked = Box::pin(limit.admit(&job, &Now::unread()));
    let answer = poll(&mut asked);
    (asked, answer)
}

fn wait(limit: &Limit, job: &'static str) -> Pin<Box<Acquire>> {
    let (asked, answer) = ask(limit, job);
    assert!(answer.is_pending(), "{answer:?}");
    asked
}

fn enter(limit: &Limit, job: &'static str) -> ConcurrencyPermit {
    match ask(limit, job).1 {
        Poll::Ready(Ok(permit)) => permit,
        other => panic!("{other:?}"),
    }
}

fn refused(answer: Answer) -> Reason {
    match answer {
        Poll::Ready(Err(refusal)) => refusal.reason(),
        other => panic!("{other:?}"),
    }
}

/// Serves those who wait, one after the other, and tells in which order.
async fn order(
    inside: ConcurrencyPermit,
    mut waiting: Vec<(&'static str, Pin<Box<Acquire>>)>,
) -> Vec<&'static str> {
    let mut order = Vec::new();
    let mut inside = Some(inside);
    while inside.is_some() {
        sleep(Duration::from_millis(10)).await;
        drop(inside.take());
        let mut rest = Vec::new();
        for (name, mut asked) in waiting {
            match poll(&mut asked) {
                Poll::Pending => rest.push((name, asked)),
                Poll::Ready(answer) => {
                    order.push(name);
                    inside = Some(answer.unwrap());
                }
            }
        }
        waiting = rest;
    }
    assert!(waiting.is_empty());
    order
}

fn all_wait(limit: &Limit, jobs: &[&'static str]) -> Vec<(&'static str, Pin<Box<Acquire>>)> {
    jobs.iter().map(|job| (*job, wait(limit, job))).collect()
}

#[tokio::test(start_paused = true)]
async fn tenants_take_turns() {
    let limit = limit(16);
    let inside = enter(&limit, "a0");
    let waiting = all_wait(&limit, &["a1", "a2", "a3", "b1", "b2", "c1"]);
    assert_eq!(
        order(inside, waiting).await,
        ["a1", "b1", "c1", "a2", "b2", "a3"]
    );
    assert_eq!(limit.handle().snapshot().in_flight, 0);
}

#[tokio::test(start_paused = true)]
async fn without_the_option_they_do_not() {
    let limit = ConcurrencyLimit::builder(1)
        .queue(queue(4))
        .build()
        .unwrap();
    let admit = |job: &'static str| Box::pin(limit.admit(&job, &Now::unread()));
    let inside = poll(&mut admit("a0"));
    let mut waiting = [admit("a1"), admit("a2"), admit("b1")];
    for asked in &mut waiting {
        assert!(poll(asked).is_pending());
    }
    drop(inside);
    assert!(poll(&mut waiting[0]).is_ready());
    assert!(poll(&mut waiting[1]).is_ready());
    assert!(poll(&mut waiting[2]).is_ready());
}

#[tokio::test(start_paused = true)]
async fn a_light_tenant_takes_a_waiting_place_of_the_heaviest() {
    let limit = limit(4);
    let _inside = enter(&limit, "e0");
    let mut waiting = all_wait(&limit, &["e1", "e2", "e3", "e4"]);
    assert_eq!(refused(ask(&limit, "e5").1), Reason::Full);
    // A look beforehand says the same as the decision.
    assert!(limit.peek(&"e5", &Now::unread()).is_err());
    assert!(limit.peek(&"m1", &Now::unread()).is_ok());
    let _mouse = wait(&limit, "m1");
    let (name, mut youngest) = waiting.pop().unwrap();
    assert_eq!(
        (name, refused(poll(&mut youngest))),
        ("e4", Reason::Evicted)
    );
    assert_eq!(limit.handle().snapshot().waiting, 4);
}

#[tokio::test(start_paused = true)]
async fn the_line_of_an_elephant_makes_nobody_else_hopeless() {
    let limit = ConcurrencyLimit::builder(1)
        .queue(queue(64))
        .deadline(deadline_fn(|job: &&str| {
            job.ends_with('!').then_some(Duration::from_millis(45))
        }))
        .fair_by(Owner)
        .build()
        .unwrap();
    let admit = |job: &'static str| Box::pin(limit.admit(&job, &Now::unread()));
    // One goes every 10 ms, which is learned while somebody waits.
    let mut inside = vec![poll(&mut admit("e0"))];
    let mut waiting: Vec<_> = (0..40).map(|_| admit("e1")).collect();
    for asked in &mut waiting {
        assert!(poll(asked).is_pending());
    }
    for asked in waiting.iter_mut().take(8) {
        advance(Duration::from_millis(10)).await;
        inside.clear();
        inside.push(poll(asked));
        assert!(inside[0].is_ready());
    }
    assert_eq!(refused(poll(&mut admit("e!"))), Reason::Deadline);
    assert!(poll(&mut admit("m!")).is_pending());
}

#[tokio::test(start_paused = true)]
async fn who_leaves_after_its_turn_came_is_not_charged_for_ever() {
    let limit = limit(16);
    let inside = enter(&limit, "y0");
    let gone = wait(&limit, "a1");
    let mut waiting = all_wait(&limit, &["z1", "a2", "b1", "b2", "b3"]);
    drop(inside);
    // It was a1's turn, and it goes away without having looked.
    sleep(Duration::from_millis(10)).await;
    drop(gone);
    let (_, mut long) = waiting.remove(0);
    let Poll::Ready(Ok(inside)) = poll(&mut long) else {
        panic!("it is its turn");
    };
    // If a1 were still charged, all the others went before a2.
    sleep(Duration::from_millis(500)).await;
    assert_eq!(order(inside, waiting).await, ["b1", "a2", "b2", "b3"]);
}

#[tokio::test(start_paused = true)]
async fn a_missing_key_is_refused_and_says_how_to_provide_it() {
    let limit = limit(4);
    for refusal in [
        limit.peek(&"", &Now::unread()).map(drop).unwrap_err(),
        pin!(limit.admit(&"", &Now::unread()))
            .await
            .map(drop)
            .unwrap_err(),
    ] {
        assert_eq!(refusal.reason(), Reason::MissingKey);
        assert_eq!(refusal.detail(), Some("write one in front"));
        assert_eq!(refusal.retry_after(), None);
    }
    assert_eq!(limit.handle().snapshot().counts.refused(), 1);
    // Nobody is told apart where nothing is decided.
    limit.handle().set_mode(Mode::Off);
    assert!(limit.peek(&"", &Now::unread()).is_ok());
    assert!(ask(&limit, "").1.is_ready());
}

#[test]
fn what_contradicts_itself_is_refused_with_the_fix() {
    let error = ConcurrencyLimit::builder(1)
        .no_queue()
        .fair_by(Owner)
        .build();
    assert_eq!(
        error.unwrap_err().to_string(),
        "fair_by: there is no queue to take turns in: leave `no_queue` out"
    );
    let error = ConcurrencyLimit::builder(1)
        .queue(QueueConfig::builder().fair(FairQueues::default()))
        .build();
    assert_eq!(
        error.unwrap_err().to_string(),
        "queue: `fair` is set, and nobody says whose a request is: say `fair_by`, too"
    );
    let error = ConcurrencyLimit::builder(1)
        .queue(QueueConfig::builder().fair(FairQueues::new(512, 8)))
        .fair_by(Owner)
        .build();
    assert!(error.unwrap_err().to_string().contains("need 72 bits"));
}

#[tokio::test(start_paused = true)]
async fn turns_are_taken_after_the_queue_was_changed_and_in_a_waiting_room() {
    for room in [false, true] {
        let limit = limit(16);
        limit.handle().set_queue(queue(32)).unwrap();
        let inside = enter(&limit, "a0");
        let waiting = all_wait(&limit, &["a1", "a2", "b1"]);
        if room {
            // Opening and closing it sets the queue up anew, twice.
            limit.handle().set_waiting_room(WaitingRoom::on()).unwrap();
            limit.handle().set_waiting_room(WaitingRoom::off()).unwrap();
        }
        assert_eq!(order(inside, waiting).await, ["a1", "b1", "a2"]);
    }
}

/// Threads that come, wait, lose patience, and leave, for tenants that take turns.
#[test]
fn after_a_storm_all_places_are_back_and_turns_are_fair_as_ever() {
    const JOBS: [&str; 4] = ["a", "b", "c", "d"];
    let limit = ConcurrencyLimit::builder(2)
        .queue(queue(4))
        .fair_by(Owner)
        .build()
        .unwrap();
    let inside = AtomicU32::new(0);
    let entered = AtomicU32::new(0);
    std::thread::scope(|scope| {
        for (thread, job) in JOBS.into_iter().cycle().take(8).enumerate() {
            let (limit, inside, entered) = (&limit, &inside, &entered);
            scope.spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread()
                    .enable_time()
                    .build()
                    .unwrap();
                for turn in 0..200 {
                    let patience = Duration::from_millis((thread as u64 + turn) % 3);
                    let answer = runtime.block_on(async {
                        tokio::time::timeout(patience, limit.admit(&job, &Now::unread())).await
                    });
                    if let Ok(Ok(permit)) = answer {
                        assert!(inside.fetch_add(1, Ordering::SeqCst) < 2);
                        std::thread::yield_now();
                        inside.fetch_sub(1, Ordering::SeqCst);
                        entered.fetch_add(1, Ordering::SeqCst);
                        drop(permit);
                    }
                }
            });
        }
    });
    let after = limit.handle().snapshot();
    assert_eq!((after.in_flight, after.waiting), (0, 0));
    assert!(entered.load(Ordering::SeqCst) > 0);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    runtime.block_on(async {
        limit.handle().set_limit(1).unwrap();
        let inside = enter(&limit, "z");
        let waiting = all_wait(&limit, &["a1", "a2", "b1", "c1"]);
        let order = order(inside, waiting).await;
        assert_eq!(order[3], "a2", "{order:?}");
    });
}
