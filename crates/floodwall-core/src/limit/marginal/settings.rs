use std::time::Duration;

use super::Marginal;
use crate::limit::LimitError;

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Settings {
    pub(super) start: u32,
    pub(super) floor: u32,
    pub(super) ceiling: u32,
    pub(super) latency_ceiling: Option<Duration>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            start: 20,
            floor: 1,
            ceiling: 1_000,
            latency_ceiling: None,
        }
    }
}

/// Makes a [`Marginal`]. None of it has to be said.
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct MarginalBuilder {
    settings: Settings,
}

impl MarginalBuilder {
    /// The limit before anything is known: 20 when not said.
    pub fn start(mut self, limit: u32) -> Self {
        self.settings.start = limit;
        self
    }

    /// Never less than this: 1 when not said.
    pub fn floor(mut self, limit: u32) -> Self {
        self.settings.floor = limit;
        self
    }

    /// Never more than this: 1,000 when not said.
    pub fn ceiling(mut self, limit: u32) -> Self {
        self.settings.ceiling = limit;
        self
    }

    /// Comes down while the service itself needs longer than this, in the mean, even if less comes
    /// out then: no such ceiling when not said.
    pub fn latency_ceiling(mut self, service: Duration) -> Self {
        self.settings.latency_ceiling = Some(service);
        self
    }

    /// Makes the algorithm.
    ///
    /// # Errors
    ///
    /// If the floor is 0 or above the ceiling, the start is not between them, or the ceiling of the
    /// latency is zero.
    pub fn build(self) -> Result<Marginal, LimitError> {
        let Settings {
            start,
            floor,
            ceiling,
            latency_ceiling,
        } = self.settings;
        if floor == 0 {
            return Err(LimitError::new(
                "floor",
                "0 would let nothing in: set at least 1",
            ));
        }
        if ceiling < floor {
            let problem = format!("{ceiling} is below the floor of {floor}: raise it");
            return Err(LimitError::new("ceiling", problem));
        }
        if !(floor..=ceiling).contains(&start) {
            let problem =
                format!("{start} is not between the floor {floor} and the ceiling {ceiling}");
            return Err(LimitError::new("start", problem));
        }
        if latency_ceiling.is_some_and(|ceiling| ceiling.is_zero()) {
            let problem = "nothing is done in no time: leave it out, or set more";
            return Err(LimitError::new("latency_ceiling", problem));
        }
        Ok(Marginal::with(self.settings))
    }
}
