//! Several policies are one decision: all admit, or none is charged. Layers that are merely stacked
//! do not mistake each other's refusals for work.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::sync::{Arc, Barrier, Mutex};
use std::task::Poll;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::routing::get as on_get;
use floodwall::http::{AdmitLayer, Head, PerRoute, RouteTemplate, header};
use floodwall::rate_limit::Quota;
use floodwall::{
    Admission, BoxAdmission, ConcurrencyLimit, End, Now, Outcome, Permit, PolicyName, QueueConfig,
    RateLimit, Reason, Rejection, admit, all,
};
use floodwall_tests::{Http1, ask, get, poll_once, room, text, until};
use http::{Request, Response};
use tower::{Layer, ServiceExt, service_fn};

/// Says no at the very last moment, when all others have been charged.
#[derive(Clone)]
struct No;

impl<Req: ?Sized> Admission<Req> for No {
    type Permit = ();
    type Future = Ready<Result<(), Rejection>>;
    fn admit(&self, _: &Req, _: &Now) -> Self::Future {
        let no = Rejection::new(PolicyName::from_static("no"), Reason::Other);
        ready(Err(no))
    }
}

fn quota(text: &str) -> RateLimit {
    RateLimit::new(text).unwrap()
}

/// Its unit comes back in a year: nothing comes back while a test runs, whatever the clock.
fn frozen(burst: u32) -> RateLimit {
    let one_a_year = Quota::requests(1).per(Duration::from_secs(365 * 86_400));
    RateLimit::new(one_a_year.burst(burst)).unwrap()
}

fn unreturned(quota: &RateLimit) -> u64 {
    quota.handle().snapshot().table.unreturned
}

fn one_place(queue: u32) -> ConcurrencyLimit {
    let queue = QueueConfig::builder()
        .capacity(queue)
        .max_wait(Duration::from_millis(50));
    ConcurrencyLimit::builder(1).queue(queue).build().unwrap()
}

#[tokio::test(start_paused = true)]
async fn whichever_policy_refuses_the_others_stay_uncharged() {
    let quotas = || [quota("10/h"), quota("20/h"), quota("30/h")];
    let boxes = |quotas: &[RateLimit; 3]| quotas.clone().map(BoxAdmission::<Head>::new);
    for refusing in 0..3 {
        let quotas = quotas();
        let burst = [10, 20, 30];
        // Somebody else has used this one up.
        let mut spent = 0;
        while ask(&quotas[refusing]).unwrap().is_ok() {
            spent += 1;
        }
        assert_eq!(spent, burst[refusing]);
        let [a, b, c] = boxes(&quotas);
        let limit = ConcurrencyLimit::new(4);
        let policy = all((a, b, c, limit.clone()));
        for _ in 0..100 {
            let refusal = ask(&policy).unwrap().expect_err("one of them refuses");
            assert_eq!(refusal.reason(), Reason::Quota);
            assert_eq!(refusal.policy(), quotas[refusing].handle().name());
        }
        for (i, quota) in quotas.iter().enumerate() {
            let wanted = if i == refusing { 0 } else { burst[i] };
            assert_eq!(left(quota), wanted, "quota {i}, refused by {refusing}");
            assert_eq!(unreturned(quota), 0);
        }
        assert_eq!(room(&limit), 4);
    }
}

/// How much of a quota is left: spends it.
fn left(quota: &RateLimit) -> usize {
    std::iter::from_fn(|| ask(quota)?.ok()).count()
}

#[tokio::test(start_paused = true)]
async fn a_refusal_after_all_were_charged_takes_every_charge_back() {
    let quotas = [quota("10/h"), quota("20/h")];
    let keyed = RateLimit::builder("5/h")
        .quota("50/d")
        .key(header("x-key"))
        .build()
        .unwrap();
    let limit = ConcurrencyLimit::new(4);
    let [a, b] = quotas.clone();
    let policy = all((a, b, keyed.clone(), limit.clone(), No));
    for _ in 0..1_000 {
        assert_eq!(ask(&policy).unwrap().err().unwrap().reason(), Reason::Other);
    }
    assert_eq!(room(&limit), 4);
    assert_eq!(quotas.each_ref().map(left), [10, 20]);
    assert_eq!(std::iter::from_fn(|| ask(&keyed)?.ok()).count(), 5);
    assert_eq!(quotas.each_ref().map(unreturned), [0, 0]);
    assert_eq!(keyed.handle().snapshot().table.unreturned, 0);
}

#[tokio::test(start_paused = true)]
async fn whoever_waits_in_vain_or_leaves_while_queued_is_not_charged() {
    let (narrow, wide) = (quota("10/h"), quota("20/h"));
    let limit = one_place(1);
    let policy = all((narrow.clone(), wide.clone(), limit.clone()));
    let held = ask(&policy).unwrap().unwrap();
    let (head, ()) = Request::new(()).into_parts();
    for i in 0..200 {
        let mut waiting = Box::pin(policy.admit(&head, &Now::unread()));
        assert!(poll_once(waiting.as_mut()).is_pending());
        if i % 2 == 0 {
            drop(waiting);
        } else {
            assert_eq!(waiting.await.err().unwrap().reason(), Reason::QueueTimeout);
        }
        // And nobody is charged who finds the queue full.
        let mut waiting = Box::pin(policy.admit(&head, &Now::unread()));
        assert!(poll_once(waiting.as_mut()).is_pending());
        assert_eq!(ask(&policy).unwrap().err().unwrap().reason(), Reason::Full);
        drop(waiting);
    }
    drop(held);
    assert_eq!(
        (left(&narrow), left(&wide)),
        (9, 19),
        "only the one who ran was charged"
    );
    assert_eq!((unreturned(&narrow), unreturned(&wide)), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn whoever_is_evicted_is_not_charged() {
    let quota = quota("10/h");
    let limit = ConcurrencyLimit::builder(1)
        .queue(
            QueueConfig::builder()
                .capacity(1)
                .max_wait(Duration::from_secs(1)),
        )
        .priority(header("x-priority").trusting_everyone())
        .build()
        .unwrap();
    let policy = all((quota.clone(), limit));
    let head = |priority: &str| {
        Request::builder()
            .header("x-priority", priority)
            .body(())
            .unwrap()
            .into_parts()
            .0
    };
    let held = ask(&policy).unwrap().unwrap();
    let mut low = Box::pin(policy.admit(&head("5"), &Now::unread()));
    assert!(poll_once(low.as_mut()).is_pending());
    let mut high = Box::pin(policy.admit(&head("1"), &Now::unread()));
    assert!(poll_once(high.as_mut()).is_pending());
    // The charge of the other came after it, so this one stays spent, and that is counted.
    let Poll::Ready(Err(refusal)) = poll_once(low.as_mut()) else {
        panic!("it was evicted")
    };
    assert_eq!(refusal.reason(), Reason::Evicted);
    assert_eq!(unreturned(&quota), 1);
    drop(high);
    drop(held);
    assert_eq!(
        left(&quota),
        10 - 1 - 1,
        "the one that ran, and the one that stayed spent"
    );
}

#[test]
fn racing_decisions_lose_at_most_their_own_cost_and_that_is_counted() {
    const THREADS: usize = 4;
    for _ in 0..200 {
        let (wide, narrow) = (frozen(30), frozen(3));
        let start = Arc::new(Barrier::new(THREADS));
        let threads: Vec<_> = (0..THREADS)
            .map(|_| {
                let policy = all((wide.clone(), narrow.clone()));
                let start = Arc::clone(&start);
                std::thread::spawn(move || {
                    start.wait();
                    (0..3).filter(|_| ask(&policy).unwrap().is_ok()).count()
                })
            })
            .collect();
        let admitted: usize = threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .sum();
        assert_eq!(
            admitted, 3,
            "the narrow one allows three, and lets in three"
        );
        let lost = unreturned(&wide);
        assert_eq!(unreturned(&narrow), 0);
        assert!(
            lost <= (THREADS * 3 - admitted) as u64,
            "one cost for each refusal at most"
        );
        assert_eq!(
            left(&wide),
            30 - 3 - lost as usize,
            "what is not counted is not lost"
        );
    }
}

#[test]
fn racing_refusals_at_the_last_moment_lose_no_more_than_is_counted() {
    const EACH: usize = 500;
    let quota = frozen(30);
    let threads: Vec<_> = (0..4)
        .map(|_| {
            let policy = all((quota.clone(), No));
            std::thread::spawn(move || {
                for _ in 0..EACH {
                    assert!(ask(&policy).unwrap().is_err());
                }
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
    let lost = unreturned(&quota);
    assert!(lost <= 30, "no more can be lost than there is");
    assert_eq!(left(&quota), 30 - lost as usize);
}

/// Remembers how each of its requests ended.
#[derive(Clone, Default)]
struct Witness(Arc<Mutex<Vec<Outcome>>>);

struct Seen(Witness, bool);

impl Permit for Seen {
    fn complete(mut self, end: &End) {
        self.0.0.lock().unwrap().push(end.outcome());
        self.1 = true;
    }
}

impl Drop for Seen {
    fn drop(&mut self) {
        if !self.1 {
            self.0.0.lock().unwrap().push(Outcome::Cancelled);
        }
    }
}

impl<Req: ?Sized> Admission<Req> for Witness {
    type Permit = Seen;
    type Future = Ready<Result<Seen, Rejection>>;
    fn admit(&self, _: &Req, _: &Now) -> Self::Future {
        ready(Ok(Seen(self.clone(), false)))
    }
}

impl Witness {
    fn saw(&self) -> Vec<Outcome> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

#[tokio::test(start_paused = true)]
async fn where_a_later_policy_would_refuse_the_earlier_is_not_even_asked() {
    let witness = Witness::default();
    let (quota, limit) = (quota("1/h"), one_place(1));
    let policy = all((witness.clone(), quota.clone(), limit.clone()));
    let held = ask(&policy).unwrap().unwrap();
    assert_eq!(ask(&policy).unwrap().err().unwrap().reason(), Reason::Quota);
    tokio::time::advance(Duration::from_secs(3_600)).await;
    // There is a quota again, but the queue is full.
    let (head, ()) = Request::new(()).into_parts();
    let mut waiting = Box::pin(limit.admit(&head, &Now::unread()));
    assert!(poll_once(waiting.as_mut()).is_pending());
    assert_eq!(ask(&policy).unwrap().err().unwrap().reason(), Reason::Full);
    assert_eq!(witness.saw(), [], "it let nobody in");
    drop((held, waiting));
    assert_eq!(witness.saw(), [Outcome::Cancelled], "only who was inside");
    assert_eq!(left(&quota), 1);
}

#[tokio::test]
async fn a_refusal_by_an_inner_layer_teaches_the_outer_one_nothing() {
    let witness = Witness::default();
    let outer_quota = quota("10/h");
    let inner = AdmitLayer::around(quota("2/h"));
    let service = Router::new()
        .route("/", on_get(|| async { "ran" }))
        .route(
            "/overloaded",
            on_get(|| async { http::StatusCode::SERVICE_UNAVAILABLE }),
        )
        .layer(inner)
        .layer(AdmitLayer::around(all((
            outer_quota.clone(),
            witness.clone(),
        ))));
    let mut connection = Http1::over_a_pipe(service, 4_096).await;
    let mut say = async |path| {
        let answer = connection.client.send_request(get(path)).await.unwrap();
        let status = answer.status().as_u16();
        text(answer).await;
        until("the outer layer has heard", || {
            !witness.0.lock().unwrap().is_empty()
        })
        .await;
        (status, witness.saw())
    };
    assert_eq!(say("/").await, (200, vec![Outcome::Success]));
    // The service's own 503 is a lesson ...
    assert_eq!(say("/overloaded").await, (503, vec![Outcome::Overload]));
    // ... and ours is none, nor is anything charged for it.
    for _ in 0..20 {
        assert_eq!(say("/").await, (429, vec![Outcome::Refused]));
    }
    assert_eq!(left(&outer_quota), 8);
    assert_eq!(unreturned(&outer_quota), 0);
}

#[tokio::test(start_paused = true)]
async fn a_caller_that_leaves_is_refused_while_it_waits_and_cancelled_while_it_runs() {
    let witness = Witness::default();
    let limit = one_place(4);
    let layer = AdmitLayer::around(all((witness.clone(), limit)));
    let service = layer.layer(service_fn(|_: Request<Body>| async {
        std::future::pending::<()>().await;
        Ok::<_, Infallible>(Response::new(Body::empty()))
    }));
    let call = || Box::pin(service.clone().oneshot(floodwall_tests::blank()));
    let mut runs = call();
    assert!(poll_once(runs.as_mut()).is_pending());
    let mut waits = call();
    assert!(poll_once(waits.as_mut()).is_pending());
    assert_eq!(witness.saw(), []);
    drop(waits);
    assert_eq!(witness.saw(), [Outcome::Refused]);
    drop(runs);
    assert_eq!(witness.saw(), [Outcome::Cancelled]);
}

#[tokio::test]
async fn permits_go_back_in_reverse_and_the_work_dies_before_them() {
    #[derive(Clone)]
    struct Named(&'static str, Arc<Mutex<Vec<&'static str>>>);
    struct Held(Named);
    impl Permit for Held {
        fn complete(self, _: &End) {}
    }
    impl Drop for Held {
        fn drop(&mut self) {
            self.0.1.lock().unwrap().push(self.0.0);
        }
    }
    impl<Req: ?Sized> Admission<Req> for Named {
        type Permit = Held;
        type Future = Ready<Result<Held, Rejection>>;
        fn admit(&self, _: &Req, _: &Now) -> Self::Future {
            ready(Ok(Held(self.clone())))
        }
    }
    let log = Arc::new(Mutex::new(Vec::new()));
    let named = |name| Named(name, Arc::clone(&log));
    let work = Held(named("work"));
    let work = Arc::new(Mutex::new(Some(work)));
    let layer = admit::AdmitLayer::new(all((named("first"), named("second"), named("third"))));
    let service = layer.layer(service_fn(move |(): ()| {
        let work = work.lock().unwrap().take();
        async move {
            std::future::pending::<()>().await;
            drop(work);
            Ok::<_, Infallible>(())
        }
    }));
    let mut call = Box::pin(service.oneshot(()));
    assert!(poll_once(call.as_mut()).is_pending());
    drop(call);
    assert_eq!(*log.lock().unwrap(), ["work", "third", "second", "first"]);
}

#[tokio::test]
async fn each_route_template_has_a_quota_of_its_own() {
    let quotas = PerRoute::new()
        .on("/search", quota("2/h"))
        .unwrap()
        .on("/items/{id}", quota("4/h"))
        .unwrap()
        .otherwise(quota("8/h"));
    let handler = on_get(|| async { "ran" });
    let app = Router::new()
        .route("/search", handler.clone())
        .route("/items/{id}", handler.clone())
        .route("/a", handler.clone())
        .route("/b", handler)
        .layer(AdmitLayer::around(quotas));
    for (paths, wanted) in [
        (["/search", "/search?q=2"], 2),
        (["/items/1", "/items/2"], 4),
        (["/a", "/b"], 8),
    ] {
        let mut admitted = 0;
        for i in 0..40 {
            let request = Request::get(paths[i % 2]).body(Body::empty()).unwrap();
            let answer = app.clone().oneshot(request).await.unwrap();
            admitted += usize::from(answer.status() == 200);
        }
        assert_eq!(admitted, wanted, "{paths:?}");
    }
    // A router of one's own says so itself.
    let policy = PerRoute::new().on("/x", quota("1/h")).unwrap();
    let mut request = Request::new(());
    request
        .extensions_mut()
        .insert(RouteTemplate::from_static("/x"));
    let (head, ()) = request.into_parts();
    let admit = || poll_once(std::pin::pin!(policy.admit(&head, &Now::unread())));
    assert!(matches!(admit(), Poll::Ready(Ok(_))));
    assert!(matches!(admit(), Poll::Ready(Err(_))));
}
