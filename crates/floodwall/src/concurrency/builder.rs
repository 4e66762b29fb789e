use floodwall_core::PolicyName;
use floodwall_core::queue::{QueueConfig, QueueConfigBuilder};

use super::core::Core;
use super::room::State;
use super::{ConcurrencyLimit, WaitingRoom};
use crate::extract::Usual;
use crate::{BuildError, Mode};

/// Makes a [`ConcurrencyLimit`].
#[derive(Clone, Debug)]
#[must_use]
pub struct ConcurrencyLimitBuilder<P = Usual, D = Usual> {
    limit: u32,
    name: String,
    mode: Mode,
    queue: Line,
    room: WaitingRoom,
    priority: P,
    deadline: D,
}

#[derive(Clone, Debug)]
enum Line {
    None,
    Usual,
    Set(QueueConfigBuilder),
}

impl ConcurrencyLimitBuilder {
    pub(super) fn new(limit: u32) -> Self {
        Self {
            limit,
            name: "concurrency".to_owned(),
            mode: Mode::Enforce,
            queue: Line::Usual,
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

    /// Who finds no place waits here. When not said: four times the limit, at least 16 places, for
    /// up to 100 ms, newest first once the delay stands above 5 ms.
    pub fn queue(mut self, queue: QueueConfigBuilder) -> Self {
        self.queue = Line::Set(queue);
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
    /// If the limit is 0, the name cannot be one, the settings of the queue or of the waiting room
    /// are unsound, or there is a waiting room and no queue.
    pub fn build(self) -> Result<ConcurrencyLimit<P, D>, BuildError> {
        check_limit(self.limit)?;
        let name = PolicyName::new(&self.name)?;
        let queue = match self.queue {
            Line::None => None,
            Line::Usual => Some(usual_queue(self.limit)?),
            Line::Set(queue) => Some(queue.build().map_err(|e| BuildError::caused("queue", e))?),
        };
        check_room(&self.room, queue.is_some())?;
        let core = Core::new(name, self.limit, queue, self.room, self.mode);
        Ok(ConcurrencyLimit::assemble(
            self.priority,
            self.deadline,
            core,
        ))
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

fn usual_queue(limit: u32) -> Result<QueueConfig, BuildError> {
    let capacity = limit.saturating_mul(4).clamp(16, QueueConfig::MAX_CAPACITY);
    QueueConfig::builder()
        .capacity(capacity)
        .build()
        .map_err(|e| BuildError::caused("queue", e))
}
