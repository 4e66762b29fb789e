mod settings;

pub use settings::MarginalBuilder;

use super::{Change, LimitAlgorithm, Sample};
use settings::Settings;

/// Floodwall's own: climbs while more inside brings more out.
#[derive(Clone, Debug)]
pub struct Marginal {
    settings: Settings,
    limit: u32,
}

impl Marginal {
    /// With the defaults, which each method of the builder tells.
    pub fn new() -> Self {
        Self::with(Settings::default())
    }

    /// Begins with the defaults, which each method tells.
    pub fn builder() -> MarginalBuilder {
        MarginalBuilder::default()
    }

    fn with(settings: Settings) -> Self {
        let limit = settings.start;
        Self { settings, limit }
    }
}

impl Default for Marginal {
    fn default() -> Self {
        Self::new()
    }
}

impl LimitAlgorithm for Marginal {
    fn limit(&self) -> u32 {
        self.limit.clamp(self.settings.floor, self.settings.ceiling)
    }

    fn sample(&mut self, _sample: &Sample) -> Option<Change> {
        None
    }

    fn name(&self) -> &'static str {
        "marginal"
    }
}
