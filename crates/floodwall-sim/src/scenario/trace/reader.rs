use std::fs::File;
use std::io::{BufReader, Read};

use super::access_log::LogRows;
use super::csv_rows::CsvRows;
use super::json_rows::JsonRows;
use super::{Format, Trace};
use crate::chance::{nanos, round};
use crate::scenario::check::MAX_LENGTH;
use crate::scenario::error::Fault;
use crate::scenario::{ScenarioError, units};

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

/// Reads a recording request by request; holds one record of it at a time, of an access log one second.
pub(crate) struct TraceReader<'a> {
    file: String,
    speed: f64,
    /// As recorded, of the row before.
    last: u64,
    /// After a fault nothing more can be believed.
    ended: bool,
    rows: Rows<'a>,
}

/// What recordings are read from.
pub(super) type Source<'a> = Box<dyn Read + Send + 'a>;

enum Rows<'a> {
    Csv(CsvRows<'a>),
    Json(JsonRows<'a>),
    Log(LogRows<'a>),
}

impl Trace {
    /// Opens the file.
    pub(crate) fn open(&self) -> Result<TraceReader<'static>, ScenarioError> {
        let file = File::open(&self.file).map_err(|error| {
            self.error(Fault::at_line(
                None,
                format!("cannot be read: {error}"),
                "name a recording that is there, from the folder of the scenario",
            ))
        })?;
        self.reader(Box::new(BufReader::new(file)))
    }

    /// Reads what is in memory as if it were in the file.
    pub(crate) fn read<'a>(&self, bytes: &'a [u8]) -> Result<TraceReader<'a>, ScenarioError> {
        self.reader(Box::new(bytes))
    }

    pub(super) fn reader<'a>(&self, source: Source<'a>) -> Result<TraceReader<'a>, ScenarioError> {
        let rows = match Format::of(&self.file) {
            Some(Format::Csv) => {
                Rows::Csv(CsvRows::new(source).map_err(|fault| self.error(fault))?)
            }
            Some(Format::JsonLines) => Rows::Json(JsonRows::new(source)),
            Some(Format::AccessLog) => Rows::Log(LogRows::new(source)),
            None => {
                return Err(self.error(Fault::at_line(
                    None,
                    "no recording that can be read",
                    "name a file that ends in `.csv`, `.jsonl` or `.log`",
                )));
            }
        };
        Ok(TraceReader {
            file: self.file.display().to_string(),
            speed: self.speed,
            last: 0,
            ended: false,
            rows,
        })
    }

    fn error(&self, fault: Fault) -> ScenarioError {
        ScenarioError::one(self.file.display().to_string(), fault)
    }
}

impl TraceReader<'_> {
    fn advance(&mut self) -> Result<Option<TraceRow>, Fault> {
        let next = match &mut self.rows {
            Rows::Csv(rows) => rows.advance()?,
            Rows::Json(rows) => rows.advance()?,
            Rows::Log(rows) => rows.advance()?,
        };
        let Some((line, mut row)) = next else {
            return Ok(None);
        };
        if row.at < self.last {
            return Err(not_in_order(line));
        }
        self.last = row.at;
        if self.speed != 1.0 {
            row.at = round(row.at as f64 / self.speed);
        }
        if row.at > nanos(MAX_LENGTH) {
            return Err(Fault::at_line(
                Some(line),
                "a request more than 30 days after the start",
                "count times from the start of the recording, or play it at a higher `speed`",
            ));
        }
        Ok(Some(row))
    }
}

impl Iterator for TraceReader<'_> {
    type Item = Result<TraceRow, ScenarioError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let next = self.advance();
        self.ended = !matches!(next, Ok(Some(_)));
        next.map_err(|fault| ScenarioError::one(&*self.file, fault))
            .transpose()
    }
}

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
