//! What `X-Request-Start` says, in the forms that are sent.
//!
//! | sender | form |
//! | --- | --- |
//! | Heroku's router | milliseconds |
//! | nginx, `t=${msec}` | `t=` and seconds with three decimals |
//! | Apache, `t=%t` | `t=` and microseconds |
//! | New Relic's documentation, Render | microseconds, with and without `t=` |
//! | others | nanoseconds |
//!
//! Nobody says the unit, so it follows from the magnitude: today is about 1.8e9 seconds after 1970.

use std::time::Duration;

/// The time since 1970 that `value` tells. What is no plain decimal number with a magnitude of one
/// of the four units tells nothing. Finer than nanoseconds is cut off.
pub(super) fn since_epoch(value: &[u8]) -> Option<Duration> {
    let value = value.trim_ascii();
    let number = value.strip_prefix(b"t=").unwrap_or(value);
    let point = number.iter().position(|&byte| byte == b'.');
    let (whole, decimals) = match point {
        Some(at) => (&number[..at], &number[at + 1..]),
        None => (number, &b"0"[..]),
    };
    if whole.is_empty() || decimals.is_empty() || !decimals.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let whole = whole.iter().try_fold(0_u64, |number, digit| {
        let digit = digit.is_ascii_digit().then(|| u64::from(digit - b'0'))?;
        number.checked_mul(10)?.checked_add(digit)
    })?;
    let unit = unit_of(whole)?;

    let mut place = unit;
    let mut fraction = 0;
    for digit in decimals {
        place /= 10;
        if place == 0 {
            break;
        }
        fraction += u64::from(digit - b'0') * place;
    }
    let per_second = NANOS_PER_SECOND / unit;
    let seconds = Duration::from_secs(whole / per_second);
    // Below a second, and the fraction below one unit.
    seconds.checked_add(Duration::from_nanos(whole % per_second * unit + fraction))
}

const NANOS_PER_SECOND: u64 = 1_000_000_000;

/// Nanoseconds in the unit that a count of this size since 1970 must have. Each reaches from 1973
/// to the year 5138, and nanoseconds as far as 64 bits do.
const fn unit_of(count: u64) -> Option<u64> {
    match count {
        100_000_000..100_000_000_000 => Some(NANOS_PER_SECOND),
        100_000_000_000..100_000_000_000_000 => Some(1_000_000),
        100_000_000_000_000..100_000_000_000_000_000 => Some(1_000),
        100_000_000_000_000_000.. => Some(1),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_form_is_read_without_loss() {
        let exact = Duration::new(1_764_000_123, 456_789_012);
        let to = |nanos: u32| Some(Duration::new(1_764_000_123, nanos));
        for (value, wanted) in [
            ("1764000123", to(0)),
            ("1764000123.456", to(456_000_000)),
            ("1764000123.456789", to(456_789_000)),
            ("1764000123.456789012", Some(exact)),
            ("1764000123.4567890129999999999999", Some(exact)),
            ("1764000123456", to(456_000_000)),
            ("1764000123456.789012", Some(exact)),
            ("1764000123456789", to(456_789_000)),
            ("1764000123456789.0129", Some(exact)),
            ("1764000123456789012", Some(exact)),
            ("1764000123456789012.9", Some(exact)),
            ("0001764000123", to(0)),
            ("99999999", None),
            ("100000000", Some(Duration::from_secs(100_000_000))),
            ("99999999999", Some(Duration::from_secs(99_999_999_999))),
            ("100000000000", Some(Duration::from_secs(100_000_000))),
            ("18446744073709551615", Some(Duration::from_nanos(u64::MAX))),
            ("18446744073709551616", None),
            ("99999999999999999999999999999999999999999999", None),
            ("0", None),
            ("-1764000123", None),
            ("+1764000123", None),
            ("1764000123.", None),
            (".1764000123", None),
            ("1764000123.4.5", None),
            ("1764000123.-4", None),
            ("1764000123,456", None),
            ("1.764e9", None),
            ("0x69244d7b", None),
            ("NaN", None),
            ("inf", None),
            ("t", None),
            ("=", None),
            ("now", None),
            ("\"1764000123\"", None),
            ("1764000123s", None),
            ("1764 000123", None),
            ("", None),
        ] {
            assert_eq!(since_epoch(value.as_bytes()), wanted, "{value:?}");
            for wrapped in [format!("t={value}"), format!(" \tt={value} ")] {
                assert_eq!(since_epoch(wrapped.as_bytes()), wanted, "{wrapped:?}");
            }
        }
        for value in [
            "T=1764000123",
            "t=t=1764000123",
            "t =1764000123",
            "x=1764000123",
        ] {
            assert_eq!(since_epoch(value.as_bytes()), None, "{value:?}");
        }
        assert_eq!(since_epoch(b"t=17640001\xff3"), None);
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(value in any::<Vec<u8>>()) {
            let _ = since_epoch(&value);
        }

        #[test]
        fn nothing_that_looks_like_a_number_makes_it_panic(value in "(t=)?[0-9]{0,24}(\\.[0-9]{0,24})?") {
            let _ = since_epoch(value.as_bytes());
        }

        /// Whatever the unit, the same time is read.
        #[test]
        fn units_agree(nanos in 100_000_000_000_000_000_u64..10_000_000_000_000_000_000) {
            let wanted = Some(Duration::from_nanos(nanos));
            for unit in [1, 1_000, 1_000_000, 1_000_000_000] {
                let digits = unit.to_string().len() - 1;
                let text = format!("{}.{:0digits$}", nanos / unit, nanos % unit);
                prop_assert_eq!(since_epoch(text.as_bytes()), wanted, "{}", text);
            }
        }
    }
}
