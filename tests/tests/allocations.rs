//! What a decision allocates: nothing.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::hash::Hash;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use floodwall::admit::AdmitLayer;
use floodwall::extract::key_fn;
use floodwall::signals::Signals;
use floodwall::{
    Admission, ConcurrencyLimit, End, Now, Outcome, Permit, RateLimit, Shed, adaptive, all,
};
use tower::{Layer, Service};

#[derive(Clone, Copy)]
struct Noop;

impl Service<u64> for Noop {
    type Response = u64;
    type Error = Infallible;
    type Future = Ready<Result<u64, Infallible>>;
    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }
    fn call(&mut self, request: u64) -> Self::Future {
        ready(Ok(request))
    }
}

/// The recommended wall outside of HTTP; a pressure of 1 sheds everything.
fn wall(pressure: f64) -> impl Admission<u64> {
    let signals = Signals::builder().without_machine().build().unwrap();
    let limit = ConcurrencyLimit::new(64);
    signals.watch_limit(&limit.handle()).unwrap();
    let own = |request: &u64, to: &mut floodwall_core::rate::KeyHasher| request.hash(to);
    let per_key = RateLimit::builder("1000000/s burst 1000000").key(key_fn(own));
    let shed = Shed::builder()
        .tenant(key_fn(own))
        .queue(&limit.handle())
        .pressure("test", (0.0, 1.0), move || Some(pressure))
        .at_most(1.0);
    signals.observe(all((
        per_key.build().unwrap(),
        RateLimit::new("1000000/s burst 1000000").unwrap(),
        shed.build().unwrap(),
        limit,
    )))
}

async fn allocations(pressure: f64) -> (u64, u64) {
    let mut service = AdmitLayer::new(wall(pressure)).layer(Noop);
    let mut served = 0;
    let mut round = |times: u64| {
        let mut context = Context::from_waker(Waker::noop());
        for request in 0..times {
            assert!(service.poll_ready(&mut context).is_ready());
            let answer = pin!(service.call(request));
            match answer.poll(&mut context) {
                Poll::Ready(answer) => served += u64::from(answer.is_ok()),
                Poll::Pending => panic!("nobody has to wait"),
            }
        }
    };
    // Whatever is made once is made here: handles of series, the first cut-off.
    for _ in 0..4 {
        round(100);
        tokio::time::advance(Duration::from_millis(1_100)).await;
    }
    round(100);
    let counted = allocation_counter::measure(|| round(1_000));
    (counted.count_total, served)
}

#[tokio::test(start_paused = true)]
async fn admitted_or_shed_a_decision_of_the_whole_wall_allocates_nothing() {
    let (made, served) = allocations(0.0).await;
    assert_eq!((made, served), (0, 1_500), "admitted");
    let (made, served) = allocations(1.0).await;
    assert!(served < 500, "the last thousand are shed: {served}");
    assert_eq!(made, 0, "shed");
}

#[tokio::test(start_paused = true)]
async fn a_sample_of_an_adaptive_limit_allocates_nothing() {
    let limit = adaptive().floor(8).build().unwrap();
    let handle = limit.handle();
    let mut context = Context::from_waker(Waker::noop());
    let mut round = |times: u64| {
        for _ in 0..times {
            let admitted = pin!(limit.admit("a", &Now::unread()));
            let Poll::Ready(Ok(mut permit)) = admitted.poll(&mut context) else {
                panic!("there is a place")
            };
            permit.responded(&Now::unread(), None);
            permit.complete(&End::new(Outcome::Success));
        }
    };
    // Windows of an algorithm end with time; a change of the limit is told, and may allocate.
    for _ in 0..10 {
        round(100);
        tokio::time::advance(Duration::from_millis(200)).await;
    }
    let (told, changes) = (handle.snapshot().adaptive.unwrap(), handle.history());
    let counted = allocation_counter::measure(|| round(1_000));
    assert_eq!(counted.count_total, 0);
    let samples = handle.snapshot().adaptive.unwrap().samples;
    assert_eq!(
        samples - told.samples,
        1_000,
        "all of them were learned from"
    );
    assert_eq!(
        handle.history(),
        changes,
        "a change is no part of the question"
    );
}
