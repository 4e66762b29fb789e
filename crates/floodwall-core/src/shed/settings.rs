use std::time::Duration;

use super::ShedError;
use crate::Priority;

/// How a shedder behaves; each method of the builder tells the default.
///
/// ```
/// use floodwall_core::{Priority, shed::ShedSettings};
///
/// let settings = ShedSettings::builder().share(Priority::LOW, 0.05).build()?;
/// assert_eq!(settings.shares()[Priority::LOW.index()], 0.05);
/// # Ok::<(), floodwall_core::shed::ShedError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct ShedSettings {
    pub(super) shares: [f64; Priority::COUNT],
    pub(super) target: Duration,
    pub(super) start: Duration,
    pub(super) at_most: f64,
}

impl ShedSettings {
    /// How often the cut-off is made anew, unless a step is seen before.
    pub const INTERVAL: Duration = Duration::from_millis(100);

    /// Begins with the defaults.
    pub fn builder() -> ShedSettingsBuilder {
        ShedSettingsBuilder {
            settings: Self::default(),
        }
    }

    /// The part of what is let in that each class keeps.
    pub const fn shares(&self) -> &[f64; Priority::COUNT] {
        &self.shares
    }

    /// How long the queue shall be while there is something to shed, in time.
    pub const fn target(&self) -> Duration {
        self.target
    }

    /// How long the queue has to be, all through an interval, before anything is shed.
    pub const fn start(&self) -> Duration {
        self.start
    }

    /// How much pressure may shed, as a part of the arrivals.
    pub const fn at_most(&self) -> f64 {
        self.at_most
    }
}

impl Default for ShedSettings {
    fn default() -> Self {
        Self {
            shares: [0.0; Priority::COUNT],
            target: Duration::from_millis(30),
            start: Duration::from_millis(25),
            at_most: 0.9,
        }
    }
}

/// Makes [`ShedSettings`].
#[derive(Clone, Debug)]
#[must_use]
pub struct ShedSettingsBuilder {
    settings: ShedSettings,
}

impl ShedSettingsBuilder {
    /// Of what is let in, `class` gets at least this part, while it asks for that much: 0 when not
    /// said. All shares together are at most 0.5.
    pub fn share(mut self, class: Priority, share: f64) -> Self {
        self.settings.shares[class.index()] = share;
        self
    }

    /// How long the queue shall be while there is something to shed: 30 ms when not said, and never
    /// more than four fifths of its places. Shorter answers sooner, longer wastes less of the service.
    pub fn target(mut self, target: Duration) -> Self {
        self.settings.target = target;
        self
    }

    /// How long the queue has to be, without a break for 100 ms, before anything is shed: 25 ms
    /// when not said. A burst on a calm day is shorter than that.
    pub fn start(mut self, start: Duration) -> Self {
        self.settings.start = start;
        self
    }

    /// How much pressure may shed, as a part of the arrivals: 0.9 when not said, so that a source
    /// that is stuck at its upper bound does not shut the service.
    pub fn at_most(mut self, at_most: f64) -> Self {
        self.settings.at_most = at_most;
        self
    }

    /// The settings.
    ///
    /// # Errors
    ///
    /// If a share is not between 0 and 0.5 or all together are more, a time is not between a
    /// millisecond and a minute, or the most that pressure may shed is not between 0 and 1.
    pub fn build(self) -> Result<ShedSettings, ShedError> {
        let settings = self.settings;
        let sum = settings.shares.iter().sum();
        for class in Priority::all() {
            let share = settings.shares[class.index()];
            if !(0.0..=0.5).contains(&share) || share > 0.0 && sum > 0.5 + 1e-9 {
                return Err(ShedError::Share { class, share, sum });
            }
        }
        for (field, time) in [("target", settings.target), ("start", settings.start)] {
            let (least, most) = (Duration::from_millis(1), Duration::from_secs(60));
            if time < least || time > most {
                return Err(ShedError::Time {
                    field,
                    time,
                    least,
                    most,
                });
            }
        }
        if !(0.0..=1.0).contains(&settings.at_most) {
            return Err(ShedError::AtMost(settings.at_most));
        }
        Ok(settings)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nonsense_is_refused_by_name() {
        let with = ShedSettings::builder;
        let shares = with().share(Priority::LOW, 0.3).share(Priority::HIGH, 0.3);
        for (builder, field) in [
            (shares, "share"),
            (with().share(Priority::LOW, -0.1), "share"),
            (with().share(Priority::LOW, f64::NAN), "share"),
            (with().share(Priority::LOW, 0.6), "share"),
            (with().target(Duration::ZERO), "target"),
            (with().start(Duration::from_secs(61)), "start"),
            (with().at_most(1.1), "at_most"),
            (with().at_most(f64::NAN), "at_most"),
        ] {
            let error = builder.build().unwrap_err();
            assert_eq!(error.field(), field, "{error}");
        }
        let most = with().share(Priority::LOW, 0.3).share(Priority::HIGH, 0.2);
        assert!(most.build().is_ok());
    }
}
