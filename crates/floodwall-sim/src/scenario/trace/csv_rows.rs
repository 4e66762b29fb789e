use std::io::{Error, ErrorKind, Read};

use csv::{ReaderBuilder, StringRecord, Trim};

use super::lines::{MAX_LINE, too_long, unreadable};
use super::row::{Numbered, Source, TraceRow, class, cost, time};
use crate::scenario::error::Fault;
use crate::scenario::nearest::did_you_mean;

const COLUMNS: [&str; 4] = ["time", "class", "key", "cost"];

/// Rows of a table whose first line names its columns.
pub(super) struct CsvRows<'a> {
    csv: csv::Reader<Capped<Source<'a>>>,
    record: StringRecord,
    /// Where each of [`COLUMNS`] stands.
    columns: [Option<usize>; 4],
    width: usize,
}

impl<'a> CsvRows<'a> {
    pub(super) fn new(from: Source<'a>) -> Result<Self, Fault> {
        let csv = ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .trim(Trim::All)
            .from_reader(Capped {
                from,
                left: 0,
                ended: false,
            });
        let mut rows = Self {
            csv,
            record: StringRecord::new(),
            columns: [None; 4],
            width: 0,
        };
        let line = rows.read()?.unwrap_or(1);
        rows.width = rows.record.len();
        for (n, name) in rows.record.iter().enumerate() {
            let Some(column) = COLUMNS.iter().position(|known| *known == name) else {
                return Err(Fault::at_line(
                    Some(line),
                    format!("unknown column `{name}`"),
                    did_you_mean(name, &COLUMNS),
                ));
            };
            if rows.columns[column].replace(n).is_some() {
                return Err(Fault::at_line(
                    Some(line),
                    format!("there are two columns `{name}`"),
                    "remove one of them",
                ));
            }
        }
        if rows.columns[0].is_none() {
            return Err(Fault::at_line(
                Some(line),
                "there is no column `time`",
                "begin with a line that names the columns, as in `time,class,key,cost`",
            ));
        }
        Ok(rows)
    }

    pub(super) fn advance(&mut self) -> Result<Option<Numbered>, Fault> {
        let Some(line) = self.read()? else {
            return Ok(None);
        };
        if self.record.len() != self.width {
            return Err(Fault::at_line(
                Some(line),
                format!("{} fields", self.record.len()),
                format!("write {}, as many as there are columns", self.width),
            ));
        }
        let field = |column: usize| {
            self.columns[column]
                .and_then(|n| self.record.get(n))
                .filter(|text| !text.is_empty())
        };
        let row = TraceRow {
            at: time(field(0).unwrap_or_default(), line)?,
            class: field(1).map_or(Ok(3), |text| class(text.parse().ok(), text, line))?,
            key: field(2).map(str::to_owned),
            cost: field(3).map_or(Ok(1), |text| cost(text.parse().ok(), text, line))?,
        };
        Ok(Some((line, row)))
    }

    /// Reads a record and says on which line it begins.
    fn read(&mut self) -> Result<Option<usize>, Fault> {
        self.csv.get_mut().left = MAX_LINE;
        let start = self.line();
        match self.csv.read_record(&mut self.record) {
            Ok(true) => {
                // Counted from its end: the position of a record is before the empty lines before it.
                let inside = self.record.as_byte_record().as_slice();
                let ends = 1 + inside.iter().filter(|byte| **byte == b'\n').count();
                Ok(Some(self.line().saturating_sub(ends).max(1)))
            }
            Ok(false) => Ok(None),
            Err(error) => Err(fault(error, start)),
        }
    }

    /// The line that is read next.
    fn line(&self) -> usize {
        usize::try_from(self.csv.position().line()).unwrap_or(usize::MAX)
    }
}

fn fault(error: csv::Error, start: usize) -> Fault {
    let position = error
        .position()
        .and_then(|at| usize::try_from(at.line()).ok());
    let at = Some(position.unwrap_or(start));
    match error.into_kind() {
        csv::ErrorKind::Io(error) if error.kind() == ErrorKind::FileTooLarge => too_long(at),
        csv::ErrorKind::Io(error) => unreadable(at, &error),
        csv::ErrorKind::Utf8 { .. } => Fault::at_line(at, "no text in UTF-8", "save it as UTF-8"),
        _ => Fault::at_line(at, "no row of a table", "separate fields by commas"),
    }
}

/// Hands out no more for one record than a record may be long: a quote that is never closed would
/// make one of the whole file.
///
/// Each line ends with `\n` alone, the last one too, so that lines can be counted from their ends.
struct Capped<R> {
    from: R,
    left: usize,
    ended: bool,
}

impl<R: Read> Read for Capped<R> {
    fn read(&mut self, to: &mut [u8]) -> Result<usize, Error> {
        loop {
            if self.left == 0 {
                return Err(ErrorKind::FileTooLarge.into());
            }
            let most = to.len().min(self.left);
            let read = self.from.read(&mut to[..most])?;
            if read == 0 {
                if std::mem::replace(&mut self.ended, true) || most == 0 {
                    return Ok(0);
                }
                to[0] = b'\n';
                return Ok(1);
            }
            self.left -= read;
            let mut kept = 0;
            for n in 0..read {
                if to[n] != b'\r' {
                    to[kept] = to[n];
                    kept += 1;
                }
            }
            // Nothing would mean the end.
            if kept > 0 {
                return Ok(kept);
            }
        }
    }
}
