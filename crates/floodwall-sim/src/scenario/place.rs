//! Where in the text of a file something stands: from a key's path to its line, and back.

use std::fmt;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A step on the way to a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Key(String),
    Index(usize),
}

/// The way to a value, as in `client[1].share`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Place(Vec<Step>);

impl Place {
    pub(crate) fn key(&self, key: &str) -> Self {
        self.and(Step::Key(key.to_owned()))
    }

    pub(crate) fn index(&self, n: usize) -> Self {
        self.and(Step::Index(n))
    }

    fn and(&self, step: Step) -> Self {
        let mut all = self.0.clone();
        all.push(step);
        Self(all)
    }

    /// Whether it is an element of a list.
    pub(crate) fn is_element(&self) -> bool {
        matches!(self.0.last(), Some(Step::Index(_)))
    }

    /// The key that it ends with.
    pub(crate) fn last_key(&self) -> Option<&str> {
        self.0.iter().rev().find_map(|step| match step {
            Step::Key(key) => Some(key.as_str()),
            Step::Index(_) => None,
        })
    }

    /// What it is in, without numbers: `client.retry` for `client[1].retry.times`.
    pub(crate) fn container(&self) -> Option<String> {
        let keys: Vec<&str> = self
            .0
            .iter()
            .filter_map(|step| match step {
                Step::Key(key) => Some(key.as_str()),
                Step::Index(_) => None,
            })
            .collect();
        match keys.split_last() {
            Some((_, [])) | None => None,
            Some((_, outer)) => Some(outer.join(".")),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, step) in self.0.iter().enumerate() {
            match step {
                Step::Key(key) if n == 0 => f.write_str(key)?,
                Step::Key(key) => write!(f, ".{key}")?,
                Step::Index(n) => write!(f, "[{n}]")?,
            }
        }
        Ok(())
    }
}

/// The line of `place`, or of what is nearest to it on the way there; the first if there is nothing.
pub(crate) fn line_of(text: &str, root: &DeTable<'_>, place: &Place) -> usize {
    let mut at = 0;
    let mut table = Some(root);
    let mut value: Option<&Spanned<DeValue<'_>>> = None;
    for step in &place.0 {
        let next = match step {
            Step::Key(key) => {
                let Some((key, found)) =
                    table.and_then(|table| table.iter().find(|(name, _)| name.get_ref() == key))
                else {
                    break;
                };
                at = key.span().start;
                found
            }
            Step::Index(n) => {
                let list = value.and_then(|value| value.get_ref().as_array());
                let Some(found) = list.and_then(|list| list.get(*n)) else {
                    break;
                };
                at = found.span().start;
                found
            }
        };
        table = next.get_ref().as_table();
        value = Some(next);
    }
    line_at(text, at)
}

/// The line of a byte.
pub(crate) fn line_at(text: &str, byte: usize) -> usize {
    let before = &text.as_bytes()[..byte.min(text.len())];
    1 + before.iter().filter(|byte| **byte == b'\n').count()
}

/// The innermost place that `span` belongs to, be it its key or its value.
pub(crate) fn place_of(root: &DeTable<'_>, span: &Range<usize>) -> Place {
    in_table(root, span, &Place::default()).unwrap_or_default()
}

fn in_table(table: &DeTable<'_>, span: &Range<usize>, here: &Place) -> Option<Place> {
    // A header's span is that of its table's value too, so what is inside is asked first.
    table.iter().find_map(|(key, value)| {
        let place = here.key(key.get_ref());
        if key.span() == *span && !value.get_ref().is_table() {
            return Some(place);
        }
        in_value(value, span, &place).or_else(|| (key.span() == *span).then_some(place))
    })
}

fn in_value(value: &Spanned<DeValue<'_>>, span: &Range<usize>, here: &Place) -> Option<Place> {
    let inside = match value.get_ref() {
        DeValue::Table(table) => in_table(table, span, here),
        DeValue::Array(list) => list
            .iter()
            .enumerate()
            .find_map(|(n, value)| in_value(value, span, &here.index(n))),
        _ => None,
    };
    inside.or_else(|| (value.span() == *span).then(|| here.clone()))
}
