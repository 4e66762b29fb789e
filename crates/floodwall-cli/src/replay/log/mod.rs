//! A log of requests: the common and combined formats of web servers, tables (CSV), JSON on lines.
//!
//! Nothing in it is believed further than it goes: a line that is none is counted, and the first one
//! shown. It is held in memory, because servers write a line when an answer ends, and so not in the
//! order in which requests came.

mod access;
mod entry;
mod fields;
mod json;
mod table;
mod time;

use std::{
    collections::HashSet,
    fs::File,
    io::{BufRead, BufReader, Read, Seek},
    path::Path,
    sync::Arc,
    time::Duration,
};

use anyhow::{Context, bail, ensure};
use http::{Method, Uri};

pub(super) use entry::Entry;

/// So many requests are held in memory at most.
const MOST: usize = 5_000_000;
/// A longer line is none.
const LONGEST_LINE: u64 = 64 * 1024;
/// As long as a simulation may last.
const LONGEST: Duration = Duration::from_secs(30 * 24 * 60 * 60);
const SECOND: u64 = 1_000_000_000;
/// Later than this, a time is one of day and not from the start of the log: 1990.
const DATED: u64 = 631_152_000 * SECOND;

/// The requests of a log, in the order in which they came.
#[derive(Debug)]
pub(super) struct Log {
    pub(super) rows: Vec<Row>,
    /// Lines, empty ones left out.
    pub(super) lines: usize,
    pub(super) bad: usize,
    /// The first of the bad ones: its number, and what is wrong with it.
    pub(super) first_bad: Option<(usize, String)>,
    /// When the first request came, in nanoseconds since 1970, if the log tells times of day.
    pub(super) start: Option<u64>,
    /// Whether it tells whole seconds only.
    pub(super) whole_seconds: bool,
}

/// A request. Texts that many requests have in common are held once.
#[derive(Clone, Debug)]
pub(super) struct Row {
    /// In nanoseconds from the first one.
    pub(super) at: u64,
    /// In nanoseconds, if the log tells.
    pub(super) service: Option<u64>,
    pub(super) method: Arc<str>,
    pub(super) target: Arc<str>,
    pub(super) client: Arc<str>,
    pub(super) headers: Headers,
}

/// Names and values.
type Headers = Arc<[(Arc<str>, Arc<str>)]>;

impl Log {
    /// Reads all of it; `look` is told how many bytes were read.
    pub(super) fn read(path: &Path, look: &mut dyn FnMut(u64)) -> anyhow::Result<Self> {
        let shown = path.display().to_string();
        let file = File::open(path).with_context(|| format!("cannot read `{shown}`"))?;
        ensure!(
            !file.metadata()?.is_dir(),
            "`{shown}` is a directory: name a log in it"
        );
        let mut from = BufReader::with_capacity(256 * 1024, file);
        let begin = from
            .fill_buf()
            .with_context(|| format!("cannot read `{shown}`"))?;
        ensure!(
            !begin.starts_with(&[0x1f, 0x8b]) && !begin.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]),
            "`{shown}` is compressed: unpack it first, as with `gunzip --keep`"
        );
        let is_json = begin.trim_ascii_start().starts_with(b"{");
        let is_table = path
            .extension()
            .is_some_and(|ending| ending.eq_ignore_ascii_case("csv"));
        let mut gather = Gather::default();
        if is_table {
            table::read(&mut from, &mut gather).with_context(|| format!("in `{shown}`"))?;
        } else {
            lines(&mut from, &mut gather, is_json, look)
                .with_context(|| format!("cannot read `{shown}`"))?;
        }
        gather.finish(&shown)
    }
}

fn lines(
    from: &mut BufReader<File>,
    to: &mut Gather,
    is_json: bool,
    look: &mut dyn FnMut(u64),
) -> anyhow::Result<()> {
    let mut line = Vec::new();
    let mut clock = time::Clock::default();
    for number in 1.. {
        line.clear();
        let read = from
            .by_ref()
            .take(LONGEST_LINE + 1)
            .read_until(b'\n', &mut line)?;
        if read == 0 {
            break;
        }
        if read as u64 > LONGEST_LINE {
            from.skip_until(b'\n')?;
            to.add(number, Err("longer than 64 KiB".to_owned()))?;
            continue;
        }
        let text = String::from_utf8_lossy(&line);
        let text = text.trim();
        if text.is_empty() {
            continue;
        }
        let entry = if is_json {
            json::entry(text, &mut clock)
        } else {
            access::entry(text, &mut clock)
        };
        to.add(number, entry)?;
        if number % 4_096 == 0 {
            look(from.stream_position()?);
        }
    }
    Ok(())
}

/// What was read so far.
#[derive(Default)]
struct Gather {
    rows: Vec<Row>,
    lines: usize,
    bad: usize,
    first_bad: Option<(usize, String)>,
    texts: HashSet<Arc<str>>,
    headers: HashSet<Headers>,
}

impl Gather {
    fn add(&mut self, line: usize, entry: Result<Entry, String>) -> anyhow::Result<()> {
        self.lines += 1;
        match entry.and_then(|entry| self.row(&entry)) {
            Ok(row) => self.rows.push(row),
            Err(why) => {
                self.bad += 1;
                self.first_bad.get_or_insert((line, why));
            }
        }
        ensure!(
            self.rows.len() <= MOST,
            "more than {MOST} requests: play the log in parts, as `split -l {MOST}` makes them"
        );
        Ok(())
    }

    fn row(&mut self, entry: &Entry) -> Result<Row, String> {
        entry.method.parse::<Method>().map_err(|_| {
            let shown: String = entry.method.chars().take(20).collect();
            format!("{shown:?} is no method")
        })?;
        entry.target.parse::<Uri>().map_err(|_| {
            let shown: String = entry.target.chars().take(60).collect();
            format!("{shown:?} is no path")
        })?;
        let headers: Vec<_> = entry
            .headers
            .iter()
            // What no server would take costs nobody his place in the log.
            .filter(|(name, value)| {
                name.parse::<http::HeaderName>().is_ok()
                    && http::HeaderValue::from_str(value).is_ok()
            })
            .map(|(name, value)| (self.text(name), self.text(value)))
            .collect();
        let headers: Headers = headers.into();
        let headers = match self.headers.get(&headers) {
            Some(known) => Arc::clone(known),
            None => {
                self.headers.insert(Arc::clone(&headers));
                headers
            }
        };
        Ok(Row {
            at: entry.at,
            service: entry.service,
            method: self.text(&entry.method),
            target: self.text(&entry.target),
            client: self.text(&entry.client),
            headers,
        })
    }

    fn text(&mut self, text: &str) -> Arc<str> {
        if let Some(known) = self.texts.get(text) {
            return Arc::clone(known);
        }
        let text: Arc<str> = text.into();
        self.texts.insert(Arc::clone(&text));
        text
    }

    fn finish(self, file: &str) -> anyhow::Result<Log> {
        let Self {
            mut rows,
            lines,
            bad,
            first_bad,
            ..
        } = self;
        if let Some((line, why)) = &first_bad {
            ensure!(
                bad * 2 <= lines,
                "{file}:{line}: {why}; {bad} of {lines} lines cannot be read, so this is no log that is known: \
                 the common and combined formats of web servers, CSV whose first line names the columns, \
                 and JSON objects on lines are"
            );
        }
        let Some(first) = rows.iter().map(|row| row.at).min() else {
            bail!("{file}: no requests in it: name a log that has some");
        };
        let whole_seconds = rows.iter().all(|row| row.at % SECOND == 0);
        // Stable: what came in the same second stays as it was written.
        rows.sort_by_key(|row| row.at);
        if whole_seconds {
            spread(&mut rows);
        }
        for row in &mut rows {
            row.at -= first;
        }
        let length = Duration::from_nanos(rows.last().map_or(0, |row| row.at));
        ensure!(
            length <= LONGEST,
            "{file}: more than 30 days: play the log in parts"
        );
        Ok(Log {
            rows,
            lines,
            bad,
            first_bad,
            start: (first >= DATED).then_some(first),
            whole_seconds,
        })
    }
}

/// Evenly over their second: all at its start would be a burst that never was.
fn spread(rows: &mut [Row]) {
    for same in rows.chunk_by_mut(|one, other| one.at == other.at) {
        let count = same.len() as u64;
        for (n, row) in (0..).zip(same) {
            row.at = row.at.saturating_add(n * SECOND / count);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pieces of lines in any order, cut and joined at random, with bytes that are no text.
    #[test]
    fn no_bytes_make_a_panic() {
        let pieces = [
            "192.0.2.1",
            " - - ",
            "[10/Oct/2000:13:55:36 -0700]",
            "[",
            "]",
            "\"",
            "\\",
            "GET / HTTP/1.1",
            "{",
            "}",
            ":",
            ",",
            "\"time\"",
            "\"ts\"",
            "1e999",
            "18446744073",
            "-1",
            "\u{feff}",
            "é",
            "\0",
            "request_time=",
            "0.",
            ".5",
            "99999999999999999999",
            "\"request\"",
            "\"headers\"",
            "null",
            "µs",
        ];
        let mut chance = fastrand::Rng::with_seed(4);
        let mut gather = Gather::default();
        for number in 0..20_000 {
            let mut line = Vec::new();
            for _ in 0..chance.usize(..16) {
                line.extend(pieces[chance.usize(..pieces.len())].bytes());
            }
            if chance.bool() && !line.is_empty() {
                let at = chance.usize(..line.len());
                line[at] = chance.u8(..);
            }
            let text = String::from_utf8_lossy(&line);
            let mut clock = time::Clock::default();
            gather
                .add(number, access::entry(&text, &mut clock))
                .unwrap();
            gather.add(number, json::entry(&text, &mut clock)).unwrap();
        }
        let mut bytes = gather.rows.len().to_string().into_bytes();
        bytes.extend((0..4_096).map(|_| chance.u8(..)));
        let mut tables = Gather::default();
        let table = [b"time,path,client,service,x-y\n".as_slice(), &bytes].concat();
        let _ = table::read(&mut table.as_slice(), &mut tables);
    }

    #[test]
    fn the_end_of_time_is_no_panic() {
        let mut gather = Gather::default();
        for _ in 0..20 {
            let entry = Entry {
                at: u64::MAX / SECOND * SECOND,
                ..Entry::usual()
            };
            gather.add(1, Ok(entry)).unwrap();
        }
        assert_eq!(gather.finish("a.log").unwrap().rows.len(), 20);
    }
}
