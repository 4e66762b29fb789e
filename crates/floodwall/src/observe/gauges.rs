//! The gauges that the monitor of the signals publishes.

use metrics::{Unit, describe_gauge};

pub(crate) const HEALTH: &str = "floodwall_health_state";
pub(crate) const QUEUE_RISING: &str = "floodwall_queue_rising";
pub(crate) const ARRIVALS: &str = "floodwall_arrivals_per_second";
pub(crate) const DEPARTURES: &str = "floodwall_departures_per_second";
pub(crate) const EXCESS: &str = "floodwall_excess_ratio";
pub(crate) const UTILISATION: &str = "floodwall_utilisation_ratio";
pub(crate) const MEMORY: &str = "floodwall_memory_pressure_ratio";
pub(crate) const MEMORY_STALL: &str = "floodwall_memory_stall_ratio";
pub(crate) const RUNTIME_LAG: &str = "floodwall_runtime_lag_seconds";
pub(crate) const RUNTIME_BUSY: &str = "floodwall_runtime_busy_ratio";
pub(crate) const ACCEPT_QUEUE: &str = "floodwall_accept_queue_depth";
pub(crate) const MONITOR: &str = "floodwall_monitor";

pub(super) fn describe() {
    let all = [
        (
            HEALTH,
            Unit::Count,
            "0 healthy, 1 busy, 2 overloaded; published by the monitor, as all below",
        ),
        (QUEUE_RISING, Unit::Count, "1 while a queue rises steadily"),
        (
            ARRIVALS,
            Unit::CountPerSecond,
            "Requests offered, by class; without those that quotas refused",
        ),
        (
            DEPARTURES,
            Unit::CountPerSecond,
            "Requests that ran and ended, by class",
        ),
        (
            EXCESS,
            Unit::Count,
            "The part of the arrivals that departures do not match, 0 to 1",
        ),
        (
            UTILISATION,
            Unit::Count,
            "In flight / limit of the fullest limit, a mean over five seconds",
        ),
        (
            MEMORY,
            Unit::Count,
            "The working set as a part of the memory that may be used",
        ),
        (
            MEMORY_STALL,
            Unit::Count,
            "The part of ten seconds in which a task stood still for want of memory",
        ),
        (
            RUNTIME_LAG,
            Unit::Seconds,
            "How late the runtime wakes a task",
        ),
        (
            RUNTIME_BUSY,
            Unit::Count,
            "The part of their time that the runtime's workers are busy",
        ),
        (
            ACCEPT_QUEUE,
            Unit::Count,
            "Connections that wait to be accepted",
        ),
        (MONITOR, Unit::Count, "Monitors of one's own, by name"),
    ];
    for (name, unit, what) in all {
        describe_gauge!(name, unit, what);
    }
}
