//! What the policies tell: counts for snapshots, and series for the `metrics` facade.

mod counts;
pub(crate) mod gauges;
mod held_back;
mod seat;
mod series;
mod shed;

pub(crate) use counts::Counters;
pub use counts::Counts;
pub(crate) use held_back::HeldBack;
#[cfg(feature = "http")]
pub(crate) use series::QUEUE_LATENCY;
pub use series::describe_metrics;
pub(crate) use series::{Series, class_label};
pub(crate) use shed::ShedSeries;

use std::time::Duration;

use floodwall_core::limit::Change;
use floodwall_core::{PolicyName, Priority, Reason};

/// Counts and publishes the decisions of one policy.
#[derive(Debug)]
pub(crate) struct Observer {
    pub(crate) counters: Counters,
    series: Series,
}

impl Observer {
    pub(crate) fn new(layer: &'static str, policy: PolicyName) -> Self {
        Self {
            counters: Counters::default(),
            series: Series::new(layer, policy),
        }
    }

    /// Of many limits together.
    pub(crate) fn of_many(layer: &'static str, policy: PolicyName) -> Self {
        Self {
            counters: Counters::default(),
            series: Series::of_many(layer, policy),
        }
    }

    #[inline]
    pub(crate) fn admitted(&self, class: Priority) {
        self.counters.admitted();
        self.series.admitted(class);
    }

    #[inline]
    pub(crate) fn refused(&self, class: Priority, reason: Reason, retry_after: Option<Duration>) {
        self.counters.refused(reason);
        self.series.refused(class, reason, retry_after);
        #[cfg(feature = "tracing")]
        tracing::debug!(
            target: "floodwall",
            policy = %self.series.policy(),
            class = class.get(),
            reason = reason.as_str(),
            "refused"
        );
    }

    /// In shadow mode: this one would have been refused.
    pub(crate) fn would_refuse(&self, class: Priority, reason: Reason) {
        self.counters.would_refuse(reason);
        self.series.would_refuse(class, reason);
    }

    /// In shadow mode: this one would have had to wait.
    pub(crate) fn would_wait(&self, class: Priority) {
        self.counters.would_wait();
        self.series.would_wait(class);
    }

    pub(crate) fn waited(&self, class: Priority, waited: Duration) {
        self.series.waited(class, waited);
    }

    #[inline]
    pub(crate) fn entered(&self, limit: impl FnOnce() -> u32) {
        self.series.entered(limit);
    }

    #[inline]
    pub(crate) fn left(&self) {
        self.series.left();
    }

    pub(crate) fn queued(&self, class: Priority) {
        self.series.queued(class);
    }

    pub(crate) fn unqueued(&self, class: Priority) {
        self.series.unqueued(class);
    }

    pub(crate) fn limit_is(&self, limit: u32) {
        self.series.limit_is(limit);
    }

    /// An algorithm has moved the limit.
    pub(crate) fn limit_changed(&self, change: &Change) {
        self.series.limit_changed(change);
        #[cfg(feature = "tracing")]
        tracing::info!(
            target: "floodwall",
            policy = %self.series.policy(),
            limit = change.to,
            why = change.cause.why.label(),
            "{change}"
        );
    }

    /// It has panicked, and nobody moves the limit any more.
    #[cfg_attr(
        not(feature = "tracing"),
        expect(
            unused_variables,
            clippy::unused_self,
            reason = "only the event tells them"
        )
    )]
    pub(crate) fn algorithm_lost(&self, algorithm: &'static str, limit: u32) {
        #[cfg(feature = "tracing")]
        tracing::error!(
            target: "floodwall",
            policy = %self.series.policy(),
            algorithm,
            limit,
            "the limit's algorithm panicked: the limit stays where it is"
        );
    }
}
