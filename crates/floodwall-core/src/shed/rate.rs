use std::time::Duration;

/// Events per second: a mean that fades over three seconds. A jump is believed at once, and is then the
/// start of a new mean, because a short look at a stream is not a good one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rate {
    per_second: Option<f64>,
    /// How long the mean has been taken, up to three.
    seconds: f64,
}

const SMOOTHED_SECONDS: f64 = 3.0;

impl Rate {
    pub(super) const UNKNOWN: Self = Self {
        per_second: None,
        seconds: 0.0,
    };

    pub(super) const fn per_second(self) -> Option<f64> {
        self.per_second
    }

    pub(super) fn learn(&mut self, events: u64, length: Duration) {
        let (seen, seconds) = (count(events), length.as_secs_f64());
        let rate = self.per_second.unwrap_or(0.0);
        // As far from what was expected as chance alone hardly ever is (a Poisson stream).
        let expected = rate * seconds;
        if (seen - expected).abs() > 4.0 * expected.sqrt() + 4.0 {
            self.seconds = 0.0;
        }
        self.seconds = (self.seconds + seconds).min(SMOOTHED_SECONDS.max(seconds));
        let weight = seconds / self.seconds;
        self.per_second = Some(rate + weight * (seen / seconds - rate));
    }

    /// Believes for now that there are so many times as many.
    pub(super) fn scale(&mut self, factor: f64) {
        self.per_second = self.per_second.map(|rate| rate * factor);
        self.seconds = 0.0;
    }

    pub(super) fn is_surely_below(self, events: u64, length: Duration) -> bool {
        let seen = count(events);
        self.per_second.is_none_or(|rate| {
            let expected = rate * length.as_secs_f64();
            seen > expected + 2.0 * expected.sqrt() + 2.0
        })
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a count of requests in an interval"
)]
fn count(events: u64) -> f64 {
    events as f64
}
