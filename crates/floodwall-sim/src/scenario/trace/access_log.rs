use std::collections::VecDeque;

use jiff::Timestamp;

use super::lines::Lines;
use super::row::{Numbered, Source, TraceRow, not_in_order};
use crate::scenario::error::Fault;

const SECOND: u64 = 1_000_000_000;
/// The most requests of the same second, which are held in memory until it is over.
const MAX_IN_SECOND: usize = 1_000_000;

/// Rows of a web server's log, in the common or the combined format.
///
/// Such logs know whole seconds. All requests of a second at its start would be a burst that never
/// was, so they are spread evenly over it.
pub(super) struct LogRows<'a> {
    lines: Lines<'a>,
    /// Of the first line, in seconds since 1970.
    start: Option<i64>,
    /// The text of the time that was read last, and what it is: it is the same for a whole second.
    read: (Vec<u8>, i64),
    /// Requests of the second that is handed out, each with its line and its key.
    second: VecDeque<(usize, String)>,
    /// From the start.
    at: u64,
    /// How many there were in it.
    count: u64,
    /// The first request of the next second.
    next: Option<(i64, usize, String)>,
}

impl<'a> LogRows<'a> {
    pub(super) fn new(from: Source<'a>) -> Self {
        Self {
            lines: Lines::new(from),
            start: None,
            read: (Vec::new(), 0),
            second: VecDeque::new(),
            at: 0,
            count: 0,
            next: None,
        }
    }

    pub(super) fn advance(&mut self) -> Result<Option<Numbered>, Fault> {
        if self.second.is_empty() {
            self.gather()?;
        }
        let left = self.second.len() as u64;
        let Some((line, key)) = self.second.pop_front() else {
            return Ok(None);
        };
        let row = TraceRow {
            at: self
                .at
                .saturating_add((self.count - left) * SECOND / self.count),
            class: 3,
            key: Some(key),
            cost: 1,
        };
        Ok(Some((line, row)))
    }

    /// Reads all requests of the next second, and the one after them.
    fn gather(&mut self) -> Result<(), Fault> {
        let first = match self.next.take() {
            Some(next) => Some(next),
            None => self.line()?,
        };
        let Some((now, line, key)) = first else {
            return Ok(());
        };
        let start = *self.start.get_or_insert(now);
        self.at = now
            .checked_sub(start)
            .and_then(|seconds| u64::try_from(seconds).ok())
            .ok_or_else(|| not_in_order(line))?
            .saturating_mul(SECOND);
        self.second.push_back((line, key));
        while let Some((time, line, key)) = self.line()? {
            if time < now {
                return Err(not_in_order(line));
            }
            if time > now {
                self.next = Some((time, line, key));
                break;
            }
            if self.second.len() == MAX_IN_SECOND {
                return Err(Fault::at_line(
                    Some(line),
                    format!("more than {MAX_IN_SECOND} requests in the same second"),
                    "write it as `.csv`, with times that tell them apart",
                ));
            }
            self.second.push_back((line, key));
        }
        self.count = self.second.len() as u64;
        Ok(())
    }

    fn line(&mut self) -> Result<Option<(i64, usize, String)>, Fault> {
        let Some((line, text)) = self.lines.advance()? else {
            return Ok(None);
        };
        let wrong = |problem: String| {
            Fault::at_line(
                Some(line),
                problem,
                "write lines as in `10.0.0.1 - - [10/Oct/2000:13:55:36 -0700] \"GET / HTTP/1.1\" 200 123`",
            )
        };
        let Some((host, time)) = parts(text) else {
            return Err(wrong("no line of an access log".to_owned()));
        };
        if self.read.0 != time {
            let time_text = String::from_utf8_lossy(time);
            let read = Timestamp::strptime("%d/%b/%Y:%H:%M:%S %z", time_text.as_bytes())
                .map_err(|_| wrong(format!("`{time_text}` is no time")))?;
            self.read = (time.to_vec(), read.as_second());
        }
        let host = String::from_utf8_lossy(host).into_owned();
        Ok(Some((self.read.1, line, host)))
    }
}

/// The client's address, and the time between brackets.
fn parts(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let host = line.split(|byte| *byte == b' ').next()?;
    let open = line.iter().position(|byte| *byte == b'[')?;
    let length = line[open..].iter().position(|byte| *byte == b']')?;
    if host.is_empty() || host.len() >= open {
        return None;
    }
    Some((host, &line[open + 1..open + length]))
}
