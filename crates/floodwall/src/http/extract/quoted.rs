//! Splitting header values by a separator that may also stand inside of quotes.

/// The parts of `value` between separators, from the left, trimmed, without empty ones.
///
/// Quoted strings and their escapes are those of RFC 9110 section 5.6.4; a quote that is never
/// closed takes the rest.
pub(in crate::http) fn parts(value: &[u8], separator: u8) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(value);
    std::iter::from_fn(move || {
        let value = rest?;
        let mut quoted = false;
        let mut escaped = false;
        let end = value.iter().position(|&byte| {
            if escaped {
                escaped = false;
            } else if quoted && byte == b'\\' {
                escaped = true;
            } else if byte == b'"' {
                quoted = !quoted;
            } else {
                return !quoted && byte == separator;
            }
            false
        });
        match end {
            Some(end) => {
                rest = Some(&value[end + 1..]);
                Some(trim(&value[..end]))
            }
            None => {
                rest = None;
                Some(trim(value))
            }
        }
    })
    .filter(|part| !part.is_empty())
}

/// The parts of a list from the right, trimmed, without empty ones.
///
/// A hop appends on the right, so what it wrote is read before, and independently of, what a
/// stranger wrote to the left of it: an unclosed quote there cannot swallow it. In return a part
/// with a backslash is not understood (no address has one) and must count as junk.
pub(super) fn parts_from_right(value: &[u8], separator: u8) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(value);
    std::iter::from_fn(move || {
        let value = rest?;
        let mut quoted = false;
        let start = value.iter().rposition(|&byte| {
            quoted ^= byte == b'"';
            !quoted && byte == separator
        });
        match start {
            Some(start) => {
                rest = Some(&value[..start]);
                Some(trim(&value[start + 1..]))
            }
            None => {
                rest = None;
                Some(trim(value))
            }
        }
    })
    .filter(|part| !part.is_empty())
}

/// `value` before and behind the first `separator`.
pub(in crate::http) fn split_once(value: &[u8], separator: u8) -> Option<(&[u8], &[u8])> {
    let at = value.iter().position(|&byte| byte == separator)?;
    Some((&value[..at], &value[at + 1..]))
}

/// `value` without the blanks and tabs around it.
pub(in crate::http) fn trim(value: &[u8]) -> &[u8] {
    value.trim_ascii()
}

/// `value` without the quotes around it, if there are two.
pub(super) fn unquote(value: &[u8]) -> &[u8] {
    match value {
        [b'"', inner @ .., b'"'] => inner,
        _ => value,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn left(value: &str) -> Vec<&str> {
        parts(value.as_bytes(), b',')
            .map(|p| str::from_utf8(p).unwrap())
            .collect()
    }

    fn right(value: &str) -> Vec<&str> {
        parts_from_right(value.as_bytes(), b',')
            .map(|p| str::from_utf8(p).unwrap())
            .collect()
    }

    #[test]
    fn separators_inside_quotes_do_not_count() {
        assert_eq!(left(r#"a, "b,c" ,, d"#), ["a", r#""b,c""#, "d"]);
        assert_eq!(right(r#"a, "b,c" ,, d"#), ["d", r#""b,c""#, "a"]);
        assert_eq!(left(r#""a\",b",c"#), [r#""a\",b""#, "c"]);
        assert_eq!(left(""), [""; 0]);
        assert_eq!(right(" , "), [""; 0]);
    }

    #[test]
    fn an_unclosed_quote_on_the_left_cannot_swallow_the_right() {
        assert_eq!(right(r#"x", 192.0.2.1"#)[0], "192.0.2.1");
        assert_eq!(
            right(r#"for="\, for="[2001:db8::1]""#)[0],
            r#"for="[2001:db8::1]""#
        );
    }
}
