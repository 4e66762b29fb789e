use floodwall_core::Priority;
use floodwall_core::stats::Trend;
use metrics::gauge;

use super::hub::Hub;
use super::signal::Signal;
use super::snapshot::Snapshot;
use crate::observe::{class_label, gauges};

/// Sets the gauges in the `metrics` facade. They are looked up each time: a recorder that is
/// installed late gets everything, and twice a second it costs nothing.
pub(super) fn publish(hub: &Hub) {
    let snapshot = Snapshot::take(hub, hub.origin.now());
    let health = snapshot.health();
    gauge!(gauges::HEALTH).set(f64::from(health.state as u8));
    let watches = snapshot.limits.watched > 0;
    if watches {
        let rises = snapshot.limits.trend == Trend::Rising;
        gauge!(gauges::QUEUE_RISING).set(f64::from(u8::from(rises)));
        gauge!(gauges::UTILISATION).set(snapshot.limits.utilisation_mean);
    }
    let sampled = [
        (Signal::Excess, gauges::EXCESS),
        (Signal::Memory, gauges::MEMORY),
        (Signal::MemoryStall, gauges::MEMORY_STALL),
        (Signal::RuntimeLag, gauges::RUNTIME_LAG),
        (Signal::BusyRatio, gauges::RUNTIME_BUSY),
        (Signal::AcceptQueue, gauges::ACCEPT_QUEUE),
    ];
    for (signal, name) in sampled {
        if snapshot.get(signal).is_some() {
            gauge!(name).set(heard(&snapshot, signal));
        }
    }
    for own in &snapshot.monitors {
        if own.reading.is_some() || own.has_panicked {
            let value = heard(&snapshot, Signal::Monitor(own.name));
            gauge!(gauges::MONITOR, "monitor" => own.name).set(value);
        }
    }
    if hub.traffic.is_observed() {
        for class in Priority::all().filter(|class| hub.traffic.has_seen(*class)) {
            let rates = &snapshot.rates_by_class[class.index()];
            let label = class_label(class);
            gauge!(gauges::ARRIVALS, "class" => label).set(rates.arrivals);
            gauge!(gauges::DEPARTURES, "class" => label).set(rates.completed);
        }
    }
}

/// What has gone silent is not a number: a gauge that stood still at its last value would lie.
fn heard(snapshot: &Snapshot, signal: Signal) -> f64 {
    snapshot
        .heard(signal)
        .map_or(f64::NAN, |reading| reading.value)
}
