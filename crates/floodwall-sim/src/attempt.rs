use std::collections::BTreeSet;
use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use floodwall::Priority;
use tokio::time::Instant;

/// One attempt of a client to have a request answered: the request that the service under test
/// gets.
///
/// ```
/// use floodwall_sim::Attempt;
///
/// fn key(attempt: &Attempt) -> (&str, u32) {
///     (attempt.client(), attempt.tenant())
/// }
/// ```
#[derive(Clone)]
pub struct Attempt {
    pub(crate) who: Arc<Who>,
    pub(crate) tenant: u32,
    pub(crate) id: u64,
    pub(crate) number: u32,
    pub(crate) cost: u32,
    pub(crate) deadline: Option<Instant>,
}

/// What all requests of a client have in common.
#[derive(Debug)]
pub(crate) struct Who {
    pub(crate) name: String,
    pub(crate) index: u16,
    pub(crate) class: Priority,
    pub(crate) work: f64,
    pub(crate) heads: Heads,
}

/// Attempts whose answer has begun and not ended: the client of a stream that began in time does not try
/// again.
#[derive(Debug, Default)]
pub(crate) struct Heads {
    /// So that nobody takes the lock where nothing streams.
    count: AtomicUsize,
    begun: Mutex<BTreeSet<(u64, u32)>>,
}

impl Heads {
    pub(crate) fn begin(&self, id: u64, number: u32) {
        let mut begun = self.begun.lock().unwrap_or_else(PoisonError::into_inner);
        begun.insert((id, number));
        self.count.store(begun.len(), Ordering::Relaxed);
    }

    /// Whether the answer had begun; forgets it.
    pub(crate) fn end(&self, id: u64, number: u32) -> bool {
        if self.count.load(Ordering::Relaxed) == 0 {
            return false;
        }
        let mut begun = self.begun.lock().unwrap_or_else(PoisonError::into_inner);
        let had = begun.remove(&(id, number));
        self.count.store(begun.len(), Ordering::Relaxed);
        had
    }
}

impl Attempt {
    /// The name of the client who sent it.
    pub fn client(&self) -> &str {
        &self.who.name
    }

    /// Its priority.
    pub fn class(&self) -> Priority {
        self.who.class
    }

    /// Which of the client's tenants it is of, from 0.
    pub const fn tenant(&self) -> u32 {
        self.tenant
    }

    /// The request's number in the run, from 0. Retries bear the number of their request.
    pub const fn id(&self) -> u64 {
        self.id
    }

    /// How many attempts of this request there were before: 0 for the first.
    pub const fn retries(&self) -> u32 {
        self.number
    }

    /// What it costs in units of a quota.
    pub const fn cost(&self) -> u32 {
        self.cost
    }

    /// How many times the usual work it is.
    pub fn work(&self) -> f64 {
        self.who.work
    }

    /// Until when an answer is worth something.
    pub const fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    /// How long until an answer is worth nothing any more.
    pub fn time_left(&self) -> Option<Duration> {
        let now = floodwall::Now::unread().instant();
        Some(self.deadline?.saturating_duration_since(now))
    }

    /// The head of its answer is there, and the body follows.
    pub(crate) fn answer_begins(&self) {
        self.who.heads.begin(self.id, self.number);
    }

    pub(crate) fn client_index(&self) -> u16 {
        self.who.index
    }
}

impl fmt::Debug for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Attempt")
            .field("client", &self.client())
            .field("tenant", &self.tenant)
            .field("id", &self.id)
            .field("retries", &self.number)
            .finish_non_exhaustive()
    }
}
