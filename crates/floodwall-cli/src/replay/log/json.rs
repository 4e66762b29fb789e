//! JSON objects on lines, as nginx, Caddy and others write them.

use serde_json::{Map, Value};

use super::{
    Entry,
    fields::{self, Meaning},
    time::Clock,
};

pub(super) fn entry(line: &str, clock: &mut Clock) -> Result<Entry, String> {
    let object: Map<String, Value> =
        serde_json::from_str(line).map_err(|error| format!("no JSON object: {error}"))?;
    let mut entry = Entry::usual();
    let mut timed = false;
    fill(&mut entry, &object, clock, &mut timed)?;
    if timed {
        Ok(entry)
    } else {
        Err("no `time`".to_owned())
    }
}

fn fill(
    entry: &mut Entry,
    object: &Map<String, Value>,
    clock: &mut Clock,
    timed: &mut bool,
) -> Result<(), String> {
    for (name, value) in object {
        match value {
            Value::Object(inner) if name == "headers" => headers(entry, inner),
            // Once is enough: deeper ones are about something else.
            Value::Object(inner) if name == "request" => {
                for (name, value) in inner {
                    match value {
                        Value::Object(inner) if name == "headers" => headers(entry, inner),
                        value => set(entry, name, value, clock, timed)?,
                    }
                }
            }
            value => set(entry, name, value, clock, timed)?,
        }
    }
    Ok(())
}

fn set(
    entry: &mut Entry,
    name: &str,
    value: &Value,
    clock: &mut Clock,
    timed: &mut bool,
) -> Result<(), String> {
    let meaning = fields::meaning(name);
    match value {
        Value::String(text) => entry.set(&meaning, text, clock)?,
        Value::Number(number) => entry.set(&meaning, &number.to_string(), clock)?,
        _ => return Ok(()),
    }
    *timed |= meaning == Meaning::Time;
    Ok(())
}

fn headers(entry: &mut Entry, all: &Map<String, Value>) {
    for (name, value) in all {
        let values = match value {
            Value::Array(values) => values.as_slice(),
            value => std::slice::from_ref(value),
        };
        for value in values.iter().filter_map(Value::as_str) {
            entry
                .headers
                .push((name.to_ascii_lowercase(), value.to_owned()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flat_objects_and_those_of_caddy_are_read() {
        let flat = r#"{"time":"2026-01-02T03:04:05Z","method":"PUT","path":"/x","remote_addr":"192.0.2.1:5","request_time":"0.250","x_priority":1,"status":200,"tls":null}"#;
        let read = entry(flat, &mut Clock::default()).unwrap();
        assert_eq!(
            (&*read.method, &*read.target, &*read.client, read.service),
            ("PUT", "/x", "192.0.2.1", Some(250_000_000))
        );
        assert_eq!(read.headers, [("x-priority".to_owned(), "1".to_owned())]);
        let caddy = r#"{"level":"info","ts":1767323045.5,"request":{"remote_ip":"192.0.2.9","method":"GET","uri":"/a?b","headers":{"User-Agent":["x"]}},"duration":0.001,"status":200}"#;
        let read = entry(caddy, &mut Clock::default()).unwrap();
        assert_eq!(read.at, 1_767_323_045_500_000_000);
        assert_eq!((&*read.target, &*read.client), ("/a?b", "192.0.2.9"));
        assert_eq!(read.headers, [("user-agent".to_owned(), "x".to_owned())]);
        assert_eq!(read.service, Some(1_000_000));
    }

    #[test]
    fn what_is_none_says_so() {
        for (line, says) in [
            ("[]", "no JSON object"),
            ("{", "no JSON object"),
            ("{}", "no `time`"),
            (r#"{"time":"soon"}"#, "no time"),
            (r#"{"time":1,"duration":"long"}"#, "no length of time"),
        ] {
            let told = entry(line, &mut Clock::default()).unwrap_err();
            assert!(told.contains(says), "{line}: {told}");
        }
    }
}
