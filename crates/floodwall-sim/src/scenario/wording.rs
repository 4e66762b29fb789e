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
        let fix = if word.starts_with(|c: char| c.is_ascii_digit()) {
            A_CHOICE.to_owned()
        } else {
            did_you_mean(word, &known)
        };
        return (format!("unknown word `{word}`{inside}"), fix);
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
            return mismatch(found, expected, &whose, place);
        }
    }
    if message.starts_with("wanted exactly 1 element") {
        return (
            format!("{whose} says several things or none"),
            A_CHOICE.to_owned(),
        );
    }
    if message == "wanted string or table" {
        return (format!("{whose} does not say which"), A_CHOICE.to_owned());
    }
    if message.starts_with("a number, or a table of numbers") {
        return (
            format!("{whose} cannot be read"),
            format!("write {message}"),
        );
    }
    syntax(message)
}

const A_CHOICE: &str = "write one word with its value, as in `{ exponential = \"10ms\" }`";

fn mismatch(found: &str, expected: &str, whose: &str, place: &Place) -> Said {
    let key = place.last_key().unwrap_or_default();
    match (found, expected) {
        // Serde takes a list for the fields of a struct, one by one.
        ("map", _) if place.is_element() && !expected.starts_with("struct ") => (
            format!("there is a list of {whose}"),
            format!("write `[{key}]`, once"),
        ),
        ("map", "a sequence") => (
            format!("{whose} is one table"),
            format!("write `[[{key}]]`: there may be several"),
        ),
        ("unit variant", _) => (
            format!("{whose} is a word that needs a value"),
            "write it with its value, as in `{ bursts = 10 }`".to_owned(),
        ),
        _ => (
            format!("{whose} is {}", plain(found)),
            format!("write {}", what(expected)),
        ),
    }
}

/// Messages of this crate, which say what is wrong and what would do, and of toml about syntax.
fn syntax(message: &str) -> Said {
    if let Some((problem, expected)) = message.split_once(", expected ") {
        let fix = match expected {
            "nothing" => "remove it".to_owned(),
            "literal string" => "write it in quotes".to_owned(),
            other => format!("expected {other}"),
        };
        return (problem.to_owned(), fix);
    }
    match message.split_once(": ") {
        Some((problem, fix)) => (problem.to_owned(), fix.to_owned()),
        None if message.starts_with("duplicate key") => {
            (message.to_owned(), "keep one of them".to_owned())
        }
        None => (message.to_owned(), "write it as TOML".to_owned()),
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
        // The only number of this size is a class.
        "u8" => "a whole number, 0 to 7".to_owned(),
        "u32" => format!("a whole number, 0 to {}", u32::MAX),
        "a string" | "path string" => "a text in quotes".to_owned(),
        "a boolean" => "`true` or `false`".to_owned(),
        "a sequence" => "a list in brackets".to_owned(),
        other if other.starts_with("struct ") || other.starts_with("map") => {
            "a table of keys".to_owned()
        }
        other => other.to_owned(),
    }
}
