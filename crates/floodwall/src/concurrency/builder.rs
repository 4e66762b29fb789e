use floodwall_core::PolicyName;
use floodwall_core::queue::{QueueConfig, QueueConfigBuilder};

use super::core::Core;
use super::room::State;
use super::tenants::{Alike, Telling};
use super::{ConcurrencyLimit, WaitingRoom, fair};
use crate::extract::Usual;
use crate::{BuildError, Mode};

/// Makes a [`ConcurrencyLimit`].
#[derive(Clone, Debug)]
#[must_use]
pub struct ConcurrencyLimitBuilder<P = Usual, D = Usual, T = Alike> {
    limit: u32,
    name: String,
    mode: Mode,
    queue: Line,
    room: WaitingRoom,
    priority: P,
    deadline: D,
    tenants: T,
    pub(super) fair: bool,
    pub(super) told_apart: bool,
    pub(super) seed: Option<u64>,
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
            tenants: Alike,
            fair: false,
            told_apart: false,
            seed: None,
        }
    }
}

impl<P, D, T> ConcurrencyLimitBuilder<P, D, T> {
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
    pub fn priority<Q>(self, priority: Q) -> ConcurrencyLimitBuilder<Q, D, T> {
        let Self {
            limit,
            name,
            mode,
            queue,
            room,
            priority: _,
            deadline,
            tenants,
            fair,
            told_apart,
            seed,
        } = self;
        ConcurrencyLimitBuilder {
            limit,
            name,
            mode,
            queue,
            room,
            priority,
            deadline,
            tenants,
            fair,
            told_apart,
            seed,
        }
    }

    /// Reads a request's deadline: who cannot get a place before it is refused and does not wait.
    pub fn deadline<E>(self, deadline: E) -> ConcurrencyLimitBuilder<P, E, T> {
        let Self {
            limit,
            name,
            mode,
            queue,
            room,
            priority,
            deadline: _,
            tenants,
            fair,
            told_apart,
            seed,
        } = self;
        ConcurrencyLimitBuilder {
            limit,
            name,
            mode,
            queue,
            room,
            priority,
            deadline,
            tenants,
            fair,
            told_apart,
            seed,
        }
    }

    pub(super) fn with_tenants<U>(
        self,
        tenants: impl FnOnce(T) -> U,
    ) -> ConcurrencyLimitBuilder<P, D, U> {
        ConcurrencyLimitBuilder {
            limit: self.limit,
            name: self.name,
            mode: self.mode,
            queue: self.queue,
            room: self.room,
            priority: self.priority,
            deadline: self.deadline,
            tenants: tenants(self.tenants),
            fair: self.fair,
            told_apart: self.told_apart,
            seed: self.seed,
        }
    }

    /// Builds the policy.
    ///
    /// # Errors
    ///
    /// If the limit is 0, the name cannot be one, the settings of the queue or of the waiting room
    /// are unsound, or there is no queue for a waiting room or for tenants to take turns in.
    pub fn build(self) -> Result<ConcurrencyLimit<P, D, T>, BuildError> {
        check_limit(self.limit)?;
        let name = PolicyName::new(&self.name)?;
        let queue = match self.queue {
            Line::None if self.fair => {
                let problem = "there is no queue to take turns in: leave `no_queue` out";
                return Err(BuildError::new("fair_by", problem));
            }
            Line::None => None,
            Line::Usual => Some(fair::queue(
                usual_queue(self.limit),
                self.fair,
                self.told_apart,
            )?),
            Line::Set(queue) => Some(fair::queue(queue, self.fair, self.told_apart)?),
        };
        check_room(&self.room, queue.is_some())?;
        let fair = queue.as_ref().is_some_and(|queue| queue.fair().is_some());
        let mut core = Core::new(name, self.limit, queue, self.room, self.mode);
        core.tenants = Telling::new(fair, self.seed);
        Ok(ConcurrencyLimit::assemble(
            self.priority,
            self.deadline,
            self.tenants,
            core,
        ))
    }

    /// Builds the policy as a layer for HTTP services.
    ///
    /// # Errors
    ///
    /// As [`build`](ConcurrencyLimitBuilder::build).
    #[cfg(feature = "http")]
    pub fn layer(self) -> Result<crate::http::ConcurrencyLimitLayer<P, D, T>, BuildError> {
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

fn usual_queue(limit: u32) -> QueueConfigBuilder {
    let capacity = limit.saturating_mul(4).clamp(16, QueueConfig::MAX_CAPACITY);
    QueueConfig::builder().capacity(capacity)
}
