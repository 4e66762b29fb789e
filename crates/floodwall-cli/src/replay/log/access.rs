//! Lines of web servers: the common and the combined log format, and what people add to them.

use std::net::IpAddr;

use super::{
    Entry,
    fields::{self, Meaning},
    time::{self, Clock},
};

/// `192.0.2.1 - - [10/Oct/2000:13:55:36 -0700] "GET / HTTP/1.1" 200 123 "referer" "agent" …`
///
/// After the agent may stand the addresses of `X-Forwarded-For` in quotes, as nginx's default has
/// it, and the time it took: as `name=seconds`, or as the last number, in seconds with a point
/// (nginx, `$request_time`) and in microseconds without one (Apache, `%D`).
pub(super) fn entry(line: &str, clock: &mut Clock) -> Result<Entry, String> {
    let none = || "no line of an access log".to_owned();
    let (before, rest) = line.split_once('[').ok_or_else(none)?;
    let (time, rest) = rest.split_once(']').ok_or_else(none)?;
    let mut entry = Entry {
        at: clock.read(time)?,
        client: client(before).ok_or_else(none)?.to_owned(),
        ..Entry::default()
    };
    let mut words = Words(rest);
    let request = words.find_map(|word| match word {
        Word::Quoted(text) => Some(text),
        Word::Bare(_) => None,
    });
    entry.request_line(&unescaped(request.ok_or_else(none)?))?;
    let mut quoted = 0;
    let mut bare = 0;
    let mut last_number = None;
    for word in words {
        match word {
            Word::Quoted(text) => {
                let name = match quoted {
                    0 => "referer",
                    1 => "user-agent",
                    _ if is_addresses(text) => "x-forwarded-for",
                    _ => "",
                };
                quoted += 1;
                if !name.is_empty() && !text.is_empty() && text != "-" {
                    entry.headers.push((name.to_owned(), unescaped(text)));
                }
            }
            Word::Bare(word) => {
                bare += 1;
                if let Some((name, value)) = word.split_once('=') {
                    if let Meaning::Service(unit) = fields::meaning(name) {
                        let value = value.trim_matches('"');
                        entry.service = entry.service.or_else(|| time::nanos(value, unit));
                    }
                } else if bare > 2 {
                    // The first two are the status and the size.
                    last_number = number(word).or(last_number);
                }
            }
        }
    }
    entry.service = entry.service.or(last_number);
    Ok(entry)
}

/// The first address; without one, the first word, which is a host's name then.
fn client(before: &str) -> Option<&str> {
    let mut words = before.split_whitespace();
    words
        .clone()
        .find(|word| word.parse::<IpAddr>().is_ok())
        .or_else(|| words.next())
}

fn number(word: &str) -> Option<u64> {
    let unit = if word.contains('.') {
        1_000_000_000
    } else {
        1_000
    };
    word.bytes()
        .all(|byte| byte.is_ascii_digit() || byte == b'.')
        .then(|| time::nanos(word, unit))?
}

fn is_addresses(text: &str) -> bool {
    let mut all = text.split(',').map(str::trim);
    all.all(|one| one.parse::<IpAddr>().is_ok())
}

fn unescaped(text: &str) -> String {
    text.replace("\\\"", "\"").replace("\\\\", "\\")
}

#[derive(Clone, Copy)]
enum Word<'a> {
    Quoted(&'a str),
    Bare(&'a str),
}

/// Words between spaces; what is in quotes is one.
struct Words<'a>(&'a str);

impl<'a> Iterator for Words<'a> {
    type Item = Word<'a>;
    fn next(&mut self) -> Option<Word<'a>> {
        let rest = self.0.trim_start();
        if rest.is_empty() {
            return None;
        }
        if let Some(inside) = rest.strip_prefix('"') {
            let mut escaped = false;
            let end = inside.bytes().position(|byte| {
                let ends = byte == b'"' && !escaped;
                escaped = byte == b'\\' && !escaped;
                ends
            });
            let end = end.unwrap_or(inside.len());
            self.0 = inside.get(end + 1..).unwrap_or("");
            return Some(Word::Quoted(&inside[..end]));
        }
        let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
        self.0 = &rest[end..];
        Some(Word::Bare(&rest[..end]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIME: &str = "[10/Oct/2000:13:55:36 -0700]";

    fn read(line: &str) -> Entry {
        entry(line, &mut Clock::default()).unwrap()
    }

    #[test]
    fn the_formats_of_web_servers_are_known() {
        let common = read(&format!(
            "192.0.2.1 - frank {TIME} \"GET /a?b=1 HTTP/1.0\" 200 2326"
        ));
        assert_eq!(
            (&*common.method, &*common.target, &*common.client),
            ("GET", "/a?b=1", "192.0.2.1")
        );
        assert_eq!(common.service, None);
        assert!(common.headers.is_empty());

        let combined = read(&format!(
            "192.0.2.1 - - {TIME} \"POST /a HTTP/2.0\" 499 0 \"-\" \"Agent \\\"X\\\" 1.0\""
        ));
        let agent = ("user-agent".to_owned(), "Agent \"X\" 1.0".to_owned());
        assert_eq!(combined.headers, [agent]);
    }

    #[test]
    fn what_stands_after_the_agent_is_the_time_it_took_and_who_was_before() {
        let ms = 1_000_000;
        for (more, service) in [
            ("0.012", Some(12 * ms)),
            ("12000", Some(12 * ms)),
            ("rt=0.012 urt=\"0.002\"", Some(12 * ms)),
            ("request_time=0.012 \"x\"", Some(12 * ms)),
            ("duration_ms=12", Some(12 * ms)),
            ("\"198.51.100.1\" 0.012", Some(12 * ms)),
            ("-", None),
            ("rt=-", None),
            ("id=77", None),
            ("\"198.51.100.1\"", None),
        ] {
            let line = format!("192.0.2.1 - - {TIME} \"GET / HTTP/1.1\" 200 1 \"-\" \"-\" {more}");
            assert_eq!(read(&line).service, service, "{more}");
        }
        let line = format!(
            "192.0.2.1 - - {TIME} \"GET / HTTP/1.1\" 200 1 \"-\" \"-\" \"198.51.100.1, 10.0.0.1\""
        );
        let chain = (
            "x-forwarded-for".to_owned(),
            "198.51.100.1, 10.0.0.1".to_owned(),
        );
        assert_eq!(read(&line).headers, [chain]);
    }

    #[test]
    fn a_virtual_host_may_stand_first_and_a_client_may_have_a_name() {
        let named = read(&format!(
            "shop.example:443 192.0.2.1 - - {TIME} \"GET / HTTP/1.1\" 200 1"
        ));
        assert_eq!(named.client, "192.0.2.1");
        let named = read(&format!("client-17 - - {TIME} \"GET / HTTP/1.1\" 200 1"));
        assert_eq!(named.client, "client-17");
    }

    #[test]
    fn what_is_no_request_says_so() {
        for (line, says) in [
            ("", "no line"),
            ("hello", "no line"),
            (
                "192.0.2.1 - - [yesterday] \"GET / HTTP/1.1\" 200 1",
                "no time",
            ),
            (&format!("{TIME} \"GET / HTTP/1.1\" 200 1"), "no line"),
            (&format!("192.0.2.1 - - {TIME} 200 1"), "no line"),
            (
                &format!("192.0.2.1 - - {TIME} \"\\x16\\x03\" 400 1"),
                "no request",
            ),
            (&format!("192.0.2.1 - - {TIME} \"-\" 400 1"), "no request"),
            (
                &format!("192.0.2.1 - - {TIME} \"GET / x y z\" 400 1"),
                "no request",
            ),
            (&format!("192.0.2.1 - - {TIME} \"GET"), "no request"),
        ] {
            let told = entry(line, &mut Clock::default()).unwrap_err();
            assert!(told.contains(says), "{line}: {told}");
        }
    }
}
