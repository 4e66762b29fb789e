use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use floodwall_core::Moment;
use floodwall_core::shed::Scale;

use crate::Now;
use crate::clock::Origin;

/// Tells how pressed something is: a reading that a [`Scale`] turns into a pressure.
///
/// It is read about ten times a second, by a request that comes along, so it had better be quick: a
/// load of an atomic and not a system call. Closures are sources; `None` is silence. One that hangs
/// holds up the request that reads it; the others go on without it after a second.
pub trait PressureSource: Send + Sync + 'static {
    /// The reading, or `None` if there is none that is fresh enough.
    fn read(&self, now: &Now) -> Option<f64>;
}

impl<F: Fn() -> Option<f64> + Send + Sync + 'static> PressureSource for F {
    fn read(&self, _now: &Now) -> Option<f64> {
        self()
    }
}

/// A source whose readings somebody sets; it falls silent when nothing was set for its age limit.
///
/// ```
/// use floodwall::shed::PushedPressure;
/// use std::time::Duration;
///
/// let heat = PushedPressure::new(Duration::from_secs(2));
/// let shed = floodwall::Shed::builder().pressure("heat", (70.0, 95.0), heat.clone()).build()?;
/// heat.set(81.5);
/// # drop(shed);
/// # Ok::<(), floodwall::BuildError>(())
/// ```
#[derive(Clone, Debug)]
pub struct PushedPressure(Arc<Pushed>);

#[derive(Debug)]
struct Pushed {
    origin: Origin,
    age_limit: Duration,
    value: AtomicU64,
    /// When it was set, in nanoseconds and one more; 0 is never.
    at: AtomicU64,
}

impl PushedPressure {
    /// Silent until something is set, and again `age_limit` after it.
    pub fn new(age_limit: Duration) -> Self {
        Self(Arc::new(Pushed {
            origin: Origin::here(),
            age_limit,
            value: AtomicU64::new(0),
            at: AtomicU64::new(0),
        }))
    }

    /// A new reading.
    pub fn set(&self, value: f64) {
        let at = self.0.origin.now().as_nanos().saturating_add(1);
        self.0.value.store(value.to_bits(), Ordering::Relaxed);
        self.0.at.store(at, Ordering::Release);
    }
}

impl PressureSource for PushedPressure {
    fn read(&self, now: &Now) -> Option<f64> {
        let at = self.0.at.load(Ordering::Acquire).checked_sub(1)?;
        let age = self.0.origin.at(now).since(Moment::from_nanos(at));
        let value = f64::from_bits(self.0.value.load(Ordering::Relaxed));
        (age <= self.0.age_limit).then_some(value)
    }
}

/// How a source fared when it was read last.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum SourceStatus {
    /// It has not been asked yet.
    Unread,
    /// It told a pressure, 0 to 1.
    Told(f64),
    /// It had nothing to tell, or somebody who began to read it has not come back for a second.
    Silent,
    /// It told what cannot be: not a number, infinite or negative. It decided nothing.
    Nonsense,
    /// It panicked, and is not asked any more.
    Panicked,
}

/// A source of pressure and how it fared.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct SourceState {
    /// Its name.
    pub name: String,
    /// How it fared when it was read last.
    pub status: SourceStatus,
}

/// A source in use.
pub(super) struct Source {
    pub(super) name: String,
    scale: Scale,
    read: Box<dyn PressureSource>,
    status: AtomicU64,
    /// Somebody is reading it.
    busy: AtomicBool,
}

// What is no pressure is told apart by numbers that no pressure can be.
const UNREAD: f64 = -1.0;
const SILENT: f64 = -2.0;
const NONSENSE: f64 = -3.0;
const PANICKED: f64 = -4.0;

impl Source {
    pub(super) fn new(name: String, scale: Scale, read: Box<dyn PressureSource>) -> Self {
        Self {
            name,
            scale,
            read,
            status: AtomicU64::new(UNREAD.to_bits()),
            busy: AtomicBool::new(false),
        }
    }

    /// The pressure, if it tells one.
    pub(super) fn pressure(&self, now: &Now) -> Option<f64> {
        if self.raw() == PANICKED {
            return None;
        }
        if self.busy.swap(true, Ordering::Acquire) {
            // Who began to read it never came back: a source that hangs decides nothing.
            self.set(SILENT);
            return None;
        }
        let told = catch_unwind(AssertUnwindSafe(|| self.read.read(now)));
        self.busy.store(false, Ordering::Release);
        let told = match told {
            Ok(told) => told,
            Err(_panic) => {
                self.set(PANICKED);
                self.tell_panic();
                return None;
            }
        };
        let pressure = told.and_then(|value| self.scale.of(value));
        self.set(match (told, pressure) {
            (None, _) => SILENT,
            (Some(_), None) => NONSENSE,
            (_, Some(pressure)) => pressure,
        });
        pressure
    }

    pub(super) fn state(&self) -> SourceState {
        let status = match self.raw() {
            UNREAD => SourceStatus::Unread,
            SILENT => SourceStatus::Silent,
            NONSENSE => SourceStatus::Nonsense,
            PANICKED => SourceStatus::Panicked,
            pressure => SourceStatus::Told(pressure),
        };
        SourceState {
            name: self.name.clone(),
            status,
        }
    }

    fn raw(&self) -> f64 {
        f64::from_bits(self.status.load(Ordering::Relaxed))
    }

    fn set(&self, status: f64) {
        self.status.store(status.to_bits(), Ordering::Relaxed);
    }

    #[cfg(feature = "tracing")]
    fn tell_panic(&self) {
        tracing::error!(target: "floodwall", source = %self.name, "a source of pressure panicked and is not asked any more");
    }

    #[cfg(not(feature = "tracing"))]
    #[expect(clippy::unused_self, reason = "the other one needs it")]
    fn tell_panic(&self) {}
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Source")
            .field("state", &self.state())
            .finish_non_exhaustive()
    }
}
