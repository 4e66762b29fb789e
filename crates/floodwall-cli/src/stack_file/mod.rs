//! A stack as it stands in a file, and what is wrong with it: the line, the field and the fix.

mod culprit;
mod places;
mod wording;

use std::{fs, path::Path};

use anyhow::{Context, bail};
use floodwall::stack::{Stack, StackConfig};
use serde::Deserialize;
use toml::de::{DeTable, Deserializer};

/// A longer file is none of a stack.
const LONGEST: u64 = 1024 * 1024;

/// A stack that can be built.
#[derive(Clone, Debug)]
pub(crate) struct StackFile {
    pub(crate) config: StackConfig,
    pub(crate) stack: Stack,
}

impl StackFile {
    pub(crate) fn load(path: &Path) -> anyhow::Result<Self> {
        let shown = path.display();
        let size = fs::metadata(path)
            .with_context(|| format!("--stack: cannot read `{shown}`"))?
            .len();
        if size > LONGEST {
            bail!("--stack: `{shown}` is longer than 1 MiB: name the stack's file");
        }
        let text = fs::read_to_string(path)
            .with_context(|| format!("--stack: cannot read `{shown}`; name a file in UTF-8"))?;
        parse(&text).map_err(|fault| {
            let line = fault.line.map_or(String::new(), |line| format!("{line}:"));
            anyhow::anyhow!("{shown}:{line} {}", fault.words)
        })
    }
}

#[derive(Debug)]
struct Fault {
    line: Option<usize>,
    words: String,
}

fn parse(text: &str) -> Result<StackFile, Fault> {
    let root = DeTable::parse(text).map_err(|error| fault(text, None, &error))?;
    let config = StackConfig::deserialize(Deserializer::from(root.clone()))
        .map_err(|error| fault(text, Some(root.get_ref()), &error))?;
    match config.build() {
        Ok(stack) => Ok(StackFile { config, stack }),
        Err(error) => {
            let place = culprit::place_of(text, &error);
            let place = place.filter(|place| !place.is_empty());
            let mut words = error.to_string();
            if let Some(place) = &place {
                let named = places::show(place);
                // The field alone would not say which of several quotas it is.
                words = match words.strip_prefix(&format!("{}: ", error.field())) {
                    Some(problem) if named.ends_with(error.field()) => {
                        format!("{named}: {problem}")
                    }
                    _ => format!("{named}: {words}"),
                };
            }
            Err(Fault {
                line: place.map(|place| places::line_of(text, root.get_ref(), &place)),
                words,
            })
        }
    }
}

fn fault(text: &str, root: Option<&DeTable<'_>>, error: &toml::de::Error) -> Fault {
    let span = error.span();
    let place = match (root, &span) {
        (Some(root), Some(span)) => places::place_at(root, span),
        _ => Vec::new(),
    };
    let line = span.map_or(1, |span| places::line_at(text, span.start));
    let words = wording::reword(error.message());
    Fault {
        line: Some(line),
        words: if place.is_empty() {
            words
        } else {
            format!("{}: {words}", places::show(&place))
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> (Option<usize>, String) {
        let fault = parse(text).expect_err("it cannot be built");
        (fault.line, fault.words)
    }

    #[test]
    fn the_line_is_that_of_the_culprit_whatever_else_is_wrong() {
        let good = "[concurrency]\nlimit = 8\n";
        let table = [
            ("", None, "nothing was asked for"),
            ("limit = 8\n", Some(1), "`limit`"),
            (
                "[concurrency]\nlimt = 8\n",
                Some(2),
                "did you mean `limit`?",
            ),
            (
                "[concurrency]\nlimit = \"8\"\n",
                Some(2),
                "concurrency.limit",
            ),
            ("[concurrency]\n", Some(1), "`limit` is missing"),
            ("[concurrency\n", Some(1), ""),
            ("[concurrency]\nlimit = 0\n", Some(2), "at least 1"),
            (
                "[concurrency]\nlimit = 8\n\n[[quota]]\nallow = \"1/s\"\n\n[[quota]]\nallow = \"fast\"\nname = \"b\"\n",
                Some(8),
                "quota[1].allow",
            ),
            (
                "exempt = [\"preflight\", { path = \"healthz\" }]\n[concurrency]\nlimit = 8\n",
                Some(1),
                "exempt[1].path",
            ),
            (
                "trusted = [\"10.0.0.0/8\",\n \"10.0.0.0/33\"]\n[concurrency]\nlimit = 8\n",
                Some(2),
                "trusted[1]",
            ),
            (
                "[concurrency]\nlimit = 8\n[shed]\nby = \"tenant\"\n",
                Some(4),
                "set `tenant`",
            ),
            (
                "[concurrency]\nlimit = 8\n[concurrency.queue.shares]\n3 = 0.2\n5 = 0.9\n",
                Some(5),
                "share",
            ),
            (
                "[concurrency]\nlimit = 0\n[[quota]]\nallow = \"1/s\"\nper = { header = \"a b\" }\n",
                Some(5),
                "a b",
            ),
            (
                "[[quota]]\nallow = \"1/s\"\nper = \"adress\"\n",
                Some(3),
                "client_address",
            ),
            (
                "[[quota]]\nallow = \"1/s\"\nmode = \"shadows\"\n",
                Some(3),
                "enforce, shadow or off",
            ),
            (
                "[concurrency]\nlimit = 8\nqueue = { max_wait = \"50\" }\n",
                Some(3),
                "50ms",
            ),
        ];
        for (text, line, says) in table {
            let (at, words) = told(text);
            assert_eq!(at, line, "{text}\n{words}");
            assert!(words.contains(says), "{text}\n{words}");
        }
        assert!(parse(good).is_ok());
    }
}
