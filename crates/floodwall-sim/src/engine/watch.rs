use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

/// What can be looked at over time while a simulation runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Gauge {
    /// How many may be inside at once.
    Limit,
    /// How many are inside.
    InFlight,
    /// How many wait in the queue of the stack.
    Queue,
    /// From which level on requests are shed.
    CutOff,
    /// How hard pressed the service is, 0 to 1.
    Pressure,
}

impl Gauge {
    pub(crate) const COUNT: usize = 5;
    const ALL: [Self; Self::COUNT] = [
        Self::Limit,
        Self::InFlight,
        Self::Queue,
        Self::CutOff,
        Self::Pressure,
    ];
}

type Look = Box<dyn Fn() -> Option<f64> + Send>;

/// The gauges of a run. Several looks at one gauge, as with a limit for each tier, are added up; of
/// pressures the highest counts, and of cut-offs the lowest.
#[derive(Clone, Default)]
pub(crate) struct Watch(Arc<Mutex<Vec<(Gauge, Look)>>>);

impl Watch {
    pub(crate) fn add(&self, gauge: Gauge, look: impl Fn() -> Option<f64> + Send + 'static) {
        self.lock().push((gauge, Box::new(look)));
    }

    pub(crate) fn look(&self) -> [Option<f64>; Gauge::COUNT] {
        Gauge::ALL.map(|gauge| self.look_at(gauge))
    }

    pub(crate) fn look_at(&self, wanted: Gauge) -> Option<f64> {
        let looks = self.lock();
        let of_it = looks.iter().filter(|(gauge, _)| *gauge == wanted);
        let together = match wanted {
            Gauge::CutOff => f64::min,
            Gauge::Pressure => f64::max,
            Gauge::Limit | Gauge::InFlight | Gauge::Queue => |sum, more| sum + more,
        };
        of_it.filter_map(|(_, look)| look()).reduce(together)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<(Gauge, Look)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Watch")
    }
}
