//! Tables whose first line names their columns.

use std::io::Read;

use anyhow::ensure;
use csv::{ByteRecord, ReaderBuilder, Trim};

use super::{
    Entry, Gather, LONGEST_LINE,
    fields::{self, Meaning},
    time::Clock,
};

pub(super) fn read(from: &mut dyn Read, to: &mut Gather) -> anyhow::Result<()> {
    let mut rows = ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .trim(Trim::All)
        .from_reader(Capped { from, left: 0 });
    let mut record = ByteRecord::new();
    let mut columns: Vec<Meaning> = Vec::new();
    let mut clock = Clock::default();
    loop {
        rows.get_mut().left = LONGEST_LINE as usize * 16;
        // A quote that is never closed would make one record of the whole file, and ends it here.
        if !rows.read_byte_record(&mut record)? {
            return Ok(());
        }
        let line = record.position().map_or(0, csv::Position::line);
        let line = usize::try_from(line).unwrap_or(usize::MAX);
        if columns.is_empty() {
            columns = record
                .iter()
                .map(|name| fields::meaning(&String::from_utf8_lossy(name)))
                .collect();
            ensure!(
                columns.contains(&Meaning::Time),
                "line {line}: there is no column `time`: begin with a line that names the columns, as in `time,method,path,client,service`"
            );
            continue;
        }
        to.add(line, entry(&columns, &record, &mut clock))?;
    }
}

fn entry(columns: &[Meaning], record: &ByteRecord, clock: &mut Clock) -> Result<Entry, String> {
    if record.len() != columns.len() {
        return Err(format!(
            "{} fields where there are {} columns",
            record.len(),
            columns.len()
        ));
    }
    let mut entry = Entry::usual();
    for (meaning, value) in columns.iter().zip(record) {
        let value = String::from_utf8_lossy(value);
        if *meaning == Meaning::Time && value.is_empty() {
            return Err("no time".to_owned());
        }
        entry.set(meaning, &value, clock)?;
    }
    Ok(entry)
}

/// Hands out no more for one record than a record may be long.
struct Capped<'a> {
    from: &'a mut dyn Read,
    left: usize,
}

impl Read for Capped<'_> {
    fn read(&mut self, to: &mut [u8]) -> std::io::Result<usize> {
        if self.left == 0 {
            return Err(std::io::Error::other(
                "a record is longer than 1 MiB: close what is in quotes",
            ));
        }
        let most = to.len().min(self.left);
        let read = self.from.read(&mut to[..most])?;
        self.left -= read;
        Ok(read)
    }
}
