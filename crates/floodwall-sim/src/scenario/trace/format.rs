use std::path::Path;

/// How a recording is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// Columns, named in the first line.
    Csv,
    /// A JSON object on each line.
    JsonLines,
    /// The common or combined log format.
    AccessLog,
}

impl Format {
    /// As the ending of the file's name tells.
    pub(crate) fn of(file: &Path) -> Option<Self> {
        let ending = file.extension()?.to_str()?;
        [
            ("csv", Self::Csv),
            ("jsonl", Self::JsonLines),
            ("log", Self::AccessLog),
        ]
        .into_iter()
        .find_map(|(known, format)| ending.eq_ignore_ascii_case(known).then_some(format))
    }
}
