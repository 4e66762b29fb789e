use std::time::Duration;

use ::http::header::{AsHeaderName, DATE, RETRY_AFTER};
use ::http::{HeaderMap, HeaderValue};

/// How long `Retry-After` asks to stay away (RFC 9110, section 10.2.3): seconds, or a date, which is
/// compared with the `Date` of the same answer and so needs no clock that agrees with the sender's.
/// Nothing if it is repeated or cannot be read.
pub(super) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = only(headers, RETRY_AFTER)?.to_str().ok()?.trim();
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        // More digits than fit are more than anybody waits.
        return Some(Duration::from_secs(text.parse().unwrap_or(u64::MAX)));
    }
    let until = httpdate::parse_http_date(text).ok()?;
    let sent = httpdate::parse_http_date(only(headers, DATE)?.to_str().ok()?).ok()?;
    Some(until.duration_since(sent).unwrap_or_default())
}

/// What a gRPC server says about trying again (gRFC A6, "Pushback").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pushback {
    Nothing,
    Stop,
    After(Duration),
}

/// `grpc-retry-pushback-ms`: a 32-bit number without leading zeros; what is negative, repeated or junk
/// means: do not try again.
pub(super) fn pushback(headers: &HeaderMap) -> Pushback {
    const FIELD: &str = "grpc-retry-pushback-ms";
    if !headers.contains_key(FIELD) {
        return Pushback::Nothing;
    }
    let read = || {
        let text = only(headers, FIELD)?.to_str().ok()?;
        let is_plain = text.bytes().all(|byte| byte.is_ascii_digit());
        let has_leading_zero = text.len() > 1 && text.starts_with('0');
        let millis: i32 = text.parse().ok()?;
        (is_plain && !has_leading_zero).then_some(u64::from(millis.unsigned_abs()))
    };
    read().map_or(Pushback::Stop, |millis| {
        Pushback::After(Duration::from_millis(millis))
    })
}

fn only(headers: &HeaderMap, name: impl AsHeaderName) -> Option<&HeaderValue> {
    let mut all = headers.get_all(name).iter();
    let first = all.next()?;
    all.next().is_none().then_some(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(all: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in all {
            headers.append(*name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        headers
    }

    #[test]
    fn retry_after_is_seconds_or_a_date_after_the_date() {
        const DATE: (&str, &str) = ("date", "Tue, 24 Nov 2026 10:00:00 GMT");
        let told = |text| retry_after(&headers(&[DATE, ("retry-after", text)]));
        for (text, seconds) in [
            ("0", Some(0)),
            ("3", Some(3)),
            (" 120 ", Some(120)),
            ("99999999999999999999", Some(u64::MAX)),
            ("Tue, 24 Nov 2026 10:00:07 GMT", Some(7)),
            ("Tue, 24 Nov 2026 09:00:00 GMT", Some(0)),
            ("Tuesday, 24-Nov-26 10:01:00 GMT", Some(60)),
            ("-1", None),
            ("+1", None),
            ("1.5", None),
            ("", None),
            ("soon", None),
            ("٣", None),
        ] {
            assert_eq!(told(text), seconds.map(Duration::from_secs), "{text:?}");
        }
        let twice = headers(&[("retry-after", "1"), ("retry-after", "2")]);
        assert_eq!(retry_after(&twice), None);
        let undated = headers(&[("retry-after", "Tue, 24 Nov 2026 10:00:07 GMT")]);
        assert_eq!(retry_after(&undated), None);
        assert_eq!(retry_after(&HeaderMap::new()), None);
    }

    proptest::proptest! {
        /// Whatever the other side sends: no panic, and never an earlier moment than now.
        #[test]
        fn any_bytes_are_read_or_are_not(
            told in "[0-9A-Za-z, :+.-]{0,40}|\\PC{0,9}",
            date in "(Tue, [0-9]{2} Nov [0-9]{4} [0-9]{2}:[0-9]{2}:00 GMT)|\\PC{0,9}",
        ) {
            let mut headers = HeaderMap::new();
            for (name, text) in [("retry-after", &told), ("grpc-retry-pushback-ms", &told), ("date", &date)] {
                if let Ok(value) = HeaderValue::from_bytes(text.as_bytes()) {
                    headers.insert(name, value);
                }
            }
            let digits = !told.is_empty() && told.bytes().all(|byte| byte.is_ascii_digit());
            assert!(!digits || retry_after(&headers).is_some());
            if let Pushback::After(time) = pushback(&headers) {
                assert_eq!(time.as_millis().to_string(), told);
            }
            let mut dates = HeaderMap::new();
            if let Ok(value) = HeaderValue::from_bytes(date.as_bytes()) {
                dates.insert("retry-after", value.clone());
                dates.insert("date", value);
            }
            assert!(retry_after(&dates).is_none_or(|wait| wait.is_zero() || date.parse::<u64>().is_ok()));
        }
    }

    #[test]
    fn a_pushback_that_is_negative_or_junk_means_stop() {
        let told = |text| pushback(&headers(&[("grpc-retry-pushback-ms", text)]));
        for (text, millis) in [
            ("0", Some(0)),
            ("250", Some(250)),
            ("2147483647", Some(2_147_483_647)),
            ("2147483648", None),
            ("-1", None),
            ("-0", None),
            ("+5", None),
            ("007", None),
            ("00", None),
            (" 5", None),
            ("5s", None),
            ("", None),
            ("\u{fc}", None),
        ] {
            let wanted = millis.map_or(Pushback::Stop, |millis| {
                Pushback::After(Duration::from_millis(millis))
            });
            assert_eq!(told(text), wanted, "{text:?}");
        }
        let twice = [
            ("grpc-retry-pushback-ms", "5"),
            ("grpc-retry-pushback-ms", "5"),
        ];
        assert_eq!(pushback(&headers(&twice)), Pushback::Stop);
        assert_eq!(pushback(&HeaderMap::new()), Pushback::Nothing);
    }
}
