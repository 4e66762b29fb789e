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
    /// The runtime has gone idle, so its clock may be ahead.
    idle: bool,
    /// Somebody else has moved tokio's clock.
    tampered: bool,
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
            idle: false,
            tampered: false,
        }
    }

    /// The runtime was idle, and its clock has jumped to the timer that ended that.
    pub(crate) fn wake(&mut self) {
        let tokio = self.tokio();
        if tokio != self.now && !self.idle {
            self.tampered = true;
        }
        self.idle = false;
        self.now = tokio.max(self.now);
        self.world.set_now(self.now);
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
            self.wake();
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
                self.idle = true;
                return Poll::Pending;
            }
        }
        self.step(to);
        Poll::Ready(Moved::Arrived)
    }

    /// Whether both clocks have gone the same way.
    pub(crate) fn agrees(&self) -> bool {
        !self.tampered && self.tokio() == self.now
    }

    fn tokio(&self) -> u64 {
        #[expect(
            clippy::disallowed_methods,
            reason = "the clocks are compared with one another"
        )]
        let now = Instant::now();
        crate::chance::nanos(now.saturating_duration_since(self.base))
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
