//! Where in the text of a file something stands.

use std::ops::Range;

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

/// A step on the way to a value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Step {
    Key(String),
    Index(usize),
}

/// `quota[1].allow`
pub(super) fn show(place: &[Step]) -> String {
    let mut shown = String::new();
    for step in place {
        match step {
            Step::Key(key) if shown.is_empty() => shown += key,
            Step::Key(key) => shown += &format!(".{key}"),
            Step::Index(n) => shown += &format!("[{n}]"),
        }
    }
    shown
}

/// Counted from 1.
pub(super) fn line_at(text: &str, byte: usize) -> usize {
    let before = &text.as_bytes()[..byte.min(text.len())];
    1 + before.iter().filter(|byte| **byte == b'\n').count()
}

/// The line of `place`, or of the last thing that is there on the way to it.
pub(super) fn line_of(text: &str, root: &DeTable<'_>, place: &[Step]) -> usize {
    let mut at = 0;
    let mut table = Some(root);
    let mut list: Option<&[Spanned<DeValue<'_>>]> = None;
    for step in place {
        let found = match step {
            Step::Key(key) => table.and_then(|table| {
                let (name, value) = table.iter().find(|(name, _)| name.get_ref() == key)?;
                Some((name.span().start, value))
            }),
            Step::Index(n) => {
                list.and_then(|list| list.get(*n).map(|value| (value.span().start, value)))
            }
        };
        let Some((start, value)) = found else { break };
        at = start;
        table = value.get_ref().as_table();
        list = value.get_ref().as_array().map(|list| &**list);
    }
    line_at(text, at)
}

/// The innermost place whose value, or whose key, is what `span` marks.
pub(super) fn place_at(root: &DeTable<'_>, span: &Range<usize>) -> Vec<Step> {
    let mut place = Vec::new();
    in_table(root, span, &mut place);
    place
}

fn in_table(table: &DeTable<'_>, span: &Range<usize>, place: &mut Vec<Step>) -> bool {
    table.iter().any(|(key, value)| {
        place.push(Step::Key(key.get_ref().to_string()));
        let is_here = in_value(value, span, place) || key.span() == *span;
        if !is_here {
            place.pop();
        }
        is_here
    })
}

fn in_value(value: &Spanned<DeValue<'_>>, span: &Range<usize>, place: &mut Vec<Step>) -> bool {
    let inside = match value.get_ref() {
        DeValue::Table(table) => in_table(table, span, place),
        DeValue::Array(list) => list.iter().enumerate().any(|(n, value)| {
            place.push(Step::Index(n));
            let is_here = in_value(value, span, place);
            if !is_here {
                place.pop();
            }
            is_here
        }),
        _ => false,
    };
    inside || value.span() == *span
}
