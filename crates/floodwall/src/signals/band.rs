use std::time::Duration;

use super::signal::Signal;
use crate::BuildError;

/// From where on a signal means that the service is busy, and from where on that it is overloaded.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Band {
    pub(super) busy: f64,
    pub(super) overloaded: f64,
}

impl Band {
    pub(super) fn new(field: &'static str, busy: f64, overloaded: f64) -> Result<Self, BuildError> {
        for (which, bound) in [("lower", busy), ("upper", overloaded)] {
            if bound.is_nan() || bound < 0.0 {
                let problem = format!("the {which} bound is {bound}: give a number from 0 up");
                return Err(BuildError::new(field, problem));
            }
        }
        if busy >= overloaded {
            let problem =
                format!("the lower bound, {busy}, must be below the upper one, {overloaded}");
            return Err(BuildError::new(field, problem));
        }
        Ok(Self { busy, overloaded })
    }

    /// Where `value` lies between the bounds, 0 to 1.
    pub(super) fn scale(self, value: f64) -> f64 {
        ((value - self.busy) / (self.overloaded - self.busy)).clamp(0.0, 1.0)
    }
}

/// The bands of all signals that are judged.
#[derive(Clone, Debug)]
pub(super) struct Bands([Option<Band>; Signal::COUNT]);

impl Bands {
    pub(super) fn of(&self, signal: Signal) -> Option<Band> {
        self.0[signal.index()?]
    }

    pub(super) fn set(&mut self, signal: Signal, band: Option<Band>) {
        if let Some(index) = signal.index() {
            self.0[index] = band;
        }
    }

    /// Waiting half of what callers endure is busy, all of it overloaded.
    pub(super) fn patience(patience: Duration) -> Result<Band, BuildError> {
        let seconds = patience.as_secs_f64();
        Band::new("patience", seconds / 2.0, seconds)
    }
}

impl Default for Bands {
    fn default() -> Self {
        let band = |signal| {
            let (busy, overloaded) = match signal {
                Signal::Backlog => (1.0, 3.0),
                Signal::QueueLatency => (1.0, 3.0),
                Signal::Utilisation => (0.8, 0.98),
                Signal::Memory => (0.85, 0.95),
                Signal::MemoryStall => (0.1, 0.4),
                Signal::RuntimeLag => (0.02, 0.1),
                Signal::BusyRatio => (0.8, 0.95),
                Signal::AcceptQueue => (16.0, 128.0),
                Signal::Excess => (0.05, 0.25),
                Signal::QueueDepth
                | Signal::ArrivalRate
                | Signal::DepartureRate
                | Signal::Monitor(_) => return None,
            };
            Some(Band { busy, overloaded })
        };
        Self(Signal::ALL.map(band))
    }
}
