//! Requests that begin, go on, end and are given up in an order that only a seed knows.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use fastrand::Rng;
use floodwall::admission::And;
use floodwall::concurrency::{ConcurrencyLimitHandle, QueueConfigBuilder};
use floodwall::extract::PriorityOf;
use floodwall::http::{
    Admit, AdmitLayer, Deadline, Extension, Head, HoldUntil, ResponseBody, ResponseFuture,
    extension,
};
use floodwall::{Admission, All, ConcurrencyLimit, Now, Priority, QueueConfig, RateLimit, all};
use floodwall_tests::{Crowd, Frames, Inside, Storm, Then, all_free, poll_once};
use http::{Method, Request, Response};
use http_body::Body;
use tower::{Layer, Service};

pub(crate) const LIMIT: u32 = 8;
const TENANTS: usize = 8;
/// Of each tenant.
pub(crate) const BURST: u64 = 20;

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

/// A storm over one layer.
pub(crate) struct Weather {
    pub(crate) random: Rng,
    limit: Limit,
    pub(crate) handle: ConcurrencyLimitHandle,
    service: Admit<Work, Policy>,
    work: Work,
    live: Vec<Live>,
    bodies: Vec<Pin<Box<Answer>>>,
    pub(crate) cancels: u64,
    pub(crate) panics: u64,
    pub(crate) refused: u64,
}

impl Weather {
    pub(crate) fn new(seed: u64, hold: HoldUntil, rate: u32) -> Self {
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

    pub(crate) fn begin(&mut self) {
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
    pub(crate) async fn step(&mut self) {
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
    pub(crate) fn look_around(&mut self) {
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
    pub(crate) fn counts_are_true(&mut self) {
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

    /// How many the service is at work for.
    pub(crate) fn inside(&self) -> usize {
        self.work.crowd.inside()
    }

    /// How many of each tenant ran.
    pub(crate) fn ran(&self) -> [u64; TENANTS] {
        std::array::from_fn(|tenant| self.work.ran[tenant].load(Ordering::Relaxed))
    }

    pub(crate) fn give_up_all(&mut self) {
        self.live.clear();
        self.bodies.clear();
    }

    /// Everybody leaves, and nothing is lost.
    pub(crate) fn calm(&mut self) {
        self.give_up_all();
        assert_eq!(self.work.crowd.inside(), 0);
        all_free(&self.limit, &self.handle, LIMIT as usize);
    }
}

pub(crate) fn queue(capacity: u32) -> QueueConfigBuilder {
    QueueConfig::builder()
        .capacity(capacity)
        .max_wait(Duration::from_millis(15))
        .share(Priority::BACKGROUND, 0.1)
}
