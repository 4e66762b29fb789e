use std::time::Duration;

use ::http::{HeaderMap, HeaderName, HeaderValue};

static SERVER_TIMING: HeaderName = HeaderName::from_static("server-timing");

/// Adds the metric `queue` beside whatever is there; left out where there is no room for it.
pub(super) fn add(headers: &mut HeaderMap, waited: Duration) {
    let value = format!("queue;dur={}", millis(waited));
    if let Ok(value) = HeaderValue::try_from(value) {
        let _ = headers.try_append(SERVER_TIMING.clone(), value);
    }
}

/// Milliseconds with as many decimals as are needed, at most three.
fn millis(waited: Duration) -> String {
    let micros = waited.as_micros();
    let text = format!("{}.{:03}", micros / 1_000, micros % 1_000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn milliseconds_have_no_more_decimals_than_they_need() {
        for (nanos, wanted) in [
            (0, "0"),
            (999, "0"),
            (1_000, "0.001"),
            (37_000_000, "37"),
            (37_500_000, "37.5"),
            (100_020_000, "100.02"),
            (1_234_567_891, "1234.567"),
        ] {
            assert_eq!(millis(Duration::from_nanos(nanos)), wanted);
        }
    }
}
