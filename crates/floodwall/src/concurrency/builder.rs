use std::sync::Arc;

use floodwall_core::PolicyName;

use super::adaptive::{Learner, LimitChoice};
use super::core::Core;
use super::queue_choice::Line;
use super::room::State;
use super::{ConcurrencyLimit, QueueChoice, WaitingRoom};
use crate::extract::Usual;
use crate::observe::Observer;
use crate::{BuildError, Mode};

/// Makes a [`ConcurrencyLimit`].
#[derive(Debug)]
#[must_use]
pub struct ConcurrencyLimitBuilder<P = Usual, D = Usual> {
    pub(crate) limit: LimitChoice,
    pub(crate) name: String,
    pub(crate) mode: Mode,
    pub(crate) queue: Line,
    pub(crate) room: WaitingRoom,
    priority: P,
    deadline: D,
}

impl ConcurrencyLimitBuilder {
    pub(crate) fn begin(limit: LimitChoice) -> Self {
        Self {
            limit,
            name: "concurrency".to_owned(),
            mode: Mode::Enforce,
            queue: Line::usual(),
            room: WaitingRoom::off(),
            priority: Usual,
            deadline: Usual,
        }
    }
}

impl<P, D> ConcurrencyLimitBuilder<P, D> {
    /// The policy's name in answers and metrics: `concurrency` when not said.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// Whether it refuses, only counts, or does nothing: [`Mode::Enforce`] when not said.
    pub fn mode(mut self, mode: Mode) -> Self {
        self.mode = mode;
        self
    }

    /// Who finds no place waits here: a [`QueueConfigBuilder`](super::QueueConfigBuilder), or only
    /// how long one may wait. When not said: four times the limit, at least 16 places, for up to
    /// 100 ms, newest first once the delay stands above 5 ms.
    ///
    /// In front of a limit that moves, what is not said follows it, and the longest wait is shorter
    /// where the service is fast; see [`QueueChoice`].
    pub fn queue(mut self, queue: impl Into<QueueChoice>) -> Self {
        self.queue = queue.into().0;
        self
    }

    /// Who finds no place is refused at once. Nothing is known then about when a place becomes free:
    /// `Retry-After` is a second and jitter.
    pub fn no_queue(mut self) -> Self {
        self.queue = Line::None;
        self
    }

    /// Whether requests park for a turn even when a place is free, for handlers that block the
    /// thread of their runtime: [`WaitingRoom::off`] when not said.
    pub fn waiting_room(mut self, room: WaitingRoom) -> Self {
        self.room = room;
        self
    }

    /// Reads a request's priority, which orders the queue.
    pub fn priority<Q>(self, priority: Q) -> ConcurrencyLimitBuilder<Q, D> {
        let Self {
            limit,
            name,
            mode,
            queue,
            room,
            priority: _,
            deadline,
        } = self;
        ConcurrencyLimitBuilder {
            limit,
            name,
            mode,
            queue,
            room,
            priority,
            deadline,
        }
    }

    /// Reads a request's deadline: who cannot get a place before it is refused and does not wait.
    pub fn deadline<E>(self, deadline: E) -> ConcurrencyLimitBuilder<P, E> {
        let Self {
            limit,
            name,
            mode,
            queue,
            room,
            priority,
            deadline: _,
        } = self;
        ConcurrencyLimitBuilder {
            limit,
            name,
            mode,
            queue,
            room,
            priority,
            deadline,
        }
    }

    /// Builds the policy.
    ///
    /// # Errors
    ///
    /// If the limit is 0, the bounds of an adaptive one contradict each other or are said of a limit
    /// that has none, the name cannot be one, the settings of the queue or of the waiting room are
    /// unsound, or there is a waiting room and no queue.
    pub fn build(self) -> Result<ConcurrencyLimit<P, D>, BuildError> {
        let name = PolicyName::new(&self.name)?;
        let observer = Arc::new(Observer::new("concurrency", name));
        let (core, priority, deadline) = self.make(name, Learner::RING, observer)?;
        Ok(ConcurrencyLimit::assemble(priority, deadline, core))
    }

    /// What is shared, and what reads requests. A limit that moves keeps up to `ring` samples.
    pub(super) fn make(
        self,
        name: PolicyName,
        ring: usize,
        observer: Arc<Observer>,
    ) -> Result<(Core, P, D), BuildError> {
        let (limit, algorithm) = self.limit.make()?;
        let (queue, follow) = self.queue.make(limit)?;
        check_room(&self.room, queue.is_some())?;
        let learner = algorithm.map(|algorithm| Learner::new(algorithm, limit, follow, ring));
        let core = Core::new(name, limit, queue, self.room, self.mode, learner, observer);
        Ok((core, self.priority, self.deadline))
    }

    /// Builds the policy as a layer for HTTP services.
    ///
    /// # Errors
    ///
    /// As [`build`](ConcurrencyLimitBuilder::build).
    #[cfg(feature = "http")]
    pub fn layer(self) -> Result<crate::http::ConcurrencyLimitLayer<P, D>, BuildError> {
        self.build().map(crate::http::AdmitLayer::around)
    }
}

pub(super) fn check_limit(limit: u32) -> Result<(), BuildError> {
    if limit == 0 {
        return Err(BuildError::new(
            "limit",
            "0 would let nothing in: set at least 1, or drain",
        ));
    }
    Ok(())
}

pub(super) fn check_room(room: &WaitingRoom, has_queue: bool) -> Result<(), BuildError> {
    room.check()?;
    if room.state() != State::Off && !has_queue {
        let problem = "there is no queue to wait in: leave `no_queue` out";
        return Err(BuildError::new("waiting_room", problem));
    }
    Ok(())
}
