use std::fs::File;
use std::io::BufReader;

use super::access_log::LogRows;
use super::csv_rows::CsvRows;
use super::json_rows::JsonRows;
use super::row::{Source, TraceRow, not_in_order};
use super::{Format, Trace};
use crate::chance::{nanos, round};
use crate::scenario::ScenarioError;
use crate::scenario::check::MAX_LENGTH;
use crate::scenario::error::Fault;

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
    #[cfg(test)]
    pub(super) fn read<'a>(&self, bytes: &'a [u8]) -> Result<TraceReader<'a>, ScenarioError> {
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
