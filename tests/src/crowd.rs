use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Counts who is inside a handler: the truth that a limit is measured against.
#[derive(Clone, Debug, Default)]
pub struct Crowd(Arc<Counts>);

#[derive(Debug, Default)]
struct Counts {
    inside: AtomicUsize,
    peak: AtomicUsize,
    entered: AtomicUsize,
}

impl Crowd {
    /// One more is inside, until the guard is dropped.
    #[must_use]
    pub fn enter(&self) -> Inside {
        let inside = self.0.inside.fetch_add(1, Ordering::SeqCst) + 1;
        self.0.peak.fetch_max(inside, Ordering::SeqCst);
        self.0.entered.fetch_add(1, Ordering::SeqCst);
        Inside(self.clone())
    }

    /// How many are inside now.
    pub fn inside(&self) -> usize {
        self.0.inside.load(Ordering::SeqCst)
    }

    /// How many were inside at once at most.
    pub fn peak(&self) -> usize {
        self.0.peak.load(Ordering::SeqCst)
    }

    /// How many have ever come in.
    pub fn entered(&self) -> usize {
        self.0.entered.load(Ordering::SeqCst)
    }
}

/// Somebody inside; leaves when dropped.
#[derive(Debug)]
pub struct Inside(Crowd);

impl Drop for Inside {
    fn drop(&mut self) {
        self.0.0.inside.fetch_sub(1, Ordering::SeqCst);
    }
}
