//! How many connections wait to be accepted, by the tables of procfs.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

/// Listening sockets come first in the tables, and no machine has more than this.
const AT_MOST: usize = 4_096;
/// A line has about 150 bytes.
const LONGEST: u64 = 1_024;
const LISTENING: &str = "0A";

/// How many wait at the sockets that listen on one of `ports`; `None` if none of them is found.
///
/// For a listening socket the kernel tells the length of the queue where it tells for others how
/// many bytes were received and not read.
pub(super) fn depth(proc: &Path, ports: &[u16]) -> Option<u64> {
    ["net/tcp", "net/tcp6"]
        .iter()
        .filter_map(|table| of_table(&proc.join(table), ports))
        .reduce(u64::saturating_add)
}

fn of_table(table: &Path, ports: &[u16]) -> Option<u64> {
    use std::io::Read;
    let file = File::open(table).ok()?;
    let lines = BufReader::new(file.take(AT_MOST as u64 * LONGEST)).lines();
    lines
        // The names of the columns.
        .skip(1)
        .take(AT_MOST)
        .map_while(Result::ok)
        .map_while(|line| Listener::read(&line))
        .filter(|listener| ports.contains(&listener.port))
        .map(|listener| listener.waiting)
        .reduce(u64::saturating_add)
}

#[derive(Debug, PartialEq)]
struct Listener {
    port: u16,
    waiting: u64,
}

impl Listener {
    /// `None` for what is no line of a listening socket: after the first such there are no more.
    fn read(line: &str) -> Option<Self> {
        let mut words = line.split_whitespace().skip(1);
        let (_, port) = words.next()?.rsplit_once(':')?;
        let state = words.nth(1)?;
        let (_, received) = words.next()?.split_once(':')?;
        (state == LISTENING).then_some(())?;
        Some(Self {
            port: u16::from_str_radix(port, 16).ok()?,
            waiting: u64::from_str_radix(received, 16).ok()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_the_table_are_read_and_others_are_not() {
        let read = |line| Listener::read(line).map(|listener| (listener.port, listener.waiting));
        let table = [
            (
                "   0: 0100007F:1F90 00000000:0000 0A 00000000:00000005 00:00000000 00000000 0",
                Some((8080, 5)),
            ),
            (
                "   1: 00000000000000000000000000000000:0050 00000000000000000000000000000000:0000 0A 00000000:00000080 00:0",
                Some((80, 128)),
            ),
            (
                "   2: 0100007F:1F90 0100007F:D2F0 01 00000000:00000005 00:00000000 00000000 0",
                None,
            ),
            ("   3: 0100007F 00000000:0000 0A 00000000:00000005", None),
            (
                "   4: 0100007F:XXXX 00000000:0000 0A 00000000:00000005",
                None,
            ),
            ("   5: 0100007F:1F90 00000000:0000 0A 00000000", None),
            ("", None),
            ("ß", None),
        ];
        for (line, expected) in table {
            assert_eq!(read(line), expected, "{line}");
        }
    }
}
