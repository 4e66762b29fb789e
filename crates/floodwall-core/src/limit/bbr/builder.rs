use std::time::Duration;

use super::Bbr;
use crate::limit::LimitError;
use crate::limit::bounds::Bounds;

/// Whose reading of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flavour {
    Sentinel,
    Kratos,
    GoZero,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Settings {
    pub(super) flavour: Flavour,
    pub(super) bounds: Bounds,
    pub(super) window: Duration,
    pub(super) buckets: u32,
    pub(super) threshold: Option<u32>,
}

/// Makes a [`Bbr`]. None of it has to be said.
#[derive(Clone, Debug)]
#[must_use]
pub struct BbrBuilder {
    settings: Settings,
}

impl BbrBuilder {
    pub(super) fn new(flavour: Flavour) -> Self {
        let (window, buckets, threshold) = match flavour {
            Flavour::Sentinel => (1, 2, 1_000),
            Flavour::Kratos => (10, 100, 800),
            Flavour::GoZero => (5, 50, 900),
        };
        Self {
            settings: Settings {
                flavour,
                bounds: Bounds::new(20, 1, 1_000),
                window: Duration::from_secs(window),
                buckets,
                threshold: Some(threshold),
            },
        }
    }

    /// The limit until something was completed and counts, while the gate is open: 20 when not
    /// said. The sources have no such setting.
    pub fn start(mut self, limit: u32) -> Self {
        self.settings.bounds.start = limit;
        self
    }

    /// Never less than this: 1 when not said.
    pub fn floor(mut self, limit: u32) -> Self {
        self.settings.bounds.floor = limit;
        self
    }

    /// Never more than this, and the limit while the gate is shut: 1,000 when not said. The sources
    /// have none.
    pub fn ceiling(mut self, limit: u32) -> Self {
        self.settings.bounds.ceiling = limit;
        self
    }

    /// How far it looks back: 1 s for Sentinel, 10 s for kratos, 5 s for go-zero when not said.
    pub fn window(mut self, length: Duration) -> Self {
        self.settings.window = length;
        self
    }

    /// In how many parts: 2 for Sentinel, 100 for kratos, 50 for go-zero when not said.
    pub fn buckets(mut self, count: u32) -> Self {
        self.settings.buckets = count;
        self
    }

    /// From which use of the CPU on the limit counts, in permille from 1 to 999: 800 for kratos, 900
    /// for go-zero when not said. Sentinel has the load of the last minute here, in no unit, and no
    /// default: any number is taken, 1,000 when not said, and it is told by
    /// [`cpu`](Bbr::cpu) as well.
    pub fn cpu_threshold(mut self, permille: u32) -> Self {
        self.settings.threshold = Some(permille);
        self
    }

    /// The limit counts at any time. The sources do not do that, and for a reason: the best mean of a
    /// short while is below the usual one, so that the limit shrinks as soon as it counts, and
    /// nothing brings it up again.
    pub fn without_cpu_gate(mut self) -> Self {
        self.settings.threshold = None;
        self
    }

    /// Makes the algorithm.
    ///
    /// # Errors
    ///
    /// If the floor is 0 or above the ceiling, the start is not between them, there are fewer than 2
    /// buckets or more than 10,000, a bucket would be shorter than a millisecond, or the threshold
    /// is not in its range.
    pub fn build(self) -> Result<Bbr, LimitError> {
        let settings = self.settings;
        settings.bounds.check()?;
        if !(2..=10_000).contains(&settings.buckets) {
            let problem = format!("{} is not from 2 to 10,000", settings.buckets);
            return Err(LimitError::new("buckets", problem));
        }
        if settings.window / settings.buckets < Duration::from_millis(1) {
            let problem = "a bucket would be shorter than 1ms: set a longer one, or fewer buckets";
            return Err(LimitError::new("window", problem));
        }
        let range = match settings.flavour {
            Flavour::Sentinel => 1..=u32::MAX,
            Flavour::Kratos | Flavour::GoZero => 1..=999,
        };
        if let Some(threshold) = settings.threshold {
            if !range.contains(&threshold) {
                let problem = format!("{threshold} is not from 1 to {}", range.end());
                return Err(LimitError::new("cpu_threshold", problem));
            }
        }
        Ok(Bbr::with(settings))
    }
}
