use std::fmt;

use floodwall_core::stats::Trend;

use super::handle::Signals;
use super::signal::Signal;
use super::snapshot::Snapshot;

/// How the service is, and why.
///
/// Healthy is: few wait, and not for long, and the queue does not rise; 60 to 80 % of the places are
/// taken; memory is well below its limit; departures keep up with arrivals. Silent signals decide
/// nothing.
///
/// ```
/// use floodwall::signals::{HealthState, Signals};
///
/// let health = Signals::new().health();
/// assert_eq!(health.state, HealthState::Healthy);
/// assert_eq!(health.to_string(), "healthy");
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Health {
    /// The worst of all.
    pub state: HealthState,
    /// Why it is not healthy, the worst first.
    pub concerns: Vec<Concern>,
    /// What is wrong with the signals themselves: monitors that panicked or have gone silent.
    pub notes: Vec<String>,
}

/// How the service is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum HealthState {
    /// It has room.
    #[default]
    Healthy,
    /// It keeps up, but has not much room left; or a queue has begun to rise.
    Busy,
    /// It does not keep up.
    Overloaded,
}

/// One reason for not being healthy.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Concern {
    /// Which signal says so.
    pub signal: Signal,
    /// How bad it is.
    pub state: HealthState,
    /// The reason in words.
    pub words: String,
}

impl Signals {
    /// How the service is now, and why.
    pub fn health(&self) -> Health {
        self.snapshot().health()
    }
}

impl Snapshot {
    /// How the service was when this was taken, and why.
    pub fn health(&self) -> Health {
        let mut concerns: Vec<_> = Signal::ALL
            .into_iter()
            .filter_map(|signal| self.concern(signal))
            .collect();
        if self.limits.trend == Trend::Rising {
            concerns.push(Concern {
                signal: Signal::QueueDepth,
                state: HealthState::Busy,
                words: format!(
                    "the queue rises steadily: {} wait, and more come than are served",
                    self.limits.waiting
                ),
            });
        }
        concerns.sort_by_key(|concern| std::cmp::Reverse(concern.state));
        let state = concerns.first().map(|concern| concern.state);
        Health {
            state: state.unwrap_or_default(),
            concerns,
            notes: self.notes(),
        }
    }

    fn notes(&self) -> Vec<String> {
        let note = |own: &super::snapshot::MonitorReport| {
            let name = own.name;
            if own.has_panicked {
                Some(format!("the monitor {name} panicked and is out"))
            } else if own.is_silent && self.is_monitored {
                Some(format!("the monitor {name} is silent"))
            } else {
                None
            }
        };
        self.monitors.iter().filter_map(note).collect()
    }

    fn concern(&self, signal: Signal) -> Option<Concern> {
        let band = self.bands.of(signal)?;
        let value = match signal {
            // For a moment every service is full.
            Signal::Utilisation => {
                self.heard(signal)?;
                self.limits.utilisation_mean
            }
            Signal::Excess if !self.excess_is_certain() => return None,
            _ => self.heard(signal)?.value,
        };
        let (state, bound) = if value >= band.overloaded {
            (HealthState::Overloaded, band.overloaded)
        } else if value >= band.busy {
            (HealthState::Busy, band.busy)
        } else {
            return None;
        };
        Some(Concern {
            signal,
            state,
            words: words(signal, value, bound),
        })
    }

    /// Whether arrivals outnumber departures by more than chance: three standard deviations of a
    /// Poisson count, over a whole window.
    fn excess_is_certain(&self) -> bool {
        let seconds = self.window.as_secs_f64();
        let (came, ended) = (
            self.rates.arrivals * seconds,
            self.rates.completed * seconds,
        );
        self.uptime >= self.window && came - ended > 3.0 * came.max(1.0).sqrt()
    }
}

fn words(signal: Signal, value: f64, bound: f64) -> String {
    let percent = |ratio: f64| format!("{:.0} %", ratio * 100.0);
    let millis = |seconds: f64| format!("{:.0} ms", seconds * 1e3);
    match signal {
        Signal::QueueDepth => format!("{value:.0} requests wait (bound {bound:.0})"),
        Signal::Backlog => format!("{value:.1} requests wait for each place (bound {bound:.1})"),
        Signal::QueueLatency => {
            let (value, bound) = (millis(value), millis(bound));
            format!("requests wait for {value} (bound {bound})")
        }
        Signal::Utilisation => {
            let (value, bound) = (percent(value), percent(bound));
            format!("{value} of the places are taken (bound {bound})")
        }
        Signal::Memory => {
            let (value, bound) = (percent(value), percent(bound));
            format!("{value} of the memory is used (bound {bound})")
        }
        Signal::MemoryStall => {
            let (value, bound) = (percent(value), percent(bound));
            format!("tasks stand still for want of memory {value} of the time (bound {bound})")
        }
        Signal::RuntimeLag => {
            let (value, bound) = (millis(value), millis(bound));
            format!("the runtime wakes tasks {value} late (bound {bound}): something blocks it")
        }
        Signal::BusyRatio => {
            let (value, bound) = (percent(value), percent(bound));
            format!("the runtime's workers are busy {value} of the time (bound {bound})")
        }
        Signal::AcceptQueue => {
            format!("{value:.0} connections wait to be accepted (bound {bound:.0})")
        }
        Signal::ArrivalRate => format!("{value:.0} requests come per second (bound {bound:.0})"),
        Signal::DepartureRate => format!("{value:.0} requests end per second (bound {bound:.0})"),
        Signal::Excess => {
            let (value, bound) = (percent(value), percent(bound));
            format!(
                "departures do not keep up: {value} of what comes is not served (bound {bound})"
            )
        }
        Signal::Monitor(name) => format!("{name} is at {value} (bound {bound})"),
    }
}

impl HealthState {
    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Healthy => "healthy",
            Self::Busy => "busy",
            Self::Overloaded => "overloaded",
        }
    }
}

impl fmt::Display for HealthState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Display for Health {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.state.as_str())?;
        for (index, concern) in self.concerns.iter().enumerate() {
            f.write_str(if index == 0 { ": " } else { "; " })?;
            f.write_str(&concern.words)?;
        }
        Ok(())
    }
}
