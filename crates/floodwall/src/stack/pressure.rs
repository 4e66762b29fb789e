use crate::BuildError;
use crate::signals::{Signal, Signals};

/// Sheds by a signal: not below `from`, all that may be from `to` on, and evenly in between.
///
/// In a file: `{ signal = "memory_pressure_ratio", from = 0.85, to = 0.95 }`.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
#[non_exhaustive]
pub struct PressureRules {
    /// The signal, by the name that it has in metrics.
    pub signal: String,
    /// Where pressure begins, in the unit of the signal.
    pub from: f64,
    /// Where it is highest.
    pub to: f64,
}

impl PressureRules {
    /// Sheds by `signal` between two bounds.
    pub fn new(signal: Signal, from: f64, to: f64) -> Self {
        Self {
            signal: signal.as_str().to_owned(),
            from,
            to,
        }
    }

    pub(super) fn source(&self, signals: &Signals) -> Result<crate::signals::Pressure, BuildError> {
        let known = Signal::ALL
            .into_iter()
            .find(|one| one.as_str() == self.signal);
        let signal = known
            .or_else(|| signals.own_monitor(&self.signal))
            .ok_or_else(|| {
                let names: Vec<&str> = Signal::ALL.iter().map(|one| one.as_str()).collect();
                let problem = format!(
                    "there is no {:?}; there is {}",
                    self.signal,
                    names.join(", ")
                );
                BuildError::new("signal", problem)
            })?;
        signals.pressure(signal, self.from, self.to)
    }
}
