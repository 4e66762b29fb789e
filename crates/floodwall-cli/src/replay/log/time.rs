//! Times in logs, exact to the nanosecond where they are.

use jiff::Timestamp;

/// Reads times of day. Many lines in a row bear the same one.
#[derive(Debug, Default)]
pub(super) struct Clock {
    text: String,
    read: u64,
}

impl Clock {
    /// `10/Oct/2000:13:55:36 -0700`, `2000-10-10T13:55:36-07:00`, or a number since 1970.
    pub(super) fn read(&mut self, text: &str) -> Result<u64, String> {
        if !text.is_empty() && self.text == text {
            return Ok(self.read);
        }
        let shown: String = text.chars().take(40).collect();
        let read = of_day(text)
            .or_else(|| since_1970(text))
            .ok_or_else(|| format!("{shown:?} is no time"))?;
        text.clone_into(&mut self.text);
        self.read = read;
        Ok(read)
    }
}

fn of_day(text: &str) -> Option<u64> {
    let read = Timestamp::strptime("%d/%b/%Y:%H:%M:%S %z", text)
        .or_else(|_| text.parse::<Timestamp>())
        .ok()?;
    u64::try_from(read.as_nanosecond()).ok()
}

/// In seconds; a number that would be in the year 5000 is in milli-, micro- or nanoseconds.
fn since_1970(text: &str) -> Option<u64> {
    let seconds = text.parse::<f64>().ok()?;
    let unit = match seconds {
        ..1e11 => 1_000_000_000,
        ..1e14 => 1_000_000,
        ..1e17 => 1_000,
        _ => 1,
    };
    nanos(text, unit)
}

/// A decimal number of units of so many nanoseconds. None for what is negative, or no number.
pub(super) fn nanos(text: &str, unit: u64) -> Option<u64> {
    let text = text.trim();
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || !digits(part) {
        // `1.5e-3`, as JSON may have it.
        let number = text.parse::<f64>().ok()?;
        let fine = (0.0..1e19).contains(&(number * unit as f64));
        return fine.then_some((number * unit as f64 + 0.5) as u64);
    }
    let mut rest = 0_u64;
    let mut size = unit;
    for byte in part.bytes() {
        size /= 10;
        rest = rest.saturating_add(size * u64::from(byte - b'0'));
    }
    whole
        .parse::<u64>()
        .ok()?
        .checked_mul(unit)?
        .checked_add(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_logs_write_them() {
        let mut clock = Clock::default();
        for (text, at) in [
            ("10/Oct/2000:13:55:36 -0700", 971_211_336_000_000_000),
            ("2000-10-10T13:55:36-07:00", 971_211_336_000_000_000),
            ("2000-10-10T20:55:36.25Z", 971_211_336_250_000_000),
            ("971211336.123456789", 971_211_336_123_456_789),
            ("971211336123", 971_211_336_123_000_000),
            ("971211336123456", 971_211_336_123_456_000),
            ("971211336123456789", 971_211_336_123_456_789),
            ("1.5", 1_500_000_000),
            ("1.5e-3", 1_500_000),
            ("0", 0),
        ] {
            assert_eq!(clock.read(text), Ok(at), "{text}");
            assert_eq!(clock.read(text), Ok(at), "{text} again");
        }
        for text in [
            "",
            "-",
            "-1",
            "NaN",
            "inf",
            "1e300",
            "10/Foo/2000:13:55:36 -0700",
            "99999999999999999999",
        ] {
            assert!(
                clock.read(text).unwrap_err().contains("is no time"),
                "{text}"
            );
        }
    }
}
