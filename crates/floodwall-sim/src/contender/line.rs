use std::convert::Infallible;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker, ready};

use floodwall::{Priority, Reason};
use pin_project_lite::pin_project;
use tower_service::Service;

use crate::backend::{Backend, BackendFuture, TierService};
use crate::engine::{Gauge, Stage};
use crate::time::World;
use crate::{Answer, Attempt};

/// One who waits in a line.
#[derive(Clone, Copy, Debug)]
pub(super) struct Waiter {
    pub(super) id: u32,
    pub(super) class: Priority,
    pub(super) came: u64,
    pub(super) deadline: Option<u64>,
    /// A number that stays the same for all requests of one tenant.
    pub(super) cohort: u64,
}

/// What a discipline does with the next in line.
pub(super) enum Next {
    Grant(Waiter),
    Refuse(Waiter),
    Nobody,
}

/// How a line is kept.
pub(super) trait Discipline: Send + 'static {
    /// One comes.
    fn push(&mut self, waiter: Waiter, now: u64);
    /// Whoever is refused, the newcomer or another, because one came and no place is free.
    fn overflow(&mut self) -> Option<Waiter>;
    /// A place is free.
    fn pop(&mut self, now: u64) -> Next;
    /// One has left.
    fn remove(&mut self, id: u32);
    fn len(&self) -> usize;
    /// The level from which on it refuses, if it has one.
    fn cut_off(&self) -> Option<f64> {
        None
    }
}

/// Puts a line in front of `places` places.
pub(super) fn in_front<D: Discipline>(
    stage: &Stage<'_>,
    inner: Backend,
    places: usize,
    discipline: D,
) -> TierService {
    let line = Arc::new(Line {
        world: stage.world().clone(),
        state: Mutex::new(State {
            places,
            inside: 0,
            waiters: Vec::new(),
            free: Vec::new(),
            discipline,
        }),
    });
    let look = |read: fn(&State<D>) -> usize| {
        let line = Arc::clone(&line);
        move || Some(read(&line.lock()) as f64)
    };
    stage.watch(Gauge::InFlight, look(|state| state.inside));
    stage.watch(Gauge::Queue, look(|state| state.discipline.len()));
    stage.watch(Gauge::Limit, look(|state| state.places));
    let of = Arc::clone(&line);
    stage.watch(Gauge::CutOff, move || of.lock().discipline.cut_off());
    TierService::new(Lined { inner, line })
}

struct Line<D> {
    world: World,
    state: Mutex<State<D>>,
}

struct State<D> {
    places: usize,
    inside: usize,
    waiters: Vec<(Stand, Option<Waker>)>,
    free: Vec<u32>,
    discipline: D,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stand {
    Waiting,
    Granted,
    Refused,
    Free,
}

impl<D: Discipline> Line<D> {
    fn enter(&self, attempt: &Attempt) -> u32 {
        let now = self.world.now();
        let mut state = self.lock();
        let id = state.free.pop().unwrap_or_else(|| {
            state.waiters.push((Stand::Free, None));
            (state.waiters.len() - 1) as u32
        });
        state.waiters[id as usize] = (Stand::Waiting, None);
        let zero = self.world.instant(0);
        let waiter = Waiter {
            id,
            class: attempt.class(),
            came: now,
            deadline: attempt
                .deadline()
                .map(|deadline| crate::chance::nanos(deadline - zero)),
            cohort: u64::from(attempt.client_index()) << 32 | u64::from(attempt.tenant()),
        };
        state.discipline.push(waiter, now);
        state.grant(now);
        if let Some(refused) = state.discipline.overflow() {
            state.tell(refused.id, Stand::Refused);
        }
        id
    }

    fn poll_granted(&self, id: u32, cx: &Context<'_>) -> Poll<bool> {
        let mut state = self.lock();
        let (stand, waker) = &mut state.waiters[id as usize];
        match *stand {
            Stand::Granted => Poll::Ready(true),
            Stand::Refused | Stand::Free => Poll::Ready(false),
            Stand::Waiting => {
                *waker = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }

    /// One leaves, wherever it stands.
    fn leave(&self, id: u32) {
        let mut state = self.lock();
        match state.waiters[id as usize].0 {
            Stand::Waiting => state.discipline.remove(id),
            Stand::Granted => state.inside -= 1,
            Stand::Refused | Stand::Free => {}
        }
        state.waiters[id as usize] = (Stand::Free, None);
        state.free.push(id);
        state.grant(self.world.now());
    }

    fn lock(&self) -> MutexGuard<'_, State<D>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<D: Discipline> State<D> {
    fn grant(&mut self, now: u64) {
        while self.inside < self.places {
            match self.discipline.pop(now) {
                Next::Grant(waiter) => {
                    self.inside += 1;
                    self.tell(waiter.id, Stand::Granted);
                }
                Next::Refuse(waiter) => self.tell(waiter.id, Stand::Refused),
                Next::Nobody => return,
            }
        }
    }

    fn tell(&mut self, id: u32, stand: Stand) {
        let waiter = &mut self.waiters[id as usize];
        waiter.0 = stand;
        if let Some(waker) = waiter.1.take() {
            waker.wake();
        }
    }
}

struct Lined<D> {
    inner: Backend,
    line: Arc<Line<D>>,
}

impl<D> Clone for Lined<D> {
    fn clone(&self) -> Self {
        Self {
            inner: self.inner.clone(),
            line: Arc::clone(&self.line),
        }
    }
}

impl<D: Discipline> Service<Attempt> for Lined<D> {
    type Response = Answer;
    type Error = Infallible;
    type Future = LinedFuture<D>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, attempt: Attempt) -> LinedFuture<D> {
        LinedFuture {
            running: None,
            place: Place {
                id: self.line.enter(&attempt),
                line: Arc::clone(&self.line),
            },
            inner: self.inner.clone(),
            attempt: Some(attempt),
        }
    }
}

/// Left when dropped.
struct Place<D: Discipline> {
    id: u32,
    line: Arc<Line<D>>,
}

impl<D: Discipline> Drop for Place<D> {
    fn drop(&mut self) {
        self.line.leave(self.id);
    }
}

pin_project! {
    // The work dies before its place is given back.
    struct LinedFuture<D: Discipline> {
        #[pin]
        running: Option<BackendFuture>,
        place: Place<D>,
        inner: Backend,
        attempt: Option<Attempt>,
    }
}

impl<D: Discipline> Future for LinedFuture<D> {
    type Output = Result<Answer, Infallible>;
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        if let Some(attempt) = this.attempt.take() {
            match this.place.line.poll_granted(this.place.id, cx) {
                Poll::Pending => {
                    *this.attempt = Some(attempt);
                    return Poll::Pending;
                }
                Poll::Ready(false) => return Poll::Ready(Ok(Answer::refused(Reason::Full))),
                Poll::Ready(true) => {
                    let call = this.inner.call(attempt);
                    this.running.set(Some(call));
                }
            }
        }
        let running = this.running.as_mut().as_pin_mut();
        let answer = ready!(running.expect("polled to its end once").poll(cx));
        this.running.set(None);
        Poll::Ready(answer)
    }
}
