//! Text and how wide it is, by estimate: the letters of the machine that draws it are not known here.

/// How wide `words` are at most, in pixels, with common sans-serif letters.
pub(super) fn width(words: &str, size: u32) -> i32 {
    let ems: f64 = words.chars().map(ems).sum();
    // The backend makes letters smaller by this factor.
    (ems * f64::from(size) / 1.24).ceil() as i32
}

fn ems(letter: char) -> f64 {
    match letter {
        'i' | 'j' | 'l' | 'I' | '.' | ',' | ':' | ';' | '\'' | '|' | '!' | ' ' => 0.34,
        'f' | 'r' | 't' | '(' | ')' | '[' | ']' | '-' | '/' | '·' => 0.42,
        'm' | 'w' | 'M' | 'W' | '%' | '@' | '…' => 1.0,
        '0'..='9' => 0.64,
        'a'..='z' => 0.63,
        'A'..='Z' => 0.76,
        letter if letter.is_ascii() => 0.84,
        _ => 1.1,
    }
}

/// As much of `words` as fits into `room` pixels; `None` if that says nothing any more.
pub(super) fn fit(words: &str, size: u32, room: i32) -> Option<String> {
    let words: String = words.chars().filter(|letter| printable(*letter)).collect();
    if words.trim().is_empty() {
        return None;
    }
    if width(&words, size) <= room {
        return Some(words);
    }
    let mut short = String::new();
    for letter in words.chars() {
        short.push(letter);
        if width(&short, size) + width("…", size) > room {
            short.pop();
            break;
        }
    }
    let short = short.trim_end();
    (short.chars().count() > 1).then(|| format!("{short}…"))
}

/// Whether XML may hold it, and it has a shape.
fn printable(letter: char) -> bool {
    !letter.is_control() && !matches!(letter, '\u{fffe}' | '\u{ffff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_long_is_cut_with_a_sign_of_it() {
        assert_eq!(fit("calm", 16, 100).as_deref(), Some("calm"));
        let short = fit("a very long name of a phase", 16, 80).unwrap();
        assert!(short.ends_with('…') && width(&short, 16) <= 80, "{short}");
        assert_eq!(fit("flood", 16, 8), None);
    }

    #[test]
    fn letters_that_xml_forbids_are_left_out() {
        assert_eq!(fit("a\u{0}b\u{1b}c\n", 16, 100).as_deref(), Some("abc"));
        assert_eq!(fit("\u{0} ", 16, 100), None);
    }
}
