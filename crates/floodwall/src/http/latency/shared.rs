use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use floodwall_core::Priority;

use super::received::received;
use super::upstream::Upstream;
use crate::Now;
use crate::extract::{DeadlineOf, PriorityOf};
use crate::http::Head;
use crate::queue_latency::{Arrived, QueueLatency, Series};

pub(super) type Tell = Arc<dyn Fn(Priority, &QueueLatency) + Send + Sync>;

/// What all services of one layer share.
pub(super) struct Shared {
    pub(super) upstream: Upstream,
    pub(super) priority: Arc<dyn PriorityOf<Head> + Send + Sync>,
    pub(super) deadline: Arc<dyn DeadlineOf<Head> + Send + Sync>,
    pub(super) patience: Option<Duration>,
    pub(super) server_timing: bool,
    pub(super) tells: Vec<Tell>,
    pub(super) series: Series,
}

impl Shared {
    pub(super) fn arrived(&self, head: &Head) -> QueueLatency {
        let now = Now::unread();
        let at_layer = now.instant();
        let accept = received(head)
            .map(|at| at_layer.saturating_duration_since(at))
            .filter(|age| *age <= self.upstream.oldest);
        let since_accepted = accept.unwrap_or_default();
        let age = self.upstream.age(head, &now);
        let upstream = age.map(|age| age.saturating_sub(since_accepted));

        let before = upstream.unwrap_or_default() + since_accepted;
        let start = at_layer.checked_sub(before).unwrap_or(at_layer);
        let asked = self.deadline.deadline(head, &Now::at(start));
        let ours = self.patience.and_then(|most| start.checked_add(most));
        QueueLatency::new(Arrived {
            at_layer,
            upstream,
            accept,
            class: self.priority.priority(head),
            deadline: asked.into_iter().chain(ours).min(),
        })
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("QueueLatencyLayer")
            .field("upstream", &self.upstream)
            .field("patience", &self.patience)
            .field("server_timing", &self.server_timing)
            .field("tells", &self.tells.len())
            .finish_non_exhaustive()
    }
}

/// Sees to it that a request that was run is told of once, however it ends.
#[derive(Debug)]
pub(super) struct Note {
    latency: QueueLatency,
    shared: Arc<Shared>,
    told: bool,
}

impl Note {
    pub(super) const fn new(latency: QueueLatency, shared: Arc<Shared>) -> Self {
        Self {
            latency,
            shared,
            told: false,
        }
    }

    /// The handler may have been called: tells of it as soon as that is sure. Between this layer
    /// and an admitting one others may wait, so only an admission makes it so before the answer.
    pub(super) fn look(&mut self) {
        if self.latency.was_admitted() {
            self.tell();
        }
    }

    /// The answer is there: whoever was to begin has.
    pub(super) fn tell(&mut self) {
        if self.told || !self.latency.has_begun() {
            return;
        }
        self.told = true;
        self.shared.series.record(&self.latency);
        for tell in &self.shared.tells {
            tell(self.latency.class(), &self.latency);
        }
    }

    /// What the answer is to say, if it is to say something.
    pub(super) fn server_timing(&self) -> Option<Duration> {
        (self.told && self.shared.server_timing).then(|| self.latency.total())
    }
}

impl Drop for Note {
    fn drop(&mut self) {
        // The caller left while the handler ran. Whoever drops this future is no part of it, so a
        // panic of a user's closure ends here; while one is on its way, a second would abort.
        if !std::thread::panicking() {
            let _ = catch_unwind(AssertUnwindSafe(|| self.tell()));
        }
    }
}
