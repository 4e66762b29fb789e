use std::sync::Arc;

use floodwall_core::PolicyName;

use super::adaptive::{Learner, LimitChoice};
use super::core::Core;
use super::queue_choice::Line;
use super::room::State;
use super::tenants::{Alike, Telling, Turning};
use super::{ConcurrencyLimit, QueueChoice, WaitingRoom};
use crate::extract::Usual;
use crate::observe::Observer;
use crate::{BuildError, Mode};

/// Makes a [`ConcurrencyLimit`].
#[derive(Debug)]
#[must_use]
pub struct ConcurrencyLimitBuilder<P = Usual, D = Usual, T = Alike> {
    pub(crate) limit: LimitChoice,
    pub(crate) name: String,
    pub(crate) mode: Mode,
    pub(crate) queue: Line,
    pub(crate) room: WaitingRoom,
    pub(super) turning: Turning,
    pub(super) seed: Option<u64>,
    readers: Readers<P, D, T>,
}

/// What reads requests.
#[derive(Debug)]
pub(super) struct Readers<P, D, T> {
    pub(super) priority: P,
    pub(super) deadline: D,
    pub(super) tenants: T,
}

impl ConcurrencyLimitBuilder {
    pub(crate) fn begin(limit: LimitChoice) -> Self {
        Self {
            limit,
            name: "concurrency".to_owned(),
            mode: Mode::Enforce,
            queue: Line::usual(),
            room: WaitingRoom::off(),
            turning: Turning::Never,
            seed: None,
            readers: Readers {
                priority: Usual,
                deadline: Usual,
                tenants: Alike,
            },
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
    pub fn priority<Q>(self, priority: Q) -> ConcurrencyLimitBuilder<Q, D, T> {
        self.reading(|readers| Readers {
            priority,
            deadline: readers.deadline,
            tenants: readers.tenants,
        })
    }

    /// Reads a request's deadline: who cannot get a place before it is refused and does not wait.
    pub fn deadline<E>(self, deadline: E) -> ConcurrencyLimitBuilder<P, E, T> {
        self.reading(|readers| Readers {
            priority: readers.priority,
            deadline,
            tenants: readers.tenants,
        })
    }

    pub(super) fn with_tenants<U>(
        self,
        tenants: impl FnOnce(T) -> U,
    ) -> ConcurrencyLimitBuilder<P, D, U> {
        self.reading(|readers| Readers {
            priority: readers.priority,
            deadline: readers.deadline,
            tenants: tenants(readers.tenants),
        })
    }

    fn reading<Q, E, U>(
        self,
        readers: impl FnOnce(Readers<P, D, T>) -> Readers<Q, E, U>,
    ) -> ConcurrencyLimitBuilder<Q, E, U> {
        ConcurrencyLimitBuilder {
            limit: self.limit,
            name: self.name,
            mode: self.mode,
            queue: self.queue,
            room: self.room,
            turning: self.turning,
            seed: self.seed,
            readers: readers(self.readers),
        }
    }

    /// Builds the policy.
    ///
    /// # Errors
    ///
    /// If the limit is 0, the bounds of an adaptive one contradict each other or are said of a limit
    /// that has none, the name cannot be one, the settings of the queue or of the waiting room are
    /// unsound, or there is no queue for a waiting room or for tenants to take turns in.
    pub fn build(self) -> Result<ConcurrencyLimit<P, D, T>, BuildError> {
        let name = PolicyName::new(&self.name)?;
        let observer = Arc::new(Observer::new("concurrency", name));
        let (core, readers) = self.make(name, Learner::RING, observer)?;
        Ok(ConcurrencyLimit::assemble(readers, core))
    }

    /// What is shared, and what reads requests. A limit that moves keeps up to `ring` samples.
    pub(super) fn make(
        self,
        name: PolicyName,
        ring: usize,
        observer: Arc<Observer>,
    ) -> Result<(Core, Readers<P, D, T>), BuildError> {
        let (limit, algorithm) = self.limit.make()?;
        let (queue, follow) = self.queue.make(limit, self.turning)?;
        check_room(&self.room, queue.is_some())?;
        let turns = queue.as_ref().is_some_and(|queue| queue.fair().is_some());
        let learner = algorithm.map(|algorithm| Learner::new(algorithm, limit, follow, ring));
        let mut core = Core::new(name, limit, queue, self.room, self.mode, learner, observer);
        core.tenants = Telling::new(turns, self.seed);
        Ok((core, self.readers))
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
