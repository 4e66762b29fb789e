use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use floodwall_core::Moment;

use super::gauge::Gauge;

/// A monitor of the user's.
pub(super) struct OwnMonitor {
    pub(super) name: &'static str,
    read: Box<dyn Fn() -> f64 + Send + Sync>,
    pub(super) last: Gauge,
    panicked: AtomicBool,
    ignored: AtomicU64,
}

impl OwnMonitor {
    pub(super) fn new(name: &'static str, read: impl Fn() -> f64 + Send + Sync + 'static) -> Self {
        Self {
            name,
            read: Box::new(read),
            last: Gauge::default(),
            panicked: AtomicBool::new(false),
            ignored: AtomicU64::new(0),
        }
    }

    /// Asks it, unless it is out; gives its value if that is one.
    pub(super) fn ask(&self, now: Moment) -> Option<f64> {
        if self.has_panicked() {
            return None;
        }
        // It is never called again, so nobody sees what it left behind.
        let Ok(value) = catch_unwind(AssertUnwindSafe(&self.read)) else {
            self.panicked.store(true, Ordering::Relaxed);
            return None;
        };
        if self.last.set(now, value) {
            return Some(value);
        }
        self.ignored.fetch_add(1, Ordering::Relaxed);
        None
    }

    pub(super) fn has_panicked(&self) -> bool {
        self.panicked.load(Ordering::Relaxed)
    }

    pub(super) fn ignored(&self) -> u64 {
        self.ignored.load(Ordering::Relaxed)
    }
}

impl fmt::Debug for OwnMonitor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OwnMonitor")
            .field("name", &self.name)
            .field("last", &self.last)
            .field("panicked", &self.panicked)
            .field("ignored", &self.ignored)
            .finish_non_exhaustive()
    }
}
