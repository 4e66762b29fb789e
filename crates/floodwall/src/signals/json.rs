use std::fmt::Write;
use std::time::Duration;

use floodwall_core::Priority;
use floodwall_core::stats::{LatencySummary, Trend};

use super::signal::{Reading, Signal};
use super::snapshot::{MonitorReport, Snapshot};
use super::traffic::Rates;

impl Snapshot {
    /// The whole document, as `/signals` shows it: health with its reasons, every signal with value,
    /// trend and age (`null` if nothing is known), rates and waiting times by class, limits, memory,
    /// monitors. Durations are seconds.
    pub fn to_json(&self) -> String {
        let health = self.health();
        let mut json = Json::object();
        json.nest("health", |json| {
            json.text("state", health.state.as_str());
            let reasons = health.concerns.iter().map(|concern| &*concern.words);
            json.texts("reasons", reasons);
            json.texts("notes", health.notes.iter().map(|note| &**note));
        });
        json.flag("monitored", self.is_monitored);
        json.texts("silent", self.silent().map(Signal::as_str));
        json.seconds("uptime_seconds", self.uptime);
        json.nest("signals", |json| {
            for signal in Signal::ALL {
                json.reading(signal.as_str(), self.get(signal));
            }
        });
        json.nest("rates", |json| {
            json.seconds("window_seconds", self.window);
            json.rates(&self.rates);
            json.number("over_quota_per_second", self.over_quota);
        });
        json.nest("queue_latency", |json| json.latency(&self.queue_latency));
        json.seconds("runtime_lag_max_seconds", self.runtime_lag_max);
        json.list("classes", Priority::all(), |json, class| {
            let index = class.index();
            json.whole("class", u64::from(class.get()));
            json.rates(&self.rates_by_class[index]);
            json.whole("waiting", self.limits.waiting_by_class[index]);
            json.latency(&self.queue_latency_by_class[index]);
        });
        json.nest("limits", |json| {
            json.whole("watched", self.limits.watched as u64);
            json.whole("limit", self.limits.limit);
            json.whole("in_flight", self.limits.in_flight);
            json.whole("waiting", self.limits.waiting);
            json.number("utilisation_mean_ratio", self.limits.utilisation_mean);
            json.seconds("oldest_wait_seconds", self.limits.oldest_wait);
        });
        if let Some(memory) = self.memory {
            json.nest("memory", |json| {
                json.whole("used_bytes", memory.used);
                json.whole("limit_bytes", memory.limit);
                json.text("source", memory.source.as_str());
            });
        }
        json.list("monitors", self.monitors.iter(), Json::monitor);
        json.end()
    }

    /// A flat document of plain numbers for an autoscaler, as `/autoscale` shows it. The keys are
    /// always the same; what is silent is 0 (`monitored` tells whether the monitor runs).
    ///
    /// Every number is of this one instance. To get a total, sum up what is counted: `demand_…`
    /// (offered, whether or not there was room: shedding hides nothing), `admitted_…`, `refused_…`,
    /// `completed_per_second`, `queue_depth`, `in_flight`, `limit`. What ends in `_ratio` or
    /// `_seconds`, and `health` (0 healthy, 1 busy, 2 overloaded), is for a mean or a maximum.
    pub fn to_autoscale_json(&self) -> String {
        let mut json = Json::object();
        let heard = |signal| self.heard(signal).map_or(0.0, |reading| reading.value);
        json.number("demand_per_second", self.rates.arrivals);
        json.number("admitted_per_second", self.rates.admitted);
        json.number("refused_per_second", self.rates.refused);
        json.number("completed_per_second", self.rates.completed);
        for class in Priority::all() {
            let demand = self.rates_by_class[class.index()].arrivals;
            json.number(&format!("demand_class_{class}_per_second"), demand);
        }
        json.whole("queue_depth", self.limits.waiting);
        json.whole(
            "queue_rising",
            u64::from(self.limits.trend == Trend::Rising),
        );
        json.number("queue_latency_seconds", heard(Signal::QueueLatency));
        json.whole("in_flight", self.limits.in_flight);
        json.whole("limit", self.limits.limit);
        json.number("utilisation_ratio", self.limits.utilisation_mean);
        json.number("excess_ratio", heard(Signal::Excess));
        json.number("memory_pressure_ratio", heard(Signal::Memory));
        json.number("runtime_lag_seconds", heard(Signal::RuntimeLag));
        json.number("runtime_busy_ratio", heard(Signal::BusyRatio));
        json.number("accept_queue_depth", heard(Signal::AcceptQueue));
        json.whole("health", self.health().state as u64);
        json.whole("monitored", u64::from(self.is_monitored));
        json.end()
    }
}

/// Writes an object; who writes an entry puts the comma before it.
struct Json(String);

impl Json {
    fn object() -> Self {
        Self(String::from("{"))
    }

    fn end(mut self) -> String {
        self.0.push('}');
        self.0
    }

    fn key(&mut self, key: &str) {
        if !self.0.ends_with(['{', '[']) {
            self.0.push(',');
        }
        self.quoted(key);
        self.0.push(':');
    }

    fn quoted(&mut self, text: &str) {
        self.0.push('"');
        for c in text.chars() {
            match c {
                '"' | '\\' => self.0.extend(['\\', c]),
                c if c.is_control() => {
                    let _ = write!(self.0, "\\u{:04x}", u32::from(c));
                }
                c => self.0.push(c),
            }
        }
        self.0.push('"');
    }

    fn text(&mut self, key: &str, text: &str) {
        self.key(key);
        self.quoted(text);
    }

    fn flag(&mut self, key: &str, flag: bool) {
        self.key(key);
        self.0.push_str(if flag { "true" } else { "false" });
    }

    fn whole(&mut self, key: &str, number: u64) {
        self.key(key);
        let _ = write!(self.0, "{number}");
    }

    /// JSON has no word for what is no finite number.
    fn number(&mut self, key: &str, number: f64) {
        self.key(key);
        let number = if number.is_finite() { number } else { 0.0 };
        // As Rust's code would have it, which is short for the great and the small ones.
        let _ = write!(self.0, "{number:?}");
    }

    fn seconds(&mut self, key: &str, duration: Duration) {
        self.number(key, duration.as_secs_f64());
    }

    fn nest(&mut self, key: &str, inside: impl FnOnce(&mut Self)) {
        self.key(key);
        self.0.push('{');
        inside(self);
        self.0.push('}');
    }

    fn list<T>(
        &mut self,
        key: &str,
        all: impl Iterator<Item = T>,
        mut one: impl FnMut(&mut Self, T),
    ) {
        self.key(key);
        self.0.push('[');
        for (index, item) in all.enumerate() {
            self.0.push_str(if index == 0 { "{" } else { ",{" });
            one(self, item);
            self.0.push('}');
        }
        self.0.push(']');
    }

    fn texts<'a>(&mut self, key: &str, all: impl Iterator<Item = &'a str>) {
        self.key(key);
        self.0.push('[');
        for (index, text) in all.enumerate() {
            if index > 0 {
                self.0.push(',');
            }
            self.quoted(text);
        }
        self.0.push(']');
    }

    fn reading(&mut self, key: &str, reading: Option<Reading>) {
        let Some(reading) = reading else {
            self.key(key);
            self.0.push_str("null");
            return;
        };
        self.nest(key, |json| {
            json.number("value", reading.value);
            json.text("trend", reading.trend.as_str());
            json.seconds("age_seconds", reading.age);
        });
    }

    fn rates(&mut self, rates: &Rates) {
        self.number("arrivals_per_second", rates.arrivals);
        self.number("admitted_per_second", rates.admitted);
        self.number("refused_per_second", rates.refused);
        self.number("completed_per_second", rates.completed);
    }

    fn latency(&mut self, latency: &LatencySummary) {
        self.whole("waits", latency.count);
        self.seconds("wait_p50_seconds", latency.p50);
        self.seconds("wait_p90_seconds", latency.p90);
        self.seconds("wait_p99_seconds", latency.p99);
        self.seconds("wait_max_seconds", latency.max);
    }

    fn monitor(&mut self, own: &MonitorReport) {
        self.text("name", own.name);
        self.reading("reading", own.reading);
        self.flag("panicked", own.has_panicked);
        self.flag("silent", own.is_silent);
        self.whole("ignored", own.ignored);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_is_written_can_be_read() {
        let mut json = Json::object();
        json.text("te\"xt", "a \\ b\n\u{7f}ß");
        json.number("nan", f64::NAN);
        json.number("infinite", f64::NEG_INFINITY);
        json.number("great", f64::MAX);
        json.number("small", 1e-300);
        json.list("none", [0; 0].iter(), |_, _| {});
        json.nest("empty", |_| {});
        let read: serde_json::Value = serde_json::from_str(&json.end()).unwrap();
        assert_eq!(read["te\"xt"], "a \\ b\n\u{7f}ß");
        assert_eq!(
            (&read["nan"], &read["infinite"]),
            (&0.0.into(), &0.0.into())
        );
        assert_eq!(read["great"].as_f64(), Some(f64::MAX));
        assert_eq!(read["small"].as_f64(), Some(1e-300));
    }
}
