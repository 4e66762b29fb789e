use std::pin::Pin;
use std::task::{Context, Poll};

use floodwall_core::{Level, Moment, Reason, Rejection};

use super::core::{Asked, Core, Verdict};
use crate::Mode;
use crate::spare::Lent;

/// The decision of a [`Shed`](super::Shed): it never waits.
#[derive(Debug)]
pub struct Shedding {
    // Taken when it is decided.
    core: Lent<Core>,
    asked: Asked,
    at: Moment,
    // If it was found already.
    level: Option<Level>,
}

impl Shedding {
    pub(super) const fn new(core: Lent<Core>, asked: Asked, at: Moment) -> Self {
        Self {
            core,
            asked,
            at,
            level: None,
        }
    }

    pub(super) const fn of(mut self, level: Option<Level>) -> Self {
        self.level = level;
        self
    }

    /// Whether it is let in; leaves the refusal in `refused` if not.
    #[inline]
    pub(super) fn decide(&mut self, refused: &mut Option<Rejection>) -> bool {
        let core = self.core.take();
        let core = core.get().expect("a decision is polled to its end once");
        let is_in = core.admit(&self.asked, self.at, self.level);
        if let Err(level) = is_in {
            *refused = Some(core.shed(level));
        }
        is_in.is_ok()
    }
}

impl Future for Shedding {
    type Output = Result<(), Rejection>;

    fn poll(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut refused = None;
        self.get_mut().decide(&mut refused);
        Poll::Ready(refused.map_or(Ok(()), Err))
    }
}

impl Core {
    /// For one that is refused if it is to be shed: what it is, if it is not.
    pub(super) fn check(&self, asked: &Asked, at: Moment) -> Result<Level, Rejection> {
        match self.decide(asked, at) {
            Verdict::Shed(level) => Err(self.shed(level)),
            Verdict::LetIn(level) | Verdict::Spared(level) => Ok(level),
        }
    }

    /// The level of one that is to be shed, if it is.
    fn admit(&self, asked: &Asked, at: Moment, level: Option<Level>) -> Result<(), Level> {
        let mode = self.mode.get();
        if mode == Mode::Off {
            return Ok(());
        }
        let verdict = match level {
            // The cut-off may be another by now.
            Some(level) => self.judge(level),
            None => self.decide(asked, at),
        };
        match verdict {
            Verdict::Shed(level) if mode == Mode::Enforce => Err(level),
            Verdict::Shed(level) | Verdict::Spared(level) => {
                self.shedder.arrived(level);
                self.observer.would_refuse(asked.priority, Reason::Shed);
                // As far as shadow's own state goes it was shed, or else it would see another load
                // than the one that it would make.
                if mode == Mode::Enforce {
                    self.cohorts.spent(asked.tenant, at);
                }
                Ok(())
            }
            Verdict::LetIn(level) => {
                self.shedder.arrived(level);
                self.observer.admitted(asked.priority);
                self.cohorts.spent(asked.tenant, at);
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
}
