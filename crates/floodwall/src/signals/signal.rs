use std::fmt;
use std::time::Duration;

use floodwall_core::stats::Trend;

/// What can be known about how loaded the service is.
///
/// | signal | unit | from |
/// | --- | --- | --- |
/// | `QueueDepth` | requests | watched limits |
/// | `Backlog` | requests per place | watched limits: queue depth / limit |
/// | `QueueLatency` | seconds | observed requests, watched limits |
/// | `Utilisation` | ratio | watched limits: in flight / limit, the fullest one |
/// | `ArrivalRate`, `DepartureRate` | per second | observed requests |
/// | `Excess` | ratio | observed requests: the part of the arrivals that departures do not match |
/// | `Memory`, `MemoryStall` | ratio | the monitor |
/// | `RuntimeLag`, `BusyRatio` | seconds, ratio | the monitor |
/// | `AcceptQueue` | connections | the monitor |
/// | `Monitor(name)` | its own | a closure of the user's, asked by the monitor |
///
/// ```
/// use floodwall::signals::Signal;
///
/// assert_eq!(Signal::RuntimeLag.as_str(), "runtime_lag_seconds");
/// assert_eq!(Signal::Monitor("disk").as_str(), "disk");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Signal {
    /// How many requests wait for a place, in all watched limits.
    QueueDepth,
    /// How many wait for each place that there is, in the limit where that is most.
    Backlog,
    /// How long nine of ten requests waited at most within the last second or so, or how long the
    /// one has waited that has waited longest, if that is more.
    QueueLatency,
    /// How many places are taken, as a part of all, in the limit where that is most.
    Utilisation,
    /// The working set as a part of the memory that may be used.
    Memory,
    /// The part of the last ten seconds in which a task stood still for want of memory.
    MemoryStall,
    /// How late the runtime wakes a task, a mean over the last second or so. Blind to what goes on
    /// in blocking threads.
    RuntimeLag,
    /// How much of their time the runtime's workers are busy.
    BusyRatio,
    /// How many connections wait to be accepted (Linux only). On connections that are kept open it
    /// says nothing about requests.
    AcceptQueue,
    /// How many requests come per second, refused for want of room or not: the demand.
    ArrivalRate,
    /// How many requests that ran end per second.
    DepartureRate,
    /// The part of the arrivals that departures do not match: refused, or piling up.
    Excess,
    /// A monitor of the user's, by its name.
    Monitor(&'static str),
}

impl Signal {
    /// How many there are beside the user's own.
    pub const COUNT: usize = Self::ALL.len();
    /// All but the user's own.
    pub const ALL: [Self; 12] = [
        Self::QueueDepth,
        Self::Backlog,
        Self::QueueLatency,
        Self::Utilisation,
        Self::Memory,
        Self::MemoryStall,
        Self::RuntimeLag,
        Self::BusyRatio,
        Self::AcceptQueue,
        Self::ArrivalRate,
        Self::DepartureRate,
        Self::Excess,
    ];

    /// The name for metrics and JSON, with its unit.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::QueueDepth => "queue_depth",
            Self::Backlog => "backlog_per_place",
            Self::QueueLatency => "queue_latency_seconds",
            Self::Utilisation => "utilisation_ratio",
            Self::Memory => "memory_pressure_ratio",
            Self::MemoryStall => "memory_stall_ratio",
            Self::RuntimeLag => "runtime_lag_seconds",
            Self::BusyRatio => "runtime_busy_ratio",
            Self::AcceptQueue => "accept_queue_depth",
            Self::ArrivalRate => "arrivals_per_second",
            Self::DepartureRate => "departures_per_second",
            Self::Excess => "excess_ratio",
            Self::Monitor(name) => name,
        }
    }

    /// Its place in [`Signal::ALL`]; none for the user's own.
    pub(crate) fn index(self) -> Option<usize> {
        Self::ALL.iter().position(|one| *one == self)
    }

    /// Below this, in its own unit, a change is no trend.
    pub(super) const fn matters(self) -> f64 {
        match self {
            Self::QueueDepth | Self::AcceptQueue => 5.0,
            Self::QueueLatency | Self::RuntimeLag => 0.005,
            Self::ArrivalRate | Self::DepartureRate => 2.0,
            Self::Backlog
            | Self::Utilisation
            | Self::Memory
            | Self::MemoryStall
            | Self::BusyRatio
            | Self::Excess
            | Self::Monitor(_) => 0.05,
        }
    }
}

impl fmt::Display for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A signal at one moment.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Reading {
    /// Its value in the [signal](Signal)'s unit; finite, never negative.
    pub value: f64,
    /// Which way it goes. For queue depth by the rule of
    /// [`QueueTrend`](floodwall_core::stats::QueueTrend), which is about chance; for the others a
    /// quick mean against a slow one.
    pub trend: Trend,
    /// How old it is: zero for what is read or counted when somebody asks.
    pub age: Duration,
}
