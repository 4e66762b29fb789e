use std::time::Duration;

use super::band::Band;
use super::handle::Signals;
use super::signal::Signal;
use crate::shed::PressureSource;
use crate::{BuildError, Now};

impl Signals {
    #[cfg(feature = "http")]
    pub(crate) fn own_monitor(&self, name: &str) -> Option<Signal> {
        let own = self.hub().own.iter().find(|own| own.name == name)?;
        Some(Signal::Monitor(own.name))
    }

    /// A signal as a pressure: 0 at `low` and below, 1 at `high` and above, and evenly between them.
    ///
    /// # Errors
    ///
    /// If a bound is negative or not a number, or `low` is not below `high`; or if the signal is a
    /// monitor that there is not. The error names the signal.
    pub fn pressure(&self, signal: Signal, low: f64, high: f64) -> Result<Pressure, BuildError> {
        let band = Band::new(signal.as_str(), low, high)?;
        if high.is_infinite() {
            let problem = "the upper bound is infinite: nothing would ever be pressure";
            return Err(BuildError::new(signal.as_str(), problem));
        }
        if let Signal::Monitor(name) = signal {
            if !self.hub().own.iter().any(|own| own.name == name) {
                let problem = "there is no monitor of that name; add one with `monitor`";
                return Err(BuildError::new(name, problem));
            }
        }
        Ok(Pressure {
            signals: self.clone(),
            signal,
            band,
            max_age: self.hub().settings.max_age,
        })
    }
}

/// A signal scaled to 0 (at ease) to 1 (saturated), as a source for shedding.
///
/// The scaling is that of Envoy's scaled trigger (overload manager). A signal that is missing or
/// older than its age limit gives nothing, and so decides nothing.
///
/// ```
/// use floodwall::ConcurrencyLimit;
/// use floodwall::signals::{Signal, Signals};
///
/// let signals = Signals::new();
/// let utilisation = signals.pressure(Signal::Utilisation, 0.6, 0.9)?;
/// assert_eq!(utilisation.get(), None, "nothing is watched");
/// let limit = ConcurrencyLimit::new(8);
/// signals.watch_limit(&limit.handle())?;
/// assert_eq!(utilisation.get(), Some(0.0));
/// # Ok::<(), floodwall::BuildError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Pressure {
    signals: Signals,
    signal: Signal,
    band: Band,
    max_age: Duration,
}

impl Pressure {
    /// Sets after which age the signal decides nothing any more; that of the signals otherwise.
    #[must_use]
    pub const fn max_age(mut self, age: Duration) -> Self {
        self.max_age = age;
        self
    }

    /// Which signal it is.
    pub const fn signal(&self) -> Signal {
        self.signal
    }

    /// The pressure now, 0 to 1; `None` if the signal is silent.
    pub fn get(&self) -> Option<f64> {
        self.get_at(&Now::unread())
    }

    /// The same at a time that is known already.
    pub fn get_at(&self, now: &Now) -> Option<f64> {
        let reading = self.signals.get_at(self.signal, now)?;
        let is_heard = reading.age <= self.max_age && reading.value.is_finite();
        is_heard.then(|| self.band.scale(reading.value))
    }

    /// As a closure, for what takes one. A shedder takes the pressure itself, between 0 and 1.
    pub fn into_fn(self) -> impl Fn() -> Option<f64> + Clone + Send + Sync + 'static {
        move || self.get()
    }
}

/// In units of pressure: its bounds for [`ShedBuilder::pressure`] are 0 and 1.
///
/// [`ShedBuilder::pressure`]: crate::shed::ShedBuilder::pressure
impl PressureSource for Pressure {
    fn read(&self, now: &Now) -> Option<f64> {
        self.get_at(now)
    }
}
