//! How a turn comes after the reactor was looked at, without a task.
//!
//! What tokio's `yield_now` does with the waker of a task that yields, it does with any waker: the
//! scheduler keeps it until nothing is left to run or it is time to look at the reactor, looks, and
//! then wakes it, behind all that became ready there. So a waker of our own measures a turn, or
//! brings the next one. It keeps the state alive while the scheduler has it, and if the runtime ends
//! meanwhile, its drop does what the wake would have done: those who wait may belong to another.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Wake, Waker};
use std::time::Duration;

use floodwall_core::Moment;
use tokio::runtime::{Handle, RuntimeFlavor};

use super::super::core::Core;
use super::super::gate::{Role, Ticket};
use super::State;

/// Does for the turns of the waiting room what is up to the one of `ticket`. To be called whenever it
/// is polled, and right after it began to wait.
pub(in super::super) fn take_part(
    core: &Arc<Core>,
    ticket: Ticket,
    now: Moment,
    context: &Context<'_>,
) {
    let (role, _woken_in_the_end) = core.gate.take_turn(ticket, now);
    match role {
        Role::Rests => {}
        Role::GoesBehind => context.waker().wake_by_ref(),
        Role::Calls => call(core, now),
    }
}

/// For `auto`, when somebody comes: measures the turn, or closes a room in which nothing happens.
pub(in super::super) fn probe(core: &Arc<Core>, now: Moment) {
    if core.room.state() == State::Open {
        core.room.lasted(Duration::ZERO, &core.gate, now);
    } else if core.room.begins_probe(now) {
        defer(core, now, None);
    }
}

fn call(core: &Arc<Core>, now: Moment) {
    let runtime = Handle::try_current().ok();
    // There, whoever is woken last runs first; on one thread it runs last.
    let behind = runtime
        .as_ref()
        .is_some_and(|runtime| runtime.runtime_flavor() != RuntimeFlavor::CurrentThread);
    let grants = core.room.grants().unwrap_or_else(|| {
        let workers = runtime.map_or(1, |runtime| runtime.metrics().num_workers());
        u32::try_from(workers).unwrap_or(u32::MAX).max(1)
    });
    defer(core, now, Some(Next { grants, behind }));
}

fn defer(core: &Arc<Core>, since: Moment, next: Option<Next>) {
    let waker = Waker::from(Arc::new(Deferred {
        core: Arc::clone(core),
        since,
        next,
        done: AtomicBool::new(false),
    }));
    // It is polled once, to hand on the waker; on other executors that wakes at once.
    let yields = pin!(tokio::task::yield_now());
    let _pending = yields.poll(&mut Context::from_waker(&waker));
}

/// The next turn of the room.
struct Next {
    grants: u32,
    behind: bool,
}

struct Deferred {
    core: Arc<Core>,
    since: Moment,
    next: Option<Next>,
    done: AtomicBool,
}

impl Deferred {
    fn over(&self, woken: bool) {
        if self.done.swap(true, Ordering::Relaxed) {
            return;
        }
        let Self { core, since, .. } = self;
        if self.next.is_none() {
            core.room.probe_ends(core.origin.now());
        }
        if woken && core.room.is_automatic() {
            let now = core.origin.now();
            let took = now.since(*since);
            if self.next.is_some() {
                let length = took.max(core.gate.oldest_wait(now));
                core.room.lasted(length, &core.gate, now);
            } else {
                core.room.turn_took(took, &core.gate, now);
            }
        }
        if let Some(Next { grants, behind }) = self.next {
            core.gate.turn_comes(grants, behind);
        }
    }
}

impl Wake for Deferred {
    fn wake(self: Arc<Self>) {
        self.over(true);
    }
}

impl Drop for Deferred {
    fn drop(&mut self) {
        self.over(false);
    }
}
