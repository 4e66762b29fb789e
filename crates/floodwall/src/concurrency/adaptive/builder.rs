use std::time::Duration;

use floodwall_core::limit::LimitAlgorithm;

use super::LimitChoice;
use crate::concurrency::ConcurrencyLimitBuilder;

/// Begins a limit that finds itself how many may be inside: [`Marginal`], with nothing that has to
/// be said.
///
/// ```
/// use floodwall::adaptive;
/// use std::time::Duration;
///
/// let limit = adaptive().ceiling(200).queue(Duration::from_millis(50)).build()?;
/// assert_eq!(limit.handle().snapshot().adaptive.unwrap().algorithm, "marginal");
/// # Ok::<(), floodwall::BuildError>(())
/// ```
///
/// [`Marginal`]: floodwall_core::limit::Marginal
pub fn adaptive() -> ConcurrencyLimitBuilder {
    ConcurrencyLimitBuilder::begin(LimitChoice::ADAPTIVE)
}

/// For limits that move.
impl<P, D> ConcurrencyLimitBuilder<P, D> {
    /// Moves the limit by this algorithm: it stays as it was given when not said, or is moved by
    /// floodwall's own after [`adaptive`].
    ///
    /// ```
    /// use floodwall::{adaptive, limit::{LimitAlgorithm, Change, Sample}};
    ///
    /// /// One more for each one that has left.
    /// #[derive(Debug)]
    /// struct Grows(u32);
    ///
    /// impl LimitAlgorithm for Grows {
    ///     fn limit(&self) -> u32 {
    ///         self.0
    ///     }
    ///     fn sample(&mut self, _: &Sample) -> Option<Change> {
    ///         self.0 = self.0.saturating_add(1);
    ///         None
    ///     }
    ///     fn name(&self) -> &'static str {
    ///         "grows"
    ///     }
    /// }
    ///
    /// let limit = adaptive().with_algorithm(Grows(8)).build()?;
    /// assert_eq!(limit.handle().snapshot().limit, 8);
    /// # Ok::<(), floodwall::BuildError>(())
    /// ```
    pub fn with_algorithm(mut self, algorithm: impl LimitAlgorithm) -> Self {
        self.limit.own(algorithm);
        self
    }

    /// The limit before anything is known: 20 when not said, or the nearest that the bounds allow.
    /// For floodwall's own algorithm only, as the three below.
    pub fn start(mut self, limit: u32) -> Self {
        self.limit.bounds.start = Some(limit);
        self
    }

    /// Never less than this: 1 when not said.
    pub fn floor(mut self, limit: u32) -> Self {
        self.limit.bounds.floor = Some(limit);
        self
    }

    /// Never more than this: 1,000 when not said.
    pub fn ceiling(mut self, limit: u32) -> Self {
        self.limit.bounds.ceiling = Some(limit);
        self
    }

    /// Comes down while the service itself needs longer than this, in the mean, even if less comes
    /// out then: no such ceiling when not said. The wait in the queue is not counted.
    pub fn latency_ceiling(mut self, service: Duration) -> Self {
        self.limit.bounds.latency_ceiling = Some(service);
        self
    }
}
