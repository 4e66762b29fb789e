use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use floodwall_core::{Level, Reason, Rejection};

use super::core::{Asked, Core, Verdict};
use crate::{Mode, Now};

/// The decision of a [`Shed`](super::Shed): it never waits.
#[derive(Debug)]
pub struct Shedding {
    core: Arc<Core>,
    asked: Asked,
    now: Now,
    decided: bool,
}

impl Shedding {
    pub(super) const fn new(core: Arc<Core>, asked: Asked, now: Now) -> Self {
        Self {
            core,
            asked,
            now,
            decided: false,
        }
    }
}

impl Future for Shedding {
    type Output = Result<(), Rejection>;

    fn poll(mut self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<Self::Output> {
        assert!(!self.decided, "a decision is polled to its end once");
        self.decided = true;
        Poll::Ready(self.core.admit(&self.asked, &self.now))
    }
}

impl Core {
    fn admit(&self, asked: &Asked, now: &Now) -> Result<(), Rejection> {
        let mode = self.mode.get();
        if mode == Mode::Off {
            return Ok(());
        }
        match self.decide(asked, now) {
            Verdict::Shed(level) if mode == Mode::Enforce => Err(self.shed(level)),
            Verdict::Shed(level) | Verdict::Spared(level) => {
                self.shedder.arrived(level);
                self.observer.would_refuse(asked.priority, Reason::Shed);
                // As far as shadow's own state goes it was shed, or else it would see another load
                // than the one that it would make.
                if mode == Mode::Enforce {
                    self.used(asked, now);
                }
                Ok(())
            }
            Verdict::LetIn(level) => {
                self.shedder.arrived(level);
                self.observer.admitted(asked.priority);
                self.used(asked, now);
                Ok(())
            }
        }
    }

    /// Counts one that is shed.
    pub(super) fn shed(&self, level: Level) -> Rejection {
        self.shedder.arrived(level);
        if let Some(queue) = &self.queue {
            // Shed early, so that the queue stays short: to the limit it is as one who waits.
            queue.held_back();
        }
        let refusal = self.refusal();
        self.observer
            .refused(level.priority(), Reason::Shed, refusal.retry_after());
        refusal
    }

    fn used(&self, asked: &Asked, now: &Now) {
        let at = || self.origin.moment(now.instant());
        self.cohorts.spent(asked.tenant, at);
    }
}
