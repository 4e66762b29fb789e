//! After any storm of cancels, panics and resizes: nobody inside, and exactly as many places as
//! before.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use fastrand::Rng;
use floodwall::admission::And;
use floodwall::concurrency::ConcurrencyLimitHandle;
use floodwall::extract::PriorityOf;
use floodwall::http::{
    Admit, AdmitLayer, Deadline, Extension, Head, HoldUntil, ResponseBody, ResponseFuture,
    extension,
};
use floodwall::{
    Admission, All, ConcurrencyLimit, Mode, Now, Priority, QueueConfig, RateLimit, Reason, all,
};
use floodwall_tests::{Crowd, Frames, Inside, Storm, Then, all_free, poll_once};
use http::{Method, Request, Response};
use http_body::Body;
use tokio::time::Instant;
use tower::{Layer, Service};

const LIMIT: u32 = 8;
const TENANTS: usize = 8;
/// Of each tenant.
const BURST: u64 = 20;

type Limit = ConcurrencyLimit<Touchy, Extension<Deadline>>;
type Policy = All<And<RateLimit<Extension<Tenant>>, Limit>>;
type Call = ResponseFuture<Work, Policy, Plan>;
type Answer = ResponseBody<Frames, <Policy as Admission<Head>>::Permit>;

#[derive(Clone, Copy, Hash)]
struct Tenant(usize);

/// Reads the priority, and panics at some requests.
#[derive(Clone, Debug)]
struct Touchy;

impl PriorityOf<Head> for Touchy {
    fn priority(&self, head: &Head) -> Priority {
        if head.method == Method::TRACE {
            resume_unwind(Box::new(Storm));
        }
        head.extensions.get().copied().unwrap_or_default()
    }
}

/// What the service does with one request.
#[derive(Debug)]
struct Plan {
    tenant: usize,
    panics_in_call: bool,
    polls: u8,
    result: Planned,
}

#[derive(Clone, Copy, Debug)]
enum Planned {
    Answer(usize, Then),
    Fail,
    Panic,
}

#[derive(Clone)]
struct Work {
    crowd: Crowd,
    ran: Arc<[AtomicU64; TENANTS]>,
    asked: Arc<AtomicU64>,
}

/// The service is broken.
#[derive(Debug)]
struct Broken;

impl Service<Request<Plan>> for Work {
    type Response = Response<Frames>;
    type Error = Broken;
    type Future = Working;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Broken>> {
        let breaks = self.asked.fetch_add(1, Ordering::Relaxed) % 97 == 0;
        Poll::Ready(if breaks { Err(Broken) } else { Ok(()) })
    }

    fn call(&mut self, request: Request<Plan>) -> Working {
        let plan = request.into_body();
        self.ran[plan.tenant].fetch_add(1, Ordering::Relaxed);
        let inside = self.crowd.enter();
        if plan.panics_in_call {
            resume_unwind(Box::new(Storm));
        }
        Working {
            plan,
            inside: Some(inside),
        }
    }
}

struct Working {
    plan: Plan,
    inside: Option<Inside>,
}

impl Future for Working {
    type Output = Result<Response<Frames>, Broken>;
    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Self::Output> {
        if let Some(polls) = self.plan.polls.checked_sub(1) {
            self.plan.polls = polls;
            return Poll::Pending;
        }
        match self.plan.result {
            Planned::Answer(frames, then) => {
                let inside = self.inside.take().expect("polled to its end once");
                Poll::Ready(Ok(Response::new(Frames::new(frames, then, inside))))
            }
            Planned::Fail => Poll::Ready(Err(Broken)),
            Planned::Panic => resume_unwind(Box::new(Storm)),
        }
    }
}

struct Live {
    call: Pin<Box<Call>>,
    asks_for_the_head: bool,
    began: bool,
}

/// A storm over one layer: requests begin, go on, end and are given up in an order that only the
/// seed knows.
struct Weather {
    random: Rng,
    limit: Limit,
    handle: ConcurrencyLimitHandle,
    service: Admit<Work, Policy>,
    work: Work,
    live: Vec<Live>,
    bodies: Vec<Pin<Box<Answer>>>,
    cancels: u64,
    panics: u64,
    refused: u64,
}

impl Weather {
    fn new(seed: u64, hold: HoldUntil, rate: u32) -> Self {
        let quota = RateLimit::builder(format!("{rate}/s burst {BURST}"))
            .key(extension::<Tenant>())
            .build()
            .unwrap();
        let limit = ConcurrencyLimit::builder(LIMIT)
            .queue(queue(24))
            .priority(Touchy)
            .deadline(extension::<Deadline>())
            .build()
            .unwrap();
        let work = Work {
            crowd: Crowd::default(),
            ran: Arc::default(),
            asked: Arc::default(),
        };
        let layer = AdmitLayer::around(all((quota, limit.clone()))).hold_until(hold);
        Self {
            random: Rng::with_seed(seed),
            handle: limit.handle(),
            limit,
            service: layer.layer(work.clone()),
            work,
            live: Vec::new(),
            bodies: Vec::new(),
            cancels: 0,
            panics: 0,
            refused: 0,
        }
    }

    fn request(&mut self) -> Request<Plan> {
        let random = &mut self.random;
        let tenant = random.usize(..TENANTS);
        let then = [Then::End, Then::End, Then::Fail, Then::Panic, Then::Stall];
        let result = match random.u8(..16) {
            0 => Planned::Fail,
            1 => Planned::Panic,
            _ => Planned::Answer(random.usize(..3), then[random.usize(..then.len())]),
        };
        let plan = Plan {
            tenant,
            panics_in_call: random.u8(..32) == 0,
            polls: random.u8(..4),
            result,
        };
        let mut request = Request::new(plan);
        if random.u8(..32) == 0 {
            *request.method_mut() = Method::TRACE;
        } else if random.u8(..16) == 0 {
            *request.method_mut() = Method::HEAD;
        }
        let extensions = request.extensions_mut();
        extensions.insert(Tenant(tenant));
        extensions.insert(Priority::new(random.u8(..8)).unwrap());
        if random.u8(..3) == 0 {
            let left = Duration::from_micros(random.u64(..30_000));
            extensions.insert(Deadline(Now::unread().instant() + left));
        }
        request
    }

    fn begin(&mut self) {
        let request = self.request();
        let asks_for_the_head = request.method() == Method::HEAD;
        let call = Box::pin(self.service.call(request));
        self.live.push(Live {
            call,
            asks_for_the_head,
            began: false,
        });
        // Some are given up before anybody has looked at them.
        if self.random.u8(..16) > 0 {
            self.poll(self.live.len() - 1);
        }
    }

    /// Whether something changed.
    fn poll(&mut self, i: usize) -> bool {
        let before = self.work.crowd.entered();
        let live = &mut self.live[i];
        let polled = catch_unwind(AssertUnwindSafe(|| poll_once(live.call.as_mut())));
        let began = self.work.crowd.entered() != before;
        live.began |= began;
        match polled {
            Ok(Poll::Pending) => return began,
            Ok(Poll::Ready(Ok(answer))) => match answer.status().as_u16() {
                // Nobody would send it.
                200 if live.asks_for_the_head => drop(answer),
                200 => self.bodies.push(Box::pin(answer.into_body())),
                429 | 503 => self.refused += 1,
                other => panic!("nothing here answers {other}"),
            },
            Ok(Poll::Ready(Err(Broken))) => {}
            Err(payload) => self.panicked(payload.is::<Storm>()),
        }
        drop(self.live.swap_remove(i));
        true
    }

    fn poll_body(&mut self, i: usize) {
        let body = &mut self.bodies[i];
        let mut cx = Context::from_waker(std::task::Waker::noop());
        match catch_unwind(AssertUnwindSafe(|| body.as_mut().poll_frame(&mut cx))) {
            Ok(Poll::Pending | Poll::Ready(Some(Ok(_)))) => return,
            Ok(Poll::Ready(None | Some(Err(_)))) => {}
            Err(payload) => self.panicked(payload.is::<Storm>()),
        }
        drop(self.bodies.swap_remove(i));
    }

    #[track_caller]
    fn panicked(&mut self, as_planned: bool) {
        assert!(as_planned, "a panic that nobody planned");
        self.panics += 1;
    }

    fn give_up_a_call(&mut self) {
        if !self.live.is_empty() {
            let i = self.random.usize(..self.live.len());
            drop(self.live.swap_remove(i));
            self.cancels += 1;
        }
    }

    fn give_up_a_body(&mut self) {
        if !self.bodies.is_empty() {
            let i = self.random.usize(..self.bodies.len());
            drop(self.bodies.swap_remove(i));
            self.cancels += 1;
        }
    }

    /// One thing that can happen.
    async fn step(&mut self) {
        match self.random.u8(..100) {
            0..50 if self.live.len() < 48 => self.begin(),
            0..80 => self.give_up_a_call(),
            80..90 if !self.live.is_empty() => {
                let i = self.random.usize(..self.live.len());
                self.poll(i);
            }
            90..94 if !self.bodies.is_empty() => {
                let i = self.random.usize(..self.bodies.len());
                self.poll_body(i);
            }
            94..99 => self.give_up_a_body(),
            _ => {
                let time = Duration::from_micros(self.random.u64(..20_000));
                tokio::time::advance(time).await;
            }
        }
    }

    /// Lets all who were granted a place, or refused one, find out.
    fn look_around(&mut self) {
        let mut changed = true;
        while changed {
            changed = false;
            for i in (0..self.live.len()).rev() {
                if i < self.live.len() && !self.live[i].began {
                    changed |= self.poll(i);
                }
            }
        }
    }

    /// What floodwall counts is what is true.
    fn counts_are_true(&mut self) {
        self.look_around();
        let snapshot = self.handle.snapshot();
        let began = self.live.iter().filter(|live| live.began).count();
        assert_eq!(
            snapshot.in_flight as usize,
            self.work.crowd.inside(),
            "who is inside"
        );
        assert_eq!(
            snapshot.waiting as usize,
            self.live.len() - began,
            "who waits"
        );
        let classes: u32 = snapshot.waiting_by_class.iter().sum();
        assert_eq!(classes, snapshot.waiting);
        assert!(
            snapshot.waiting == 0 || snapshot.in_flight >= snapshot.limit,
            "somebody waits while a place is free: {snapshot:?}"
        );
    }

    fn calm(&mut self) {
        self.live.clear();
        self.bodies.clear();
        assert_eq!(self.work.crowd.inside(), 0);
        all_free(&self.limit, &self.handle, LIMIT as usize);
    }
}

fn queue(capacity: u32) -> floodwall::concurrency::QueueConfigBuilder {
    QueueConfig::builder()
        .capacity(capacity)
        .max_wait(Duration::from_millis(15))
        .share(Priority::BACKGROUND, 0.1)
}

/// The limit changes all the time, and everything is counted all the time.
async fn rage(storm: &mut Weather, cancels: u64) {
    // No more inside than this: the limit, and who is owed since it shrank.
    let mut bound = LIMIT;
    let mut steps = 0_u64;
    while storm.cancels < cancels {
        storm.step().await;
        steps += 1;
        if steps % 64 == 0 {
            let new = 1 + storm.random.u32(..2 * LIMIT);
            bound = storm.handle.snapshot().in_flight.max(new);
            storm.handle.set_limit(new).unwrap();
        }
        if steps % 8 == 0 {
            let snapshot = storm.handle.snapshot();
            assert!(
                snapshot.in_flight <= bound,
                "{} inside, {bound} at most",
                snapshot.in_flight
            );
            assert!(storm.work.crowd.inside() <= snapshot.in_flight as usize);
            bound = snapshot.limit.max(snapshot.in_flight);
        }
        if steps % 1_024 == 0 {
            storm.counts_are_true();
        }
    }
    storm.counts_are_true();
    storm.handle.set_limit(LIMIT).unwrap();
}

/// Together with the next one: a million.
#[tokio::test(start_paused = true)]
async fn a_million_random_cancels_leave_every_place_free_where_the_queue_is_full() {
    let mut storm = Weather::new(7, HoldUntil::default(), 400);
    rage(&mut storm, 750_000).await;
    storm.calm();
    let counts = storm.handle.snapshot().counts;
    for reason in [
        Reason::Deadline,
        Reason::Evicted,
        Reason::Full,
        Reason::QueueTimeout,
    ] {
        assert!(
            counts.refused_for(reason) > 1_000,
            "too few {reason}: {counts:?}"
        );
    }
    assert!(storm.panics > 10_000, "too few panics: {}", storm.panics);
}

#[tokio::test(start_paused = true)]
async fn a_million_random_cancels_leave_every_place_free_where_the_quota_is_short() {
    let rate = 60;
    let start = Now::unread().instant();
    let mut storm = Weather::new(8, HoldUntil::default(), rate);
    rage(&mut storm, 250_000).await;
    storm.calm();
    let time = Now::unread().instant() - start;
    let most = BURST + u64::from(rate) * (time.as_secs() + 1);
    for ran in storm.work.ran.iter() {
        let ran = ran.load(Ordering::Relaxed);
        assert!(ran <= most, "{ran} ran, the quota allows {most}");
        assert!(
            ran > most / 2,
            "the storm should come close to the quota: {ran} of {most}"
        );
    }
    let by_quota = storm.refused - storm.handle.snapshot().counts.refused();
    assert!(
        by_quota > 100_000,
        "too few are refused by the quota: {by_quota}"
    );
    assert!(storm.panics > 10_000, "too few panics: {}", storm.panics);
}

#[tokio::test(start_paused = true)]
async fn switching_draining_and_holding_in_the_storm_lose_no_place() {
    for seed in 0..4 {
        let at_most = Some(Duration::from_millis(30));
        let mut storm = Weather::new(seed, HoldUntil::End { at_most }, 400);
        let mut steps = 0_u64;
        while storm.cancels < 30_000 {
            storm.step().await;
            steps += 1;
            if steps % 50 == 0 {
                match storm.random.u8(..8) {
                    0 => storm.handle.set_mode(Mode::Enforce),
                    1 => storm.handle.set_mode(Mode::Shadow),
                    2 => storm.handle.set_mode(Mode::Off),
                    3 => drop(storm.handle.drain()),
                    4 => storm.handle.resume(),
                    5 => storm
                        .handle
                        .set_queue(queue(1 + storm.random.u32(..40)))
                        .unwrap(),
                    6 => storm
                        .handle
                        .set_limit(1 + storm.random.u32(..2 * LIMIT))
                        .unwrap(),
                    _ => {}
                }
            }
        }
        // A place that was taken back is in nobody's hands, so only the end can be counted.
        storm.handle.set_mode(Mode::Enforce);
        storm.handle.resume();
        storm.handle.set_limit(LIMIT).unwrap();
        storm.calm();
    }
}

#[tokio::test(start_paused = true)]
async fn a_drain_ends_when_the_storm_has_left() {
    let mut storm = Weather::new(3, HoldUntil::default(), 400);
    for _ in 0..10_000 {
        storm.step().await;
    }
    storm.look_around();
    assert!(storm.handle.snapshot().in_flight > 0);
    let mut drained = Box::pin(storm.handle.drain());
    assert!(poll_once(drained.as_mut()).is_pending());
    let refused = storm.refused;
    storm.begin();
    storm.look_around();
    assert!(storm.refused > refused, "who comes now is refused");
    storm.live.clear();
    storm.bodies.clear();
    assert!(poll_once(drained.as_mut()).is_ready());
    storm.handle.resume();
    storm.calm();
}

#[tokio::test(start_paused = true)]
async fn a_hundred_thousand_queue_timeouts_at_one_instant_are_all_refused() {
    let queue = QueueConfig::builder()
        .capacity(100_000)
        .max_wait(Duration::from_millis(50));
    let limit = ConcurrencyLimit::builder(1).queue(queue).build().unwrap();
    let handle = limit.handle();
    let held = floodwall_tests::ask(&limit).unwrap().unwrap();
    let start: Instant = Now::unread().instant();
    let (head, ()) = Request::new(()).into_parts();
    let waiting: Vec<_> = (0..100_000)
        .map(|_| Box::pin(limit.admit(&head, &Now::unread())))
        .collect();
    let mut waiting = waiting;
    for call in &mut waiting {
        assert!(poll_once(call.as_mut()).is_pending());
    }
    assert_eq!(handle.snapshot().waiting, 100_000);
    tokio::time::advance(Duration::from_millis(50)).await;
    for call in &mut waiting {
        let Poll::Ready(Err(refusal)) = poll_once(call.as_mut()) else {
            panic!("its time is up")
        };
        assert_eq!(refusal.reason(), Reason::QueueTimeout);
        assert_eq!(refusal.waited(), Now::unread().instant() - start);
    }
    drop(held);
    all_free(&limit, &handle, 1);
}
