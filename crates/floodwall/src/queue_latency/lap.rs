use http::Extensions;
use tokio::time::Instant;

use super::QueueLatency;
use crate::Now;
use crate::admit::Watch;

/// One layer's part of the way: what it waits for, until it calls what it wraps.
///
/// The clock is read only where something is waited for, and once when the inner call is made.
#[derive(Debug)]
pub(crate) struct Lap {
    latency: QueueLatency,
    waits_since: Option<Instant>,
    admits: bool,
    holds: bool,
}

impl Lap {
    /// The lap of an admitting layer, if the request is being measured.
    pub(crate) fn of(extensions: &Extensions) -> Option<Self> {
        if extensions.is_empty() {
            return None;
        }
        let latency = extensions.get::<QueueLatency>()?;
        Some(Self::begin(latency, true))
    }

    /// The lap of a layer that does not admit.
    pub(crate) fn plain(latency: &QueueLatency) -> Self {
        Self::begin(latency, false)
    }

    fn begin(latency: &QueueLatency, admits: bool) -> Self {
        latency.hold();
        Self {
            latency: latency.clone(),
            waits_since: None,
            admits,
            holds: true,
        }
    }

    fn waits(&mut self) {
        if self.waits_since.is_none() {
            self.waits_since = Some(Now::unread().instant());
        }
    }
}

impl Watch for Lap {
    fn waits_for_admission(&mut self) {
        self.waits();
    }

    fn is_admitted(&mut self) {
        if !self.admits {
            return;
        }
        let waited = self.waits_since.take().map(|since| {
            let now = Now::unread().instant();
            now.saturating_duration_since(since)
        });
        self.latency.add_queue(waited.unwrap_or_default());
    }

    fn waits_for_readiness(&mut self) {
        self.waits();
    }

    fn begins(&mut self) {
        let now = Now::unread().instant();
        if let Some(since) = self.waits_since.take() {
            self.latency
                .add_readiness(now.saturating_duration_since(since));
        }
        if std::mem::take(&mut self.holds) {
            self.latency.begin(now);
        }
    }
}

impl Drop for Lap {
    fn drop(&mut self) {
        if self.holds {
            self.latency.let_go();
        }
    }
}
