use std::sync::Arc;

use super::bounds::{Bounds, change};
use super::{Cause, Change, LimitAlgorithm, LimitError, Sample, Why};
use crate::atomic::{AtomicU32, Ordering};

/// A limit that is moved by hand, from anywhere.
///
/// Source: the idea is `SettableLimit` of Netflix concurrency-limits.
///
/// ```
/// use floodwall_core::limit::{LimitAlgorithm, Settable};
///
/// let settable = Settable::builder().start(8).ceiling(64).build().unwrap();
/// let handle = settable.handle();
/// handle.set(12).unwrap();
/// assert_eq!(settable.limit(), 12);
/// assert!(handle.set(65).is_err());
/// ```
#[derive(Debug)]
pub struct Settable {
    handle: LimitHandle,
    told: u32,
}

/// Moves the limit of a [`Settable`]: clones move the same one.
#[derive(Clone, Debug)]
pub struct LimitHandle {
    limit: Arc<AtomicU32>,
    bounds: Bounds,
}

impl Settable {
    /// Begins with the defaults, which each method tells.
    pub fn builder() -> SettableBuilder {
        SettableBuilder::default()
    }

    /// What moves it.
    pub fn handle(&self) -> LimitHandle {
        self.handle.clone()
    }
}

impl LimitAlgorithm for Settable {
    fn limit(&self) -> u32 {
        self.handle.get()
    }

    fn sample(&mut self, _sample: &Sample) -> Option<Change> {
        let to = self.handle.get();
        let from = std::mem::replace(&mut self.told, to);
        change(from, to, || Cause::new(Why::Set))
    }

    fn name(&self) -> &'static str {
        "settable"
    }
}

impl LimitHandle {
    /// Sets the limit, and says what it was. The algorithm tells of it with its next sample.
    ///
    /// # Errors
    ///
    /// If `limit` is not between the floor and the ceiling; nothing is changed then.
    pub fn set(&self, limit: u32) -> Result<u32, LimitError> {
        let Bounds { floor, ceiling, .. } = self.bounds;
        if self.bounds.clamp(limit) == limit {
            // A number alone; nothing else is published with it.
            return Ok(self.limit.swap(limit, Ordering::Relaxed));
        }
        let problem = format!("{limit} is not between the floor {floor} and the ceiling {ceiling}");
        Err(LimitError::new("limit", problem))
    }

    /// The limit as it is.
    pub fn get(&self) -> u32 {
        self.limit.load(Ordering::Relaxed)
    }
}

/// Makes a [`Settable`]. None of it has to be said.
#[derive(Clone, Debug)]
#[must_use]
pub struct SettableBuilder {
    bounds: Bounds,
}

impl Default for SettableBuilder {
    fn default() -> Self {
        Self {
            bounds: Bounds::new(20, 1, 1_000),
        }
    }
}

impl SettableBuilder {
    /// The limit until it is set: 20 when not said.
    pub fn start(mut self, limit: u32) -> Self {
        self.bounds.start = limit;
        self
    }

    /// It cannot be set to less than this: 1 when not said.
    pub fn floor(mut self, limit: u32) -> Self {
        self.bounds.floor = limit;
        self
    }

    /// It cannot be set to more than this: 1,000 when not said.
    pub fn ceiling(mut self, limit: u32) -> Self {
        self.bounds.ceiling = limit;
        self
    }

    /// Makes it.
    ///
    /// # Errors
    ///
    /// If the floor is 0 or above the ceiling, or the start is not between them.
    pub fn build(self) -> Result<Settable, LimitError> {
        let bounds = self.bounds.check()?;
        let limit = Arc::new(AtomicU32::new(bounds.start));
        Ok(Settable {
            handle: LimitHandle { limit, bounds },
            told: bounds.start,
        })
    }
}
