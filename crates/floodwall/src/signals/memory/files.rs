use std::fs::File;
use std::io::Read;
use std::path::Path;

/// None of the files that are read comes near this.
const AT_MOST: u64 = 64 * 1024;

/// What is in a small file; `None` if it cannot be read or is no text.
pub(super) fn text(file: &Path) -> Option<String> {
    let mut text = String::new();
    let file = File::open(file).ok()?;
    file.take(AT_MOST).read_to_string(&mut text).ok()?;
    Some(text)
}

pub(super) fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().map(str::trim)
}

/// The number behind `key`, as in `inactive_file 4096` or `MemTotal: 16384 kB`.
pub(super) fn number(text: &str, key: &str) -> Option<u64> {
    lines(text).find_map(|line| {
        let mut words = line.split_whitespace();
        (words.next() == Some(key)).then(|| words.next()?.parse().ok())?
    })
}
