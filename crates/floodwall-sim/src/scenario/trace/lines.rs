use std::io::{BufRead, BufReader, Error, Read};

use super::row::Source;
use crate::scenario::error::Fault;

/// A longer line is none: what has no ends of lines would be held in memory as a whole.
pub(super) const MAX_LINE: usize = 64 * 1024;

/// The lines of a recording, one at a time in the same memory.
pub(super) struct Lines<'a> {
    from: BufReader<Source<'a>>,
    line: Vec<u8>,
    number: usize,
}

impl<'a> Lines<'a> {
    pub(super) fn new(from: Source<'a>) -> Self {
        Self {
            from: BufReader::new(from),
            line: Vec::new(),
            number: 0,
        }
    }

    /// The next line that has something in it, and its number.
    pub(super) fn advance(&mut self) -> Result<Option<(usize, &[u8])>, Fault> {
        loop {
            self.number += 1;
            self.line.clear();
            let read = (&mut self.from)
                .take(MAX_LINE as u64 + 1)
                .read_until(b'\n', &mut self.line)
                .map_err(|error| unreadable(Some(self.number), &error))?;
            if read > MAX_LINE {
                return Err(too_long(Some(self.number)));
            }
            if read == 0 {
                return Ok(None);
            }
            if !self.line.trim_ascii().is_empty() {
                break;
            }
        }
        Ok(Some((self.number, self.line.trim_ascii())))
    }
}

pub(super) fn unreadable(line: Option<usize>, error: &Error) -> Fault {
    Fault::at_line(
        line,
        format!("cannot be read: {error}"),
        "make sure that the file is there and stays there",
    )
}

pub(super) fn too_long(line: Option<usize>) -> Fault {
    Fault::at_line(
        line,
        format!("longer than {} KiB", MAX_LINE / 1024),
        "write each request on a line of its own, and close what is in quotes",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_lines_count_and_are_left_out() {
        let mut lines = Lines::new(Box::new(&b"\na\r\n \nb"[..]));
        assert_eq!(lines.advance().unwrap(), Some((2, &b"a"[..])));
        assert_eq!(lines.advance().unwrap(), Some((4, &b"b"[..])));
        assert_eq!(lines.advance().unwrap(), None);
    }

    #[test]
    fn a_file_without_ends_of_lines_is_not_held_in_memory() {
        let mut lines = Lines::new(Box::new(std::io::repeat(b'x')));
        let fault = lines.advance().unwrap_err();
        assert_eq!(fault.line, Some(1));
        assert!(lines.line.capacity() <= 4 * MAX_LINE);
    }
}
