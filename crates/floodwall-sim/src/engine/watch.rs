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
}

type Look = Box<dyn Fn() -> Option<f64> + Send>;

/// The gauges of a run: several looks at one gauge are added up, as with a limit for each tier.
#[derive(Clone, Default)]
pub(crate) struct Watch(Arc<Mutex<Vec<(Gauge, Look)>>>);

impl Watch {
    pub(crate) fn add(&self, gauge: Gauge, look: impl Fn() -> Option<f64> + Send + 'static) {
        self.lock().push((gauge, Box::new(look)));
    }

    pub(crate) fn look(&self) -> [Option<f64>; Gauge::COUNT] {
        let mut seen = [None; Gauge::COUNT];
        for (gauge, look) in &*self.lock() {
            if let Some(value) = look() {
                *seen[*gauge as usize].get_or_insert(0.0) += value;
            }
        }
        seen
    }

    pub(crate) fn look_at(&self, wanted: Gauge) -> Option<f64> {
        let looks = self.lock();
        let of_it = looks.iter().filter(|(gauge, _)| *gauge == wanted);
        of_it
            .filter_map(|(_, look)| look())
            .reduce(|sum, more| sum + more)
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
