use std::time::Duration;

use crate::PolicyName;

/// What the policies of one decision have to tell: for response fields, metrics and the handler.
///
/// Holds at most [`Report::MAX_QUOTAS`] quotas, inline; what is pushed beyond them is left out.
///
/// ```
/// use floodwall_core::Report;
///
/// let report = Report::default();
/// assert_eq!(report.quotas().count(), 0);
/// assert!(report.waited.is_zero());
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Report {
    /// How long the request waited for its admission.
    pub waited: Duration,
    /// The concurrency limit, and how many were inside when this was asked.
    pub concurrency: Option<(u32, u32)>,
    quotas: [Option<QuotaReport>; Report::MAX_QUOTAS],
}

impl Report {
    /// How many quotas a report has room for.
    pub const MAX_QUOTAS: usize = 8;

    /// Adds a quota.
    pub fn push(&mut self, quota: QuotaReport) {
        if let Some(free) = self.quotas.iter_mut().find(|q| q.is_none()) {
            *free = Some(quota);
        }
    }

    /// The quotas, the violated ones first, otherwise in the order in which they were pushed.
    pub fn quotas(&self) -> impl Iterator<Item = &QuotaReport> {
        // None is behind an empty place: quotas are only ever added.
        let all = || self.quotas.iter().map_while(Option::as_ref);
        all()
            .filter(|q| q.violated)
            .chain(all().filter(|q| !q.violated))
    }
}

/// The state of one quota after a decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuotaReport {
    /// Its name.
    pub policy: PolicyName,
    /// How many units the window allows.
    pub quota: u64,
    /// The window, if it is a whole number of seconds, at least one.
    pub window: Option<u64>,
    /// How many units may be spent at once, now.
    pub remaining: u64,
    /// How long it takes from now until the whole burst is there again.
    pub full_in: Duration,
    /// Whether this quota refused the request.
    pub violated: bool,
}
