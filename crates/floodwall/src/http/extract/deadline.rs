use std::fmt::{self, Display};
use std::time::Duration;

use ::http::HeaderName;
use tokio::time::Instant;

use super::name::header_name;
use crate::Now;
use crate::extract::DeadlineOf;
use crate::http::Head;

static GRPC_TIMEOUT: HeaderName = HeaderName::from_static("grpc-timeout");

/// Until when the caller waits, as an extension of the request; read by
/// [`extension::<Deadline>()`](super::extension).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deadline(pub Instant);

/// The deadline in the `grpc-timeout` header: at most 8 digits and one of the units `H`, `M`, `S`,
/// `m` (milliseconds), `u`, `n`. Whatever is not exactly that says nothing.
///
/// Nobody need be trusted: with a short deadline a caller only shortens its own waiting. Of several
/// lines the shortest counts.
///
/// ```
/// use floodwall::{ConcurrencyLimit, http::grpc_timeout};
///
/// let limit = ConcurrencyLimit::builder(64).deadline(grpc_timeout()).build()?;
/// # drop(limit);
/// # Ok::<(), floodwall::BuildError>(())
/// ```
pub const fn grpc_timeout() -> GrpcTimeout {
    GrpcTimeout(())
}

/// The deadline in a header of one's choice, as `x-request-timeout`: seconds with decimals (`2`,
/// `0.25`), or with a unit (`250ms`, `1.5s`).
///
/// Nobody need be trusted: with a short deadline a caller only shortens its own waiting. Zero and
/// junk say nothing; of several lines the shortest counts.
///
/// ```
/// use floodwall::{ConcurrencyLimit, http::timeout_header};
///
/// let envoy = timeout_header("x-envoy-expected-rq-timeout-ms").in_millis();
/// let limit = ConcurrencyLimit::builder(64).deadline(envoy).build()?;
/// # drop(limit);
/// # Ok::<(), floodwall::BuildError>(())
/// ```
///
/// # Panics
///
/// If `name` cannot be the name of a header.
#[track_caller]
pub fn timeout_header<N>(name: N) -> TimeoutHeader
where
    N: TryInto<HeaderName>,
    N::Error: Display,
{
    TimeoutHeader {
        name: header_name(name),
        unit: NANOS_PER_SECOND,
    }
}

/// See [`grpc_timeout`].
#[derive(Clone, Copy)]
pub struct GrpcTimeout(());

impl fmt::Debug for GrpcTimeout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(GRPC_TIMEOUT.as_str())
    }
}

impl fmt::Debug for TimeoutHeader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name.as_str())
    }
}

impl DeadlineOf<Head> for GrpcTimeout {
    fn deadline(&self, head: &Head, now: &Now) -> Option<Instant> {
        shortest(head, &GRPC_TIMEOUT, now, grpc)
    }
}

/// See [`timeout_header`].
#[derive(Clone)]
pub struct TimeoutHeader {
    name: HeaderName,
    unit: u64,
}

impl TimeoutHeader {
    /// Numbers without a unit are milliseconds.
    #[must_use]
    pub fn in_millis(mut self) -> Self {
        self.unit = NANOS_PER_MILLI;
        self
    }
}

impl DeadlineOf<Head> for TimeoutHeader {
    fn deadline(&self, head: &Head, now: &Now) -> Option<Instant> {
        shortest(head, &self.name, now, |value| timeout(value, self.unit))
    }
}

fn shortest(
    head: &Head,
    name: &HeaderName,
    now: &Now,
    read: impl Fn(&[u8]) -> Option<Duration>,
) -> Option<Instant> {
    let lines = head.headers.get_all(name).iter();
    let left = lines.filter_map(|line| read(line.as_bytes())).min()?;
    now.instant().checked_add(left)
}

const NANOS_PER_SECOND: u64 = 1_000_000_000;
const NANOS_PER_MILLI: u64 = 1_000_000;

fn grpc(value: &[u8]) -> Option<Duration> {
    let (unit, digits) = value.split_last()?;
    if !matches!(digits.len(), 1..=8) {
        return None;
    }
    let number = integer(digits)?;
    Some(match unit {
        b'H' => Duration::from_secs(number * 3_600),
        b'M' => Duration::from_secs(number * 60),
        b'S' => Duration::from_secs(number),
        b'm' => Duration::from_millis(number),
        b'u' => Duration::from_micros(number),
        b'n' => Duration::from_nanos(number),
        _ => return None,
    })
}

/// A positive decimal number with at most nine digits on each side of the point, perhaps with a
/// unit; what is finer than a nanosecond is cut off.
fn timeout(value: &[u8], unit: u64) -> Option<Duration> {
    let value = value.trim_ascii();
    let (number, unit) = if let Some(number) = value.strip_suffix(b"ms") {
        (number, NANOS_PER_MILLI)
    } else if let Some(number) = value.strip_suffix(b"s") {
        (number, NANOS_PER_SECOND)
    } else {
        (value, unit)
    };
    let point = number.iter().position(|&byte| byte == b'.');
    let (whole, decimals) = match point {
        Some(at) => (&number[..at], &number[at + 1..]),
        None => (number, &b"0"[..]),
    };
    if !matches!((whole.len(), decimals.len()), (1..=9, 1..=9)) {
        return None;
    }
    let scale = 10_u64.pow(u32::try_from(decimals.len()).ok()?);
    // At most 1e18 plus 1e18 / 1e9: fits.
    let nanos = integer(whole)? * unit + integer(decimals)? * unit / scale;
    (nanos > 0).then(|| Duration::from_nanos(nanos))
}

fn integer(digits: &[u8]) -> Option<u64> {
    digits.iter().try_fold(0_u64, |number, digit| {
        let digit = digit.is_ascii_digit().then(|| u64::from(digit - b'0'))?;
        number.checked_mul(10)?.checked_add(digit)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grpc_timeouts_are_read_exactly() {
        for (value, wanted) in [
            ("1H", Some(Duration::from_secs(3_600))),
            ("2M", Some(Duration::from_secs(120))),
            ("3S", Some(Duration::from_secs(3))),
            ("250m", Some(Duration::from_millis(250))),
            ("7u", Some(Duration::from_micros(7))),
            ("9n", Some(Duration::from_nanos(9))),
            ("0S", Some(Duration::ZERO)),
            ("99999999H", Some(Duration::from_secs(99_999_999 * 3_600))),
            ("100000000n", None),
            ("S", None),
            ("", None),
            ("1", None),
            ("1s", None),
            ("1 S", None),
            (" 1S", None),
            ("+1S", None),
            ("-1S", None),
            ("1.5S", None),
            ("0x1S", None),
        ] {
            assert_eq!(grpc(value.as_bytes()), wanted, "{value:?}");
        }
    }

    #[test]
    fn timeouts_are_decimal_seconds_or_have_a_unit() {
        for (value, wanted) in [
            ("2", Some(Duration::from_secs(2))),
            ("0.25", Some(Duration::from_millis(250))),
            ("1.5s", Some(Duration::from_millis(1_500))),
            ("250ms", Some(Duration::from_millis(250))),
            ("0.5ms", Some(Duration::from_micros(500))),
            (" 2 ", Some(Duration::from_secs(2))),
            (
                "999999999.999999999",
                Some(Duration::new(999_999_999, 999_999_999)),
            ),
            ("0", None),
            ("0.0", None),
            ("0.0000000001", None),
            ("1000000000", None),
            ("", None),
            (".", None),
            ("1.", None),
            (".5", None),
            ("s", None),
            ("ms", None),
            ("1e3", None),
            ("+1", None),
            ("-1", None),
            ("inf", None),
            ("NaN", None),
            ("1m", None),
            ("1.2.3", None),
        ] {
            assert_eq!(
                timeout(value.as_bytes(), NANOS_PER_SECOND),
                wanted,
                "{value:?}"
            );
        }
        let millis = timeout(b"15", NANOS_PER_MILLI);
        assert_eq!(millis, Some(Duration::from_millis(15)));
    }
}
