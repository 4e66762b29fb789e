use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use tokio::time::{Instant, Sleep, advance, sleep_until};

use super::World;

const MILLI: u64 = 1_000_000;

/// Moves the world's clock and tokio's together.
///
/// tokio's timers fire on whole milliseconds counted from the start of the runtime. So on the way
/// to a moment the clock first goes to the next whole millisecond, and from there the runtime goes
/// idle: its clock then jumps from timer to timer, in their order and with the rounding that they
/// have in production. What is left below a millisecond is done in one step.
pub(crate) struct Clock {
    world: World,
    base: Instant,
    now: u64,
    /// The whole millisecond up to which tokio has fired its timers.
    settled: u64,
    aim: Option<u64>,
    sleep: Pin<Box<Sleep>>,
}

/// How a move ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Moved {
    /// The moment has come.
    Arrived,
    /// A timer woke somebody on the way.
    Interrupted,
}

impl Clock {
    pub(crate) fn new(world: World, base: Instant) -> Self {
        Self {
            sleep: Box::pin(sleep_until(base)),
            world,
            base,
            now: 0,
            settled: 0,
            aim: None,
        }
    }

    /// Moves towards `to`, at most until `woken` says that somebody has something to do.
    pub(crate) fn poll_move(
        &mut self,
        to: u64,
        cx: &mut Context<'_>,
        woken: impl Fn() -> bool,
    ) -> Poll<Moved> {
        let floor = to - to % MILLI;
        if self.settled < floor {
            self.follow();
            if self.now % MILLI != 0 {
                let next = self.now - self.now % MILLI + MILLI;
                self.step(next);
            }
            if self.aim != Some(floor) {
                self.aim = Some(floor);
                let deadline = self.base + Duration::from_nanos(floor);
                self.sleep.as_mut().reset(deadline);
            }
            let arrived = self.sleep.as_mut().poll(cx).is_ready();
            if arrived {
                self.settled = floor;
                self.aim = None;
            }
            if woken() {
                self.settled = self.settled.max(self.now - self.now % MILLI);
                return Poll::Ready(Moved::Interrupted);
            }
            if !arrived {
                return Poll::Pending;
            }
        }
        self.step(to);
        Poll::Ready(Moved::Arrived)
    }

    /// By how much the two clocks differ: never, unless somebody else moved tokio's.
    pub(crate) fn drift(&self) -> u64 {
        self.tokio().abs_diff(self.now)
    }

    fn tokio(&self) -> u64 {
        #[expect(
            clippy::disallowed_methods,
            reason = "the clocks are compared with one another"
        )]
        let now = Instant::now();
        crate::chance::nanos(now.saturating_duration_since(self.base))
    }

    /// The runtime was idle and its clock may have jumped.
    fn follow(&mut self) {
        self.now = self.tokio().max(self.now);
        self.world.set_now(self.now);
    }

    fn step(&mut self, to: u64) {
        if to > self.now {
            let mut moving = std::pin::pin!(advance(Duration::from_nanos(to - self.now)));
            // The first poll moves the clock; what it would wait for after that is a turn of the
            // scheduler, which nobody here needs.
            let _ = moving
                .as_mut()
                .poll(&mut Context::from_waker(Waker::noop()));
            self.now = to;
            self.world.set_now(to);
        }
    }
}
