use std::path::PathBuf;
use std::time::Duration;

use floodwall_core::PolicyName;

use super::band::{Band, Bands};
use super::handle::Signals;
use super::hub::{Hub, Settings};
use super::memory::MemoryPaths;
use super::own::OwnMonitor;
use super::signal::Signal;
use crate::BuildError;

impl Signals {
    /// With the defaults, which the methods of the [builder](SignalsBuilder) tell.
    #[must_use]
    pub fn new() -> Self {
        Self::builder().build().expect("the defaults are sound")
    }

    /// Begins with the defaults, which each method tells.
    pub fn builder() -> SignalsBuilder {
        SignalsBuilder {
            settings: Settings {
                window: Duration::from_secs(10),
                latency_window: Duration::from_secs(1),
                probe: Duration::from_millis(100),
                sample: Duration::from_millis(500),
                max_age: Duration::from_secs(5),
                bands: Bands::default(),
                memory: Some(MemoryPaths::default()),
                proc: PathBuf::from("/proc"),
                ports: Vec::new(),
                reads_runtime: true,
            },
            own: Vec::new(),
            bands: Vec::new(),
            patience: None,
        }
    }
}

/// Settings of [`Signals`].
///
/// ```
/// use floodwall::signals::{Signal, Signals};
/// use std::time::Duration;
///
/// let signals = Signals::builder()
///     .patience(Duration::from_millis(800))
///     .band(Signal::Memory, 0.7, 0.9)
///     .monitor("disk_queue", || 3.0)
///     .listens_on(8080)
///     .build()?;
/// # let _ = signals;
///
/// let error = Signals::builder().band(Signal::Memory, 0.9, 0.7).build().unwrap_err();
/// assert_eq!(error.field(), "memory_pressure_ratio");
/// # Ok::<(), floodwall::BuildError>(())
/// ```
#[derive(Debug)]
#[must_use = "a builder builds nothing by itself"]
pub struct SignalsBuilder {
    settings: Settings,
    own: Vec<OwnMonitor>,
    bands: Vec<(Signal, f64, f64)>,
    patience: Option<Duration>,
}

impl SignalsBuilder {
    /// How many monitors of one's own there may be.
    pub const MAX_MONITORS: usize = 32;
    /// How many ports may be named.
    pub const MAX_PORTS: usize = 32;

    /// Over what rates are counted: 10 s; from a second to an hour.
    pub fn window(mut self, window: Duration) -> Self {
        self.settings.window = window;
        self
    }

    /// Over what queue latency and the worst runtime lag are told: 1 s; from a second to an hour.
    pub fn latency_window(mut self, window: Duration) -> Self {
        self.settings.latency_window = window;
        self
    }

    /// How often the monitor sees whether the runtime wakes it in time: every 100 ms; from 10 ms to
    /// 10 s.
    pub fn probe_every(mut self, interval: Duration) -> Self {
        self.settings.probe = interval;
        self
    }

    /// How often the monitor reads everything else and publishes its gauges: every 500 ms; not more
    /// often than it probes.
    pub fn sample_every(mut self, interval: Duration) -> Self {
        self.settings.sample = interval;
        self
    }

    /// When a signal counts as silent: after 5 s; more than the sampling interval.
    pub fn max_age(mut self, age: Duration) -> Self {
        self.settings.max_age = age;
        self
    }

    /// From where on a signal means `busy`, and from where on `overloaded`, in the signal's unit;
    /// infinity for never.
    ///
    /// | signal | busy | overloaded |
    /// | --- | --- | --- |
    /// | backlog | 1 for each place | 3 |
    /// | queue latency | 1 s | 3 s |
    /// | utilisation (a mean over 5 s) | 0.8 | 0.98 |
    /// | excess of arrivals | 0.05 | 0.25 |
    /// | memory, memory stall | 0.85, 0.1 | 0.95, 0.4 |
    /// | runtime lag, busy ratio | 20 ms, 0.8 | 100 ms, 0.95 |
    /// | accept queue | 16 | 128 |
    ///
    /// The others have none unless they are given one.
    pub fn band(mut self, signal: Signal, busy: f64, overloaded: f64) -> Self {
        self.bands.push((signal, busy, overloaded));
        self
    }

    /// How long callers wait before they give up: sets the band of queue latency to half of it and
    /// the whole.
    pub fn patience(mut self, patience: Duration) -> Self {
        self.patience = Some(patience);
        self
    }

    /// Adds a monitor of one's own, which the monitor asks whenever it samples. The name is one for metrics:
    /// letters, digits, `-`, `_`, `.` and `/`.
    ///
    /// It runs on the runtime, so it must be quick. What it says that is negative or no finite
    /// number is left out and counted; one that panics is never asked again, and the snapshot and
    /// the health say so. A closure that holds a clone of these `Signals` keeps them alive for ever.
    pub fn monitor(
        mut self,
        name: &'static str,
        read: impl Fn() -> f64 + Send + Sync + 'static,
    ) -> Self {
        self.own.push(OwnMonitor::new(name, read));
        self
    }

    /// A port that the service listens on: the monitor reads how many connections wait there to be
    /// accepted. Linux only; on connections that are kept open it says nothing about requests.
    pub fn listens_on(mut self, port: u16) -> Self {
        self.settings.ports.push(port);
        self
    }

    /// Where memory is read: `/sys/fs/cgroup` and `/proc`. The second is also where the table of
    /// listening sockets is.
    pub fn memory(mut self, paths: MemoryPaths) -> Self {
        paths.proc().clone_into(&mut self.settings.proc);
        self.settings.memory = Some(paths);
        self
    }

    /// Reads neither memory nor how busy the runtime's workers are: in simulations and under a
    /// paused clock they belong to another world, and would make runs differ.
    pub fn without_machine(mut self) -> Self {
        self.settings.memory = None;
        self.settings.reads_runtime = false;
        self
    }

    /// Builds it.
    ///
    /// # Errors
    ///
    /// If a setting is unsound; the error names it, and the signal for a band.
    pub fn build(mut self) -> Result<Signals, BuildError> {
        let (second, hour) = (Duration::from_secs(1), Duration::from_secs(3600));
        let settings = &mut self.settings;
        within("window", settings.window, second, hour)?;
        within("latency_window", settings.latency_window, second, hour)?;
        let ten = Duration::from_millis(10);
        within("probe_every", settings.probe, ten, second * 10)?;
        within("sample_every", settings.sample, settings.probe, hour)?;
        within("max_age", settings.max_age, settings.sample, hour * 24)?;
        if let Some(patience) = self.patience {
            let band = Bands::patience(patience)?;
            settings.bands.set(Signal::QueueLatency, Some(band));
        }
        for (signal, busy, overloaded) in self.bands {
            if signal.index().is_none() {
                let problem = "monitors of one's own have no band; ask for their pressure instead";
                return Err(BuildError::new("band", problem));
            }
            let band = Band::new(signal.as_str(), busy, overloaded)?;
            settings.bands.set(signal, Some(band));
        }
        let mut names: Vec<_> = self.own.iter().map(|own| own.name).collect();
        for name in &names {
            PolicyName::new(name).map_err(|error| BuildError::caused("monitor", error))?;
        }
        names.sort_unstable();
        if let Some(twice) = names.windows(2).find(|pair| pair[0] == pair[1]) {
            let problem = format!("there are two with the name {}", twice[0]);
            return Err(BuildError::new("monitor", problem));
        }
        at_most("monitor", names.len(), Self::MAX_MONITORS)?;
        at_most("listens_on", settings.ports.len(), Self::MAX_PORTS)?;
        Ok(Signals::from_hub(Hub::new(self.settings, self.own)))
    }
}

fn within(
    field: &'static str,
    value: Duration,
    least: Duration,
    most: Duration,
) -> Result<(), BuildError> {
    if (least..=most).contains(&value) {
        return Ok(());
    }
    let problem = format!("{value:?} is not from {least:?} to {most:?}");
    Err(BuildError::new(field, problem))
}

fn at_most(field: &'static str, count: usize, most: usize) -> Result<(), BuildError> {
    if count <= most {
        return Ok(());
    }
    let problem = format!("{count} are too many: at most {most}");
    Err(BuildError::new(field, problem))
}
