use ::http::HeaderMap;
use ::http::header::ACCEPT;

use crate::http::extract::quoted::{parts, split_once, trim};

/// Whether a refusal should be a JSON problem for who sent these headers; plain text otherwise.
///
/// Follows RFC 9110 section 12.5.1: the most specific range that fits decides. `application/json`
/// counts for a JSON problem, too. Junk is passed over; who says nothing that can be read gets JSON.
pub(super) fn wants_json(headers: &HeaderMap) -> bool {
    let mut json = Wish::default();
    let mut text = Wish::default();
    let mut said = false;
    for line in headers.get_all(ACCEPT) {
        for range in parts(line.as_bytes(), b',') {
            let Some((kind, quality)) = read(range) else {
                continue;
            };
            said = true;
            json.hear(
                kind,
                quality,
                &[b"application/problem+json", b"application/json"],
                b"application/*",
            );
            text.hear(kind, quality, &[b"text/plain"], b"text/*");
        }
    }
    !said || (json.quality > 0 && json.quality >= text.quality)
}

/// How much one kind of answer is wished for, and how exactly that was said.
#[derive(Default)]
struct Wish {
    quality: u16,
    exactness: u8,
}

impl Wish {
    fn hear(&mut self, kind: &[u8], quality: u16, names: &[&[u8]], family: &[u8]) {
        let exactness = match names
            .iter()
            .position(|name| kind.eq_ignore_ascii_case(name))
        {
            Some(0) => 4,
            Some(_) => 3,
            None if kind.eq_ignore_ascii_case(family) => 2,
            None if kind == b"*/*" => 1,
            None => return,
        };
        if exactness > self.exactness {
            *self = Self { quality, exactness };
        } else if exactness == self.exactness {
            self.quality = self.quality.max(quality);
        }
    }
}

/// A media range and its quality in thousandths.
fn read(range: &[u8]) -> Option<(&[u8], u16)> {
    let mut params = parts(range, b';');
    let kind = params.next()?;
    if !kind.contains(&b'/') {
        return None;
    }
    for param in params {
        if let Some((name, value)) = split_once(param, b'=') {
            if trim(name).eq_ignore_ascii_case(b"q") {
                return Some((kind, thousandths(trim(value))?));
            }
        }
    }
    Some((kind, 1_000))
}

/// `0`, `1`, `0.5`, `0.125`, `1.000`: RFC 9110 section 12.4.2 allows no more than three decimals.
fn thousandths(quality: &[u8]) -> Option<u16> {
    let (whole, decimals) = match quality {
        [whole @ (b'0' | b'1')] => (whole, &[][..]),
        [whole @ (b'0' | b'1'), b'.', decimals @ ..] if decimals.len() <= 3 => (whole, decimals),
        _ => return None,
    };
    let mut value = u16::from(whole - b'0');
    for place in 0..3 {
        let digit = decimals.get(place).copied().unwrap_or(b'0');
        if !digit.is_ascii_digit() {
            return None;
        }
        value = value * 10 + u16::from(digit - b'0');
    }
    (value <= 1_000).then_some(value)
}

#[cfg(test)]
mod tests {
    use ::http::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    fn json_for(lines: &[&str]) -> bool {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(ACCEPT, HeaderValue::from_str(line).unwrap());
        }
        wants_json(&headers)
    }

    #[test]
    fn json_unless_it_is_excluded_or_text_is_preferred() {
        for line in [
            "*/*",
            "application/json",
            "application/problem+json",
            "APPLICATION/JSON",
            "application/*",
            "text/html, application/xhtml+xml, application/xml;q=0.9, */*;q=0.8",
            "text/plain;q=0.5, application/json",
            "text/plain;q=0.5, application/json;q=0.5",
            "text/plain, */*",
            "*/*;q=0.1",
            "application/json;profile=\"a,b;q=0\"",
            "text/*;q=0.4, text/plain;q=0.2, application/json;q=0.3",
            "application/json;q=0, application/problem+json",
        ] {
            assert!(json_for(&[line]), "{line}");
        }
        for line in [
            "text/plain",
            "text/*",
            "text/html",
            "image/png",
            "application/json;q=0, text/plain;q=0.1",
            "application/json;q=0.2, text/plain;q=0.9",
            "application/problem+json;q=0, */*",
            "application/xml",
            "*/*;q=0",
            "TEXT/PLAIN; Q=0.9, application/json; Q=0.8",
        ] {
            assert!(!json_for(&[line]), "{line}");
        }
    }

    #[test]
    fn several_lines_are_one_list_and_junk_is_passed_over() {
        assert!(json_for(&[]));
        assert!(json_for(&["", ";;;", ",,", "q=1", "application/json;q=7"]));
        assert!(!json_for(&["application/json;q=0.1", "text/plain"]));
        assert!(!json_for(&["application/json;q=0.5x", "text/plain"]));
        assert!(!json_for(&["application/json;q=1.001", "text/plain"]));
        assert!(!json_for(&["application/json;q=0.1234", "text/plain"]));
        assert!(!json_for(&["application/json;q=", "text/plain"]));
    }

    proptest! {
        #[test]
        fn no_accept_line_panics(lines in prop::collection::vec(
            prop_oneof![
                prop::collection::vec(any::<u8>(), 0..40),
                "[a-z*/;=q0-9., \"\\\\]{0,40}".prop_map(String::into_bytes),
            ], 0..4,
        )) {
            let mut headers = HeaderMap::new();
            for line in lines {
                if let Ok(value) = HeaderValue::from_bytes(&line) {
                    headers.append(ACCEPT, value);
                }
            }
            wants_json(&headers);
        }
    }
}
