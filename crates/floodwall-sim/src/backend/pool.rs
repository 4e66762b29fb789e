use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use super::faults::{Condition, moments};
use super::job::{Job, Jobs, Stage};
use super::sharing::Sharing;
use crate::chance::Stream;
use crate::scenario::{Line, OnCancel, Tier};
use crate::time::{OnDue, World};

/// The workers of one tier, the line before them, and the locks that they share.
pub(crate) struct Pool {
    world: World,
    tier: Tier,
    state: Mutex<State>,
}

/// All tiers of a run, to ask how busy they are.
pub(crate) type Pools = Vec<Arc<Pool>>;

/// How a pool stands, and what it has seen.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Standing {
    pub(crate) busy: u32,
    pub(crate) waiting: u32,
    /// How many began to be worked on, and how long all of them together had waited.
    pub(crate) begun: u64,
    pub(crate) waited: u128,
}

struct State {
    jobs: Jobs,
    line: VecDeque<u32>,
    waiting: u32,
    busy: u32,
    locks: Vec<LockState>,
    sharing: Option<Sharing>,
    condition: Condition,
    service: Stream,
    locking: Stream,
    failing: Stream,
    begun: u64,
    waited: u128,
}

#[derive(Default)]
struct LockState {
    held: bool,
    line: VecDeque<(u32, u32)>,
}

/// What a request is told when it wants a worker.
pub(crate) enum Entered {
    /// It has one or waits for one.
    Job(u32),
    /// The line is full.
    Full,
}

/// How a job ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Worked {
    Well,
    Failed,
}

/// Tokens on the agenda: a job and its generation, or that a change begins or ends.
const CHANGE: u64 = u64::MAX;
/// Or, with a number below it, that somebody has had enough of a shared processor.
const SHARED: u64 = 1 << 63;

impl Pool {
    pub(crate) fn new(world: &World, tier: &Tier) -> Arc<Self> {
        let stream = |what: &str| world.stream(&format!("tier/{}/{what}", tier.name));
        let locks = tier.lock.map_or(0, |lock| lock.count);
        let pool = Arc::new(Self {
            world: world.clone(),
            tier: tier.clone(),
            state: Mutex::new(State {
                jobs: Jobs::default(),
                line: VecDeque::new(),
                waiting: 0,
                busy: 0,
                locks: (0..locks).map(|_| LockState::default()).collect(),
                sharing: tier.cores.map(Sharing::new),
                condition: Condition::at(tier, 0),
                service: stream("service"),
                locking: stream("locks"),
                failing: stream("failures"),
                begun: 0,
                waited: 0,
            }),
        });
        for at in moments(tier) {
            world.call(at, Arc::clone(&pool) as Arc<dyn OnDue>, CHANGE);
        }
        pool
    }

    /// Asks for a worker for `work` times the usual work; if it is to keep it, until
    /// [`release`](Pool::release).
    pub(crate) fn enter(self: &Arc<Self>, work: f64, keeps: bool) -> Entered {
        let mut state = self.lock();
        let free = state.busy < state.condition.workers && !state.condition.stalled;
        if let (Line::AtMost(places), false) = (self.tier.line, free && state.waiting == 0) {
            if state.waiting >= places {
                return Entered::Full;
            }
        }
        let id = state.jobs.put(work, keeps, self.world.now());
        state.line.push_back(id);
        state.waiting += 1;
        self.start_all(&mut state);
        Entered::Job(id)
    }

    /// Ready when the work is done.
    pub(crate) fn poll_worked(&self, id: u32, cx: &Context<'_>) -> Poll<Worked> {
        let mut state = self.lock();
        let job = state.jobs.get(id);
        if job.stage != Stage::Worked {
            if !job
                .waker
                .as_ref()
                .is_some_and(|old| old.will_wake(cx.waker()))
            {
                job.waker = Some(cx.waker().clone());
            }
            return Poll::Pending;
        }
        let worked = if job.fails {
            Worked::Failed
        } else {
            Worked::Well
        };
        if !job.keeps {
            state.jobs.free(id);
        }
        Poll::Ready(worked)
    }

    /// Gives back a worker that was kept.
    pub(crate) fn release(self: &Arc<Self>, id: u32) {
        let mut state = self.lock();
        state.jobs.free(id);
        state.busy -= 1;
        self.start_all(&mut state);
    }

    /// The caller has left before the work was done.
    pub(crate) fn cancel(self: &Arc<Self>, id: u32) {
        let mut state = self.lock();
        let goes_on = self.tier.on_cancel == OnCancel::GoesOn;
        let job = state.jobs.get(id);
        job.waker = None;
        match job.stage {
            // Its number is still in the line; whoever takes it from there frees the job.
            Stage::Waiting => {
                job.stage = Stage::Left;
                state.waiting -= 1;
                state.forget_left();
            }
            Stage::Locked(_) | Stage::Holding(_) | Stage::Serving if goes_on => job.orphan = true,
            Stage::Locked(_) => self.free_worker(&mut state, id),
            Stage::Holding(which) => {
                self.unlock(&mut state, which);
                self.free_worker(&mut state, id);
            }
            Stage::Serving => self.free_worker(&mut state, id),
            Stage::Worked if job.keeps => self.free_worker(&mut state, id),
            Stage::Worked => state.jobs.free(id),
            Stage::Left | Stage::Free => {}
        }
    }

    pub(crate) fn name(&self) -> &str {
        &self.tier.name
    }

    /// Whether somebody who came now would be worked on at once.
    pub(crate) fn has_room(&self) -> bool {
        let state = self.lock();
        let Condition {
            workers, stalled, ..
        } = state.condition;
        !stalled && state.busy < self.tier.at_once(workers) && state.waiting == 0
    }

    pub(crate) fn standing(&self) -> Standing {
        let state = self.lock();
        Standing {
            busy: state.busy,
            waiting: state.waiting,
            begun: state.begun,
            waited: state.waited,
        }
    }

    fn free_worker(self: &Arc<Self>, state: &mut State, id: u32) {
        let enough = state.jobs.get(id).due;
        state.jobs.free(id);
        if let Some(sharing) = &mut state.sharing {
            if sharing.remove(self.world.now(), enough, id) {
                self.share(state);
            }
        }
        state.busy -= 1;
        self.start_all(state);
    }

    /// Gives workers to those who came first.
    fn start_all(self: &Arc<Self>, state: &mut State) {
        while state.busy < state.condition.workers && !state.condition.stalled {
            let Some(id) = state.line.pop_front() else {
                return;
            };
            if state.jobs.get(id).stage == Stage::Left {
                state.jobs.free(id);
                continue;
            }
            state.waiting -= 1;
            state.busy += 1;
            state.begun += 1;
            state.waited += u128::from(self.world.now() - state.jobs.get(id).came);
            self.begin(state, id);
        }
    }

    fn begin(self: &Arc<Self>, state: &mut State, id: u32) {
        if let Some(lock) = self.tier.lock {
            if state.locking.happens(lock.share) {
                let which = state.locking.below(lock.count);
                return self.take_lock(state, id, which);
            }
        }
        self.serve(state, id);
    }

    fn take_lock(self: &Arc<Self>, state: &mut State, id: u32, which: u32) {
        let generation = state.jobs.get(id).generation;
        let lock = &mut state.locks[which as usize];
        if lock.held {
            lock.line.push_back((id, generation));
            state.jobs.get(id).stage = Stage::Locked(which);
            return;
        }
        lock.held = true;
        state.jobs.get(id).stage = Stage::Holding(which);
        let hold = self
            .tier
            .lock
            .map_or(0, |lock| crate::chance::nanos(lock.hold));
        self.schedule(state, id, self.world.now() + hold);
    }

    fn unlock(self: &Arc<Self>, state: &mut State, which: u32) {
        state.locks[which as usize].held = false;
        while let Some((next, generation)) = state.locks[which as usize].line.pop_front() {
            let job = state.jobs.get(next);
            // Who left while it waited for the lock has another generation by now.
            if job.generation == generation && job.stage == Stage::Locked(which) {
                self.take_lock(state, next, which);
                return;
            }
        }
    }

    fn serve(self: &Arc<Self>, state: &mut State, id: u32) {
        let condition = state.condition;
        let fails = state.failing.happens(condition.fail);
        let work = state.jobs.get(id).work;
        let usual = self.tier.service.nanos(&mut state.service);
        let time = match condition.fail_after {
            Some(after) if fails => after,
            _ => crate::chance::round(usual as f64 * work * condition.slow),
        };
        let job = state.jobs.get(id);
        job.fails = fails;
        job.stage = Stage::Serving;
        if let Some(sharing) = &mut state.sharing {
            job.due = sharing.add(self.world.now(), id, time);
            return self.share(state);
        }
        self.schedule(state, id, self.world.now().saturating_add(time));
    }

    fn schedule(self: &Arc<Self>, state: &mut State, id: u32, at: u64) {
        let stalled = state.condition.stalled;
        let job = state.jobs.get(id);
        job.scheduled += 1;
        if stalled {
            job.due = at - self.world.now();
            return;
        }
        job.due = at;
        let token = u64::from(id) | u64::from(job.scheduled & 0x7fff_ffff) << 32;
        self.world
            .call(at, Arc::clone(self) as Arc<dyn OnDue>, token);
    }

    /// Puts on the agenda who has enough of the processor next.
    fn share(self: &Arc<Self>, state: &mut State) {
        if let Some((at, round)) = state.sharing.as_mut().and_then(Sharing::next) {
            let token = SHARED | u64::from(round);
            self.world
                .call(at, Arc::clone(self) as Arc<dyn OnDue>, token);
        }
    }

    fn changes(self: &Arc<Self>, state: &mut State, now: u64) {
        let before = state.condition;
        state.condition = Condition::at(&self.tier, now);
        if before.stalled != state.condition.stalled {
            let stalled = state.condition.stalled;
            if let Some(sharing) = &mut state.sharing {
                sharing.stall(now, stalled);
                self.share(state);
            }
            let shared = state.sharing.is_some();
            for id in state.jobs.working() {
                let job = state.jobs.get(id);
                if shared && job.stage == Stage::Serving {
                    continue;
                }
                if stalled {
                    // Whatever is on the agenda for it is void; what is left is kept.
                    job.scheduled += 1;
                    job.due -= now;
                } else {
                    let at = now + job.due;
                    self.schedule(state, id, at);
                }
            }
        }
        self.start_all(state);
    }

    fn done(self: &Arc<Self>, state: &mut State, id: u32) {
        let Job {
            stage,
            keeps,
            orphan,
            ..
        } = *state.jobs.get(id);
        match stage {
            Stage::Holding(which) => {
                self.serve(state, id);
                self.unlock(state, which);
            }
            Stage::Serving if orphan => self.free_worker(state, id),
            Stage::Serving => {
                let job = state.jobs.get(id);
                job.stage = Stage::Worked;
                let waker = job.waker.take();
                if !keeps {
                    state.busy -= 1;
                    self.start_all(state);
                }
                if let Some(waker) = waker {
                    waker.wake();
                }
            }
            _ => {}
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The agenda holds the pool itself, so what it is called with is the same `Arc`.
impl OnDue for Pool {
    fn due(self: Arc<Self>, token: u64, now: u64) {
        let mut state = self.lock();
        if token == CHANGE {
            self.changes(&mut state, now);
            return;
        }
        if token & SHARED != 0 {
            let counts = |sharing: &mut Sharing| sharing.counts(token as u32);
            if state.sharing.as_mut().is_some_and(counts) {
                while let Some(id) = state.sharing.as_mut().and_then(|all| all.take(now)) {
                    self.done(&mut state, id);
                }
                self.share(&mut state);
            }
            return;
        }
        let (id, scheduled) = (token as u32, (token >> 32) as u32);
        if state.jobs.get(id).scheduled & 0x7fff_ffff == scheduled {
            self.done(&mut state, id);
        }
    }
}

impl State {
    /// Whoever has left leaves its number in the line, which is cheap as long as those are few: in a
    /// stall nobody takes them out.
    fn forget_left(&mut self) {
        const FEW: usize = 64;
        if self.line.len() <= 2 * self.waiting as usize + FEW {
            return;
        }
        let Self { jobs, line, .. } = self;
        line.retain(|id| {
            let stays = jobs.get(*id).stage != Stage::Left;
            if !stays {
                jobs.free(*id);
            }
            stays
        });
    }
}
