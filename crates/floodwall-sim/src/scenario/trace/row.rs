//! A request of a recording, and how its parts are read, whatever the format.

use std::io::Read;

use crate::chance::{nanos, round};
use crate::scenario::error::Fault;
use crate::scenario::units;

/// A request of a recording.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TraceRow {
    /// In nanoseconds from the start of the recording.
    pub(crate) at: u64,
    pub(crate) class: u8,
    pub(crate) key: Option<String>,
    pub(crate) cost: u32,
}

/// A row, and the line on which it stands.
pub(super) type Numbered = (usize, TraceRow);

/// What recordings are read from.
pub(super) type Source<'a> = Box<dyn Read + Send + 'a>;

pub(super) fn not_in_order(line: usize) -> Fault {
    Fault::at_line(
        Some(line),
        "earlier than the line before",
        "sort the recording by time",
    )
}

/// Reads a time in seconds, or one with its unit.
pub(super) fn time(text: &str, line: usize) -> Result<u64, Fault> {
    let text = text.trim();
    let wrong = |problem: String| {
        Fault::at_line(
            Some(line),
            problem,
            "write seconds from the start, as in `1.25`, or a unit too, as in `1250ms`",
        )
    };
    if text.is_empty() {
        return Err(wrong("a request without its time".to_owned()));
    }
    if text.starts_with('-') {
        return Err(wrong(format!("the time {text} is before the start")));
    }
    // Exact: seconds since 1970 have more digits than a float.
    if let Some(at) = decimal_seconds(text) {
        return Ok(at);
    }
    match text.parse::<f64>() {
        Ok(seconds) if seconds.is_finite() => return Ok(round(seconds * 1e9)),
        Ok(_) => return Err(wrong(format!("`{text}` is no time"))),
        Err(_) => {}
    }
    units::parse_duration(text)
        .map(nanos)
        .map_err(|_| wrong(format!("`{text}` is no time")))
}

/// `12.5`, to the nanosecond.
fn decimal_seconds(text: &str) -> Option<u64> {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || !digits(part) {
        return None;
    }
    let mut at = whole.parse::<u64>().ok()?;
    for n in 0..9 {
        let digit = part.as_bytes().get(n).map_or(0, |byte| byte - b'0');
        at = at.checked_mul(10)?.checked_add(u64::from(digit))?;
    }
    Some(at)
}

pub(super) fn class(value: Option<u64>, text: &str, line: usize) -> Result<u8, Fault> {
    match value {
        Some(class @ 0..=7) => Ok(class as u8),
        _ => Err(Fault::at_line(
            Some(line),
            format!("there is no class {text}"),
            "write 0 (most urgent) to 7",
        )),
    }
}

pub(super) fn cost(value: Option<u64>, text: &str, line: usize) -> Result<u32, Fault> {
    value
        .and_then(|cost| u32::try_from(cost).ok())
        .ok_or_else(|| {
            Fault::at_line(
                Some(line),
                format!("{text} is no cost"),
                "write a whole number, 0 or more",
            )
        })
}
