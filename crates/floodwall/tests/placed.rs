//! Permits are made where they stay, one part after the other: what was let in goes back if what
//! comes after it does not let in, or is given up.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use floodwall::admission::Permit;
use floodwall::admit::{AdmitLayer, Error};
use floodwall::signals::Signals;
use floodwall::{
    Admission, ConcurrencyLimit, End, Now, Outcome, QueueConfig, RateLimit, Reason, Rejection, all,
    exempt, match_fn,
};
use tokio_test::{assert_pending, assert_ready, task};
use tower::{Layer, Service};

const WAIT: Duration = Duration::from_millis(100);

#[derive(Clone, Copy)]
enum Inner {
    Echoes,
    IsNotReady,
    Panics,
}

impl Service<u64> for Inner {
    type Response = u64;
    type Error = Infallible;
    type Future = Ready<Result<u64, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        match self {
            Self::IsNotReady => Poll::Pending,
            _ => Poll::Ready(Ok(())),
        }
    }

    fn call(&mut self, request: u64) -> Self::Future {
        assert!(!matches!(self, Self::Panics), "the service panics");
        ready(Ok(request))
    }
}

fn limit_of_one() -> ConcurrencyLimit {
    let queue = QueueConfig::builder().capacity(4).max_wait(WAIT);
    ConcurrencyLimit::builder(1).queue(queue).build().unwrap()
}

/// Two quotas for two requests an hour, behind everything that hands a place on, and a limit.
fn wall(limit: &ConcurrencyLimit) -> impl Admission<u64> + Clone + use<> {
    let two = || RateLimit::new("1000/h burst 2").unwrap();
    let nobody = match_fn(|_: &u64| false);
    let wall = all((two(), Some(all((two(), limit.clone())))));
    Signals::builder()
        .without_machine()
        .build()
        .unwrap()
        .observe(exempt(nobody, wall))
}

async fn assert_two_are_left(wall: &impl Admission<u64>) {
    let mut permits = Vec::new();
    for _ in 0..2 {
        let permit = wall.admit(&7, &Now::unread()).await;
        permits.push(permit.unwrap_or_else(|refusal| panic!("{refusal}")));
        // Its place, and not its charge, is given back for the next.
        permits.pop().unwrap().complete(&End::new(Outcome::Success));
    }
    let refusal = wall.admit(&7, &Now::unread()).await.err().unwrap();
    assert_eq!(refusal.reason(), Reason::Quota);
}

#[tokio::test(start_paused = true)]
async fn who_leaves_while_it_waits_is_charged_nothing() {
    let limit = limit_of_one();
    let inside = limit.admit(&7, &Now::unread()).await.unwrap();
    let wall = wall(&limit);
    let mut service = AdmitLayer::new(wall.clone()).layer(Inner::Echoes);
    for _ in 0..10 {
        assert_pending!(task::spawn(service.call(7)).poll());
        let mut asked = task::spawn(wall.admit(&7, &Now::unread()));
        assert!(asked.poll().is_pending());
    }
    assert_eq!(limit.handle().snapshot().waiting, 0);
    drop(inside);
    assert_two_are_left(&wall).await;
}

#[tokio::test(start_paused = true)]
async fn who_waits_too_long_is_charged_nothing() {
    let limit = limit_of_one();
    let inside = limit.admit(&7, &Now::unread()).await.unwrap();
    let wall = wall(&limit);
    let mut service = AdmitLayer::new(wall.clone()).layer(Inner::Echoes);
    for _ in 0..10 {
        let mut called = task::spawn(service.call(7));
        assert_pending!(called.poll());
        tokio::time::advance(WAIT).await;
        match assert_ready!(called.poll()) {
            Err(Error::Rejected(refusal)) => assert_eq!(refusal.reason(), Reason::QueueTimeout),
            other => panic!("{other:?}"),
        }
        let mut asked = task::spawn(wall.admit(&7, &Now::unread()));
        assert!(asked.poll().is_pending());
        tokio::time::advance(WAIT).await;
        let refusal = assert_ready!(asked.poll()).err().unwrap();
        assert_eq!(refusal.reason(), Reason::QueueTimeout);
    }
    drop(inside);
    assert_two_are_left(&wall).await;
}

#[tokio::test(start_paused = true)]
async fn who_waits_and_goes_in_is_charged_once() {
    let limit = limit_of_one();
    let inside = limit.admit(&7, &Now::unread()).await.unwrap();
    let wall = wall(&limit);
    let mut service = AdmitLayer::new(wall.clone()).layer(Inner::Echoes);
    let mut called = task::spawn(service.call(7));
    let mut asked = task::spawn(wall.admit(&7, &Now::unread()));
    assert_pending!(called.poll());
    assert!(asked.poll().is_pending());
    drop(inside);
    assert!(matches!(assert_ready!(called.poll()), Ok(7)));
    assert!(assert_ready!(asked.poll()).is_ok());
    let refusal = wall.admit(&7, &Now::unread()).await.err().unwrap();
    assert_eq!(refusal.reason(), Reason::Quota);
}

/// Which permit ended, and how; `None` if it was dropped.
type Ends = Arc<Mutex<Vec<(u8, Option<Outcome>)>>>;

struct Records(u8, Ends);

struct Held(u8, Option<Ends>);

impl Admission<u64> for Records {
    type Permit = Held;
    type Future = Ready<Result<Held, Rejection>>;
    fn admit(&self, _: &u64, _: &Now) -> Self::Future {
        ready(Ok(Held(self.0, Some(Arc::clone(&self.1)))))
    }
}

impl Held {
    fn ends(&mut self, outcome: Option<Outcome>) {
        if let Some(ends) = self.1.take() {
            ends.lock().unwrap().push((self.0, outcome));
        }
    }
}

impl Permit for Held {
    fn complete(mut self, end: &End) {
        self.ends(Some(end.outcome()));
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.ends(None);
    }
}

fn ends_of(inner: Inner) -> Vec<(u8, Option<Outcome>)> {
    let ends = Ends::default();
    let parts = [1, 2, 3].map(|number| Records(number, Arc::clone(&ends)));
    let [one, two, three] = parts;
    let mut service = AdmitLayer::new(all((one, Some(two), three))).layer(inner);
    let mut called = task::spawn(service.call(7));
    let polled = catch_unwind(AssertUnwindSafe(|| called.poll()));
    drop((called, polled));
    let ends = ends.lock().unwrap();
    ends.clone()
}

#[test]
fn the_later_part_goes_back_first_however_it_ends() {
    let all = |outcome| vec![(3, outcome), (2, outcome), (1, outcome)];
    assert_eq!(ends_of(Inner::Echoes), all(Some(Outcome::Success)));
    assert_eq!(ends_of(Inner::IsNotReady), all(Some(Outcome::Refused)));
    assert_eq!(ends_of(Inner::Panics), all(None));
}

#[cfg(feature = "http")]
#[tokio::test]
async fn whole_stacks_and_routes_are_decided_alike_in_place() {
    use floodwall::conformance;
    use floodwall::extract::Unkeyed;
    use floodwall::http::{PerRoute, RouteTemplate};

    let head = || {
        let (mut head, ()) = http::Request::new(()).into_parts();
        head.extensions
            .insert(RouteTemplate::from_static("/search"));
        head
    };
    let stack = || {
        floodwall::Stack::builder()
            .quota("2/h", Unkeyed)
            .quota("9/d", Unkeyed)
            .limit(3)
            .build()
            .unwrap()
    };
    conformance::check(stack, head);
    let routes = || {
        let search = RateLimit::new("4/h").unwrap();
        PerRoute::new().on("/search", search).unwrap()
    };
    conformance::check(routes, head);
}

#[tokio::test]
async fn a_policy_may_be_shared_as_one_whose_type_is_not_known() {
    type Same = dyn Admission<u64, Permit = Held, Future = Ready<Result<Held, Rejection>>>;

    let ends = Ends::default();
    let shared: Arc<Same> = Arc::new(Records(1, Arc::clone(&ends)));
    let mut service = AdmitLayer::new(all((shared, ConcurrencyLimit::new(1)))).layer(Inner::Echoes);
    assert_eq!(service.call(7).await.unwrap(), 7);
    assert_eq!(*ends.lock().unwrap(), [(1, Some(Outcome::Success))]);
}
