//! What toml and serde say, in the words of this crate: what is wrong, and what would do.

use super::nearest::did_you_mean;
use super::place::Place;

/// What is wrong, and what to do about it.
pub(crate) type Said = (String, String);

/// Rewords `message`, which is about `place`.
pub(crate) fn reword(message: &str, place: &Place) -> Said {
    let whose = place
        .last_key()
        .map_or_else(|| "the file".to_owned(), |key| format!("`{key}`"));
    if let Some(rest) = message.strip_prefix("unknown field ") {
        let (word, known) = words(rest);
        return unknown_key(word, &known, place);
    }
    // What toml says of the fields of an enum's variant, where serde is not asked.
    if let Some((unknown, known)) = message
        .strip_prefix("unexpected keys in table: ")
        .and_then(|rest| rest.split_once(", available keys: "))
    {
        let word = unknown.split(", ").next().unwrap_or_default();
        let known: Vec<&str> = known.split(", ").collect();
        return unknown_key(word, &known, place);
    }
    if let Some(rest) = message.strip_prefix("unknown variant ") {
        let (word, known) = words(rest);
        let inside = if place.last_key() == Some(word) {
            place.container().map(|outer| format!("`{outer}`"))
        } else {
            Some(whose)
        };
        let inside = inside.map_or_else(String::new, |outer| format!(" for {outer}"));
        return (
            format!("unknown word `{word}`{inside}"),
            did_you_mean(word, &known),
        );
    }
    if let Some(rest) = message.strip_prefix("missing field ") {
        let (word, _) = words(rest);
        return (
            format!("{whose} has no `{word}`"),
            format!("add `{word} = ...`"),
        );
    }
    for kind in ["invalid type: ", "invalid value: ", "invalid length "] {
        if let Some((found, expected)) = message
            .strip_prefix(kind)
            .and_then(|rest| rest.split_once(", expected "))
        {
            let problem = format!("{whose} is {}", plain(found));
            return (problem, format!("write {}", what(expected)));
        }
    }
    if message.starts_with("wanted exactly 1 element") {
        return (
            format!("{whose} says several things or none"),
            "write one, as in `{ exponential = \"10ms\" }`".to_owned(),
        );
    }
    if message.starts_with("a number, or a table of numbers") {
        return (format!("{whose} is neither"), format!("write {message}"));
    }
    // Messages of this crate, and of toml about syntax.
    match message
        .split_once(": ")
        .or_else(|| message.split_once(", expected "))
    {
        Some((problem, fix)) if message.contains(", expected ") => {
            (problem.to_owned(), format!("expected {fix}"))
        }
        Some((problem, fix)) => (problem.to_owned(), fix.to_owned()),
        None => (message.to_owned(), "see the file format".to_owned()),
    }
}

fn unknown_key(word: &str, known: &[&str], place: &Place) -> Said {
    let inside = place
        .container()
        .map_or_else(String::new, |outer| format!(" in `{outer}`"));
    (
        format!("unknown key `{word}`{inside}"),
        did_you_mean(word, known),
    )
}

/// The first word in backticks, and the others.
fn words(text: &str) -> (&str, Vec<&str>) {
    let mut all = text.split('`').skip(1).step_by(2);
    let first = all.next().unwrap_or_default();
    (first, all.collect())
}

/// ``integer `10` `` is `10` for somebody who has written it.
fn plain(found: &str) -> &str {
    for kind in ["integer ", "floating point ", "string ", "boolean "] {
        if let Some(value) = found.strip_prefix(kind) {
            return value;
        }
    }
    match found {
        "sequence" => "a list",
        "map" => "a table",
        other => other,
    }
}

/// Types of Rust mean nothing to who writes a file.
fn what(expected: &str) -> String {
    match expected {
        "f64" => "a number".to_owned(),
        "u8" | "u16" | "u32" | "u64" => "a whole number, 0 or more".to_owned(),
        "a string" | "path string" => "a text in quotes".to_owned(),
        "a boolean" => "`true` or `false`".to_owned(),
        "a sequence" => "a list in brackets".to_owned(),
        other if other.starts_with("struct ") || other.starts_with("map") => {
            "a table of keys".to_owned()
        }
        other => other.to_owned(),
    }
}
