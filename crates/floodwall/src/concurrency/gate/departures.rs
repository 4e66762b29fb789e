use std::time::Duration;

use floodwall_core::Moment;

/// How fast places become free while somebody waits for one.
///
/// When nobody waits, nothing is counted and no clock is read; so time counts only while somebody
/// waits. Two spans are kept, the older one is forgotten when the newer one is full.
#[derive(Debug)]
pub(super) struct Departures {
    recent: Span,
    before: Span,
    busy_since: Option<Moment>,
    known_at: Moment,
}

#[derive(Clone, Copy, Debug, Default)]
struct Span {
    count: u32,
    refused: u32,
    busy: Duration,
}

impl Departures {
    /// A span is full when it has been this long and has seen this many.
    const SPAN: Duration = Duration::from_millis(250);
    const SPAN_COUNT: u32 = 16;
    /// With fewer nothing is known.
    const LEAST: u32 = 4;
    /// What was learned is believed for this long after the last time that somebody waited:
    /// otherwise a bad hour would be held against everyone who might wait, nobody would, and
    /// nothing new be learned.
    const BELIEVED: Duration = Duration::from_secs(1);

    pub(super) fn new() -> Self {
        Self {
            recent: Span::default(),
            before: Span::default(),
            busy_since: None,
            known_at: Moment::ZERO,
        }
    }

    /// One left, and its place can go to one who waits.
    pub(super) fn count(&mut self, now: Moment) {
        if self.busy_since.is_some() {
            self.recent.count = self.recent.count.saturating_add(1);
            self.observe(now, true);
        }
    }

    /// One was refused for want of room or of time.
    pub(super) fn count_refused(&mut self) {
        if self.busy_since.is_some() {
            self.recent.refused = self.recent.refused.saturating_add(1);
        }
    }

    /// Whether somebody waits now.
    pub(super) fn observe(&mut self, now: Moment, waiting: bool) {
        if let Some(since) = self.busy_since {
            self.recent.busy = self.recent.busy.saturating_add(now.since(since));
            self.known_at = self.known_at.max(now);
        } else if waiting && now.since(self.known_at) > Self::BELIEVED {
            (self.recent, self.before) = (Span::default(), Span::default());
        }
        self.busy_since = waiting.then(|| self.busy_since.map_or(now, |since| since.max(now)));
        if self.recent.busy >= Self::SPAN && self.recent.count >= Self::SPAN_COUNT {
            self.before = std::mem::take(&mut self.recent);
        }
    }

    pub(super) fn per_second(&self, now: Moment) -> Option<f64> {
        let known = self.known(now)?;
        Some(f64::from(known.count) / known.busy.as_secs_f64())
    }

    /// How long it takes until `n` have left.
    pub(super) fn time_for(&self, n: u32, now: Moment) -> Option<Duration> {
        Some(self.known(now)?.time_for(n))
    }

    /// How many were refused for each that left.
    pub(super) fn refused_for_each(&self, now: Moment) -> Option<f64> {
        let known = self.known(now)?;
        Some(f64::from(known.refused) / f64::from(known.count))
    }

    fn known(&self, now: Moment) -> Option<Span> {
        let running = match self.busy_since {
            Some(since) => now.since(since),
            None if now.since(self.known_at) > Self::BELIEVED => return None,
            None => Duration::ZERO,
        };
        let known = Span {
            count: self.recent.count.saturating_add(self.before.count),
            refused: self.recent.refused.saturating_add(self.before.refused),
            busy: self
                .recent
                .busy
                .saturating_add(self.before.busy)
                .saturating_add(running),
        };
        (known.count >= Self::LEAST && !known.busy.is_zero()).then_some(known)
    }
}

impl Span {
    fn time_for(&self, n: u32) -> Duration {
        let nanos = self.busy.as_nanos().saturating_mul(u128::from(n)) / u128::from(self.count);
        Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }
}
