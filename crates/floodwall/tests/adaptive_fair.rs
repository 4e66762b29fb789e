//! Tenants that take turns in the queue of a limit that moves.

use std::future::Future;
use std::hash::Hash;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use floodwall::concurrency::{Acquire, ConcurrencyPermit, FairQueues, Partitioned, Tenants};
use floodwall::extract::{KeyOf, MissingKey, Usual};
use floodwall::limit::{Change, LimitAlgorithm, Sample};
use floodwall::{Admission, ConcurrencyLimit, End, Now, Outcome, Permit, QueueConfig, Reason};
use floodwall::{Rejection, adaptive};
use floodwall_core::rate::KeyHasher;
use tokio::time::advance;

/// Moves the limit to what the test says, and tells what it was told.
#[derive(Clone, Debug)]
struct Told(Arc<Mutex<(u32, Vec<Sample>)>>);

impl Told {
    fn begin(limit: u32) -> Self {
        Self(Arc::new(Mutex::new((limit, Vec::new()))))
    }

    fn to(&self, limit: u32) {
        self.0.lock().unwrap().0 = limit;
    }
}

impl LimitAlgorithm for Told {
    fn limit(&self) -> u32 {
        self.0.lock().unwrap().0
    }

    fn sample(&mut self, sample: &Sample) -> Option<Change> {
        self.0.lock().unwrap().1.push(*sample);
        None
    }

    fn name(&self) -> &'static str {
        "told"
    }
}

/// The name of a job is that of its owner.
#[derive(Clone, Copy, Debug)]
struct Owner;

impl KeyOf<&'static str> for Owner {
    fn key(&self, job: &&'static str, to: &mut KeyHasher) -> Result<(), MissingKey> {
        if job.is_empty() {
            return Err(MissingKey::new("the owner", "name one"));
        }
        job.hash(to);
        Ok(())
    }
}

type Limit = ConcurrencyLimit<Usual, Usual, Tenants<Owner>>;
type Asked = Pin<Box<Acquire>>;

fn fair(algorithm: &Told) -> Limit {
    let limit = adaptive().with_algorithm(algorithm.clone());
    let limit = limit.queue(Duration::from_secs(60)).fair_by(Owner).seed(1);
    limit.build().unwrap()
}

fn poll(asked: &mut Asked) -> Poll<Result<ConcurrencyPermit, Rejection>> {
    asked.as_mut().poll(&mut Context::from_waker(Waker::noop()))
}

fn ask(limit: &Limit, job: &'static str) -> Asked {
    Box::pin(limit.admit(&job, &Now::unread()))
}

fn refused(limit: &Limit, job: &'static str) -> Option<Reason> {
    match poll(&mut ask(limit, job)) {
        Poll::Ready(Err(refusal)) => Some(refusal.reason()),
        _ => None,
    }
}

/// Those who wait ask again as soon as they are in, and stay for 10 ms.
struct Loops {
    limit: Limit,
    inside: Vec<ConcurrencyPermit>,
    waiting: Vec<(&'static str, Asked)>,
}

impl Loops {
    fn begin(limit: &Limit) -> Self {
        Self {
            limit: limit.clone(),
            inside: Vec::new(),
            waiting: Vec::new(),
        }
    }

    fn join(&mut self, tenant: &'static str, users: u32) {
        for _ in 0..users {
            self.waiting.push((tenant, ask(&self.limit, tenant)));
        }
        self.look();
    }

    /// Who has got a place since the last look.
    fn look(&mut self) -> Vec<&'static str> {
        let mut entered = Vec::new();
        for (tenant, asked) in &mut self.waiting {
            while let Poll::Ready(permit) = poll(asked) {
                self.inside.push(permit.unwrap());
                entered.push(*tenant);
                *asked = ask(&self.limit, tenant);
            }
        }
        entered
    }

    /// Lets all leave who are inside, so many times, while the limit moves to and fro. Returns how
    /// many of the grants went to `whose`.
    async fn share(&mut self, rounds: u32, told: &Told, whose: &str) -> f64 {
        let (mut his, mut all) = (0, 0);
        for round in 0..rounds {
            told.to(1 + round % 2);
            advance(Duration::from_millis(10)).await;
            for permit in std::mem::take(&mut self.inside) {
                permit.complete(&End::new(Outcome::Success));
            }
            let entered = self.look();
            all += entered.len();
            his += entered.iter().filter(|&&tenant| tenant == whose).count();
        }
        his as f64 / all as f64
    }
}

#[track_caller]
fn is_half(share: f64) {
    assert!((0.45..=0.55).contains(&share), "{share}");
}

#[tokio::test(start_paused = true)]
async fn the_queue_that_follows_the_limit_keeps_the_turns() {
    let told = Told::begin(1);
    let limit = fair(&told);
    let mut loops = Loops::begin(&limit);
    loops.join("elephant", 10);
    // It used what nobody else wanted, and does not pay for it now.
    loops.share(100, &told, "elephant").await;
    loops.join("mouse", 3);
    is_half(loops.share(200, &told, "mouse").await);
    assert!(told.0.lock().unwrap().1.len() > 300, "it was told of all");

    // Nor does a queue that is set up by hand forget them.
    let queue = QueueConfig::builder().capacity(14);
    let queue = queue.max_wait(Duration::from_secs(60));
    limit.handle().set_queue(queue).unwrap();
    is_half(loops.share(200, &told, "mouse").await);
}

#[tokio::test(start_paused = true)]
async fn its_places_are_four_times_the_limit() {
    let told = Told::begin(1);
    let limit = fair(&told);
    for (to, places) in [(1, 16), (5, 20), (100, 400), (8, 32)] {
        told.to(to);
        let Poll::Ready(Ok(permit)) = poll(&mut ask(&limit, "elephant")) else {
            panic!("there is a free place");
        };
        permit.complete(&End::new(Outcome::Success));
        let mut held: Vec<_> = (0..to + places).map(|_| ask(&limit, "elephant")).collect();
        let inside: Vec<_> = held.iter_mut().map(poll).collect();
        let waiting = inside.iter().filter(|answer| answer.is_pending()).count();
        assert_eq!(waiting, places as usize, "limit {to}");
        // A newcomer of its own finds no place, and one of another tenant takes one of its.
        advance(Duration::from_millis(1)).await;
        let mut mouse = ask(&limit, "mouse");
        assert!(poll(&mut mouse).is_pending());
        assert_eq!(limit.handle().snapshot().waiting, places);
        assert_eq!(refused(&limit, "elephant"), Some(Reason::Full));
        drop((mouse, held, inside));
    }
}

#[tokio::test(start_paused = true)]
async fn who_is_refused_for_want_of_a_key_was_not_held_back_by_the_limit() {
    let told = Told::begin(1);
    let limit = fair(&told);
    let leaves = |limit: &Limit| {
        let Poll::Ready(Ok(permit)) = poll(&mut ask(limit, "mouse")) else {
            panic!("there is a free place");
        };
        permit.complete(&End::new(Outcome::Success));
        told.0.lock().unwrap().1.last().unwrap().binding
    };
    assert_eq!(refused(&limit, ""), Some(Reason::MissingKey));
    assert!(!leaves(&limit));

    let held = poll(&mut ask(&limit, "mouse"));
    let mut waits = ask(&limit, "mouse");
    assert!(poll(&mut waits).is_pending());
    drop(held);
    drop(waits);
    assert!(told.0.lock().unwrap().1.last().unwrap().binding);
}

#[test]
fn turns_need_a_queue_whatever_the_limit() {
    let error = adaptive().no_queue().fair_by(Owner).build().unwrap_err();
    assert_eq!(error.field(), "fair_by");
    assert!(error.to_string().ends_with("leave `no_queue` out"));
}

#[test]
fn the_line_of_a_partition_has_no_turns() {
    let queue = QueueConfig::builder().fair(FairQueues::default());
    let error = Partitioned::builder(adaptive().queue(queue)).build();
    let error = error.unwrap_err().to_string();
    assert!(error.ends_with("leave `fair` out"), "{error}");
}

#[cfg(feature = "http")]
#[tokio::test]
async fn a_stack_tells_both() {
    use floodwall::{Stack, http::client_address};

    let stack = Stack::for_latency(Duration::from_millis(100)).fair_by(client_address());
    let told = stack.build().unwrap().describe().to_string();
    for says in ["adaptive", "four for each one inside", "in turns per"] {
        assert!(told.contains(says), "{told}");
    }

    // Nobody says whose a request is.
    let queue = QueueConfig::builder().fair(FairQueues::default());
    let error = Stack::builder().limit(1).queue(queue).build().unwrap_err();
    assert!(error.to_string().ends_with("say `fair_by`, too"), "{error}");
}
