use std::fmt;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use tokio::time::Instant;

use super::agenda::{Agenda, Due, OnDue};
use crate::chance::Stream;

/// The simulated world: its time and its chance. Handed to whoever builds the service under test.
///
/// Clones are the same world.
#[derive(Clone)]
pub struct World(Arc<Shared>);

struct Shared {
    seed: u64,
    base: Instant,
    now: AtomicU64,
    agenda: Mutex<Agenda>,
}

impl World {
    pub(crate) fn new(seed: u64, base: Instant) -> Self {
        Self(Arc::new(Shared {
            seed,
            base,
            now: AtomicU64::new(0),
            agenda: Mutex::default(),
        }))
    }

    /// The seed of the run.
    pub fn seed(&self) -> u64 {
        self.0.seed
    }

    /// How long the run has lasted.
    pub fn elapsed(&self) -> Duration {
        Duration::from_nanos(self.now())
    }

    /// The random numbers of `name` in this run.
    pub fn stream(&self, name: &str) -> Stream {
        Stream::new(self.0.seed, name)
    }

    /// Sleeps to the nanosecond, where tokio's timer knows milliseconds only.
    ///
    /// # Cancel safety
    ///
    /// Dropping it is harmless.
    pub fn sleep(&self, time: Duration) -> Sleep {
        Sleep {
            world: self.clone(),
            until: self.now().saturating_add(crate::chance::nanos(time)),
            asked: None,
        }
    }

    pub(crate) fn now(&self) -> u64 {
        self.0.now.load(Ordering::Relaxed)
    }

    /// The moment as tokio's clock tells it.
    pub(crate) fn instant(&self, at: u64) -> Instant {
        self.0.base + Duration::from_nanos(at)
    }

    pub(crate) fn set_now(&self, now: u64) {
        self.0.now.store(now, Ordering::Relaxed);
    }

    pub(crate) fn put(&self, at: u64, due: Due) {
        self.with_agenda(|agenda| agenda.put(at, due));
    }

    pub(crate) fn call(&self, at: u64, whom: Arc<dyn OnDue>, token: u64) {
        self.put(at, Due::Call(whom, token));
    }

    pub(crate) fn event(&self, at: u64, event: u64) {
        self.put(at, Due::Event(event));
    }

    /// An event that comes after everything else of its moment.
    pub(crate) fn last_event(&self, at: u64, event: u64) {
        self.with_agenda(|agenda| agenda.put_last(at, Due::Event(event)));
    }

    pub(crate) fn next(&self) -> Option<u64> {
        self.with_agenda(|agenda| agenda.next())
    }

    pub(crate) fn take(&self) -> Option<Due> {
        let now = self.now();
        self.with_agenda(|agenda| agenda.take(now))
    }

    fn with_agenda<R>(&self, look: impl FnOnce(&mut Agenda) -> R) -> R {
        look(&mut self.0.agenda.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl fmt::Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("World")
            .field("seed", &self.0.seed)
            .field("elapsed", &self.elapsed())
            .finish_non_exhaustive()
    }
}

/// Ready at its moment, to the nanosecond; see [`World::sleep`].
#[derive(Debug)]
#[must_use = "it sleeps when it is awaited"]
pub struct Sleep {
    world: World,
    until: u64,
    /// Who is woken then.
    asked: Option<Waker>,
}

impl Future for Sleep {
    type Output = ();
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if self.world.now() >= self.until {
            return Poll::Ready(());
        }
        // Requests are polled by one waker for their whole life, so once is enough for them; a
        // future that is moved to another task while it sleeps asks by its new waker.
        let asked = self.asked.as_ref();
        if !asked.is_some_and(|old| old.will_wake(cx.waker())) {
            self.asked = Some(cx.waker().clone());
            self.world.put(self.until, Due::Wake(cx.waker().clone()));
        }
        Poll::Pending
    }
}
