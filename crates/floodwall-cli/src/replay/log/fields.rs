//! What a column or a key means, by its name.

use super::{
    Entry,
    time::{self, Clock},
};

const SECOND: u64 = 1_000_000_000;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    Time,
    Method,
    Target,
    /// All of `GET / HTTP/1.1`.
    Request,
    Client,
    /// A number of units of so many nanoseconds.
    Service(u64),
    Header(String),
    /// Something that no stack goes by.
    Nothing,
}

/// What `name` means, whoever wrote it: `remote_addr`, `$remote_addr`, `Remote-Addr`.
pub(super) fn meaning(name: &str) -> Meaning {
    let plain = name
        .trim()
        .trim_start_matches(['$', '@'])
        .to_ascii_lowercase()
        .replace('_', "-");
    match &*plain {
        "time" | "timestamp" | "ts" | "msec" | "time-iso8601" | "time-local" | "datetime"
        | "date" => return Meaning::Time,
        "method" | "request-method" | "verb" => return Meaning::Method,
        "path" | "uri" | "request-uri" | "url" | "target" => return Meaning::Target,
        "request" | "request-line" => return Meaning::Request,
        "client" | "peer" | "remote-addr" | "remote-ip" | "client-ip" | "ip" | "remote-host"
        | "key" => return Meaning::Client,
        _ => {}
    }
    if let Some(unit) = service(&plain) {
        return Meaning::Service(unit);
    }
    if let Some(header) = plain.strip_prefix("http-") {
        return if header == "version" {
            Meaning::Nothing
        } else {
            Meaning::Header(header.to_owned())
        };
    }
    let known = [
        "accept",
        "authorization",
        "forwarded",
        "host",
        "origin",
        "priority",
        "referer",
        "traceparent",
        "user-agent",
    ];
    // A dash that somebody wrote is that of a header's name.
    if known.contains(&&*plain) || plain.starts_with("x-") || name.contains('-') {
        return Meaning::Header(plain);
    }
    Meaning::Nothing
}

fn service(plain: &str) -> Option<u64> {
    let units = [
        ("-ns", 1),
        ("-us", 1_000),
        ("-ms", 1_000_000),
        ("-s", SECOND),
        ("-seconds", SECOND),
    ];
    let (name, unit) = units
        .iter()
        .find_map(|(ending, unit)| Some((plain.strip_suffix(ending)?, *unit)))
        .unwrap_or((plain, SECOND));
    matches!(
        name,
        "service" | "duration" | "request-time" | "latency" | "rt" | "took" | "elapsed"
    )
    .then_some(unit)
}

impl Entry {
    /// Takes a value; one that is empty, or a dash, says nothing.
    pub(super) fn set(
        &mut self,
        meaning: &Meaning,
        value: &str,
        clock: &mut Clock,
    ) -> Result<(), String> {
        let value = value.trim();
        if value.is_empty() || value == "-" {
            return Ok(());
        }
        match meaning {
            Meaning::Time => self.at = clock.read(value)?,
            Meaning::Method => value.clone_into(&mut self.method),
            Meaning::Target => value.clone_into(&mut self.target),
            Meaning::Request => self.request_line(value)?,
            Meaning::Client => self.client = host(value).to_owned(),
            Meaning::Service(unit) => {
                let read = time::nanos(value, *unit).or_else(|| with_unit(value));
                self.service = Some(read.ok_or_else(|| {
                    let shown: String = value.chars().take(40).collect();
                    format!("{shown:?} is no length of time")
                })?);
            }
            Meaning::Header(name) => self.headers.push((name.clone(), value.to_owned())),
            Meaning::Nothing => {}
        }
        Ok(())
    }

    /// What a request is when the log does not say.
    pub(super) fn usual() -> Self {
        Self {
            method: "GET".to_owned(),
            target: "/".to_owned(),
            client: "unknown".to_owned(),
            ..Self::default()
        }
    }
}

/// Without the port.
fn host(value: &str) -> &str {
    match value.rsplit_once(':') {
        Some((host, port))
            if !port.is_empty()
                && port.bytes().all(|byte| byte.is_ascii_digit())
                && (host.starts_with('[') || !host.contains(':')) =>
        {
            host.trim_start_matches('[').trim_end_matches(']')
        }
        _ => value,
    }
}

/// `12ms`, `1.5s`, `300µs`.
fn with_unit(value: &str) -> Option<u64> {
    let digits = value.find(|c: char| !c.is_ascii_digit() && c != '.')?;
    let (number, unit) = value.split_at(digits);
    let unit = match unit.trim() {
        "ns" => 1,
        "us" | "µs" => 1_000,
        "ms" => 1_000_000,
        "s" => SECOND,
        _ => return None,
    };
    time::nanos(number, unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_mean_the_same_whoever_wrote_them() {
        for (name, means) in [
            ("time", Meaning::Time),
            ("@timestamp", Meaning::Time),
            ("$remote_addr", Meaning::Client),
            ("Remote-Addr", Meaning::Client),
            ("request_time", Meaning::Service(SECOND)),
            ("duration_ms", Meaning::Service(1_000_000)),
            ("latency_us", Meaning::Service(1_000)),
            ("http_user_agent", Meaning::Header("user-agent".to_owned())),
            ("User-Agent", Meaning::Header("user-agent".to_owned())),
            ("x_priority", Meaning::Header("x-priority".to_owned())),
            ("api-key", Meaning::Header("api-key".to_owned())),
            ("http_version", Meaning::Nothing),
            ("status", Meaning::Nothing),
        ] {
            assert_eq!(meaning(name), means, "{name}");
        }
    }

    #[test]
    fn addresses_lose_their_port_and_nothing_else() {
        for (value, address) in [
            ("192.0.2.1:80", "192.0.2.1"),
            ("[2001:db8::1]:80", "2001:db8::1"),
            ("2001:db8::1", "2001:db8::1"),
            ("192.0.2.1", "192.0.2.1"),
            ("somebody", "somebody"),
        ] {
            assert_eq!(host(value), address);
        }
    }
}
