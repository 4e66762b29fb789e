use std::fmt;
use std::time::Duration;

use crate::{PolicyName, Report};

/// Why a request was refused.
///
/// [`Reason::is_clients_own`] tells the two families apart: what the client could have avoided
/// (HTTP 429) and what is our lack of room (HTTP 503).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
// As wide as what stands beside it in a refusal: bytes that nobody uses are copied, too, in pieces that
// overlap, and wait for each other.
#[repr(u64)]
pub enum Reason {
    /// The request costs more than the quota's burst: no waiting will ever help.
    CostAboveBurst,
    /// The caller's deadline has passed, or would pass before its turn.
    Deadline,
    /// The service is shutting down and takes nothing new.
    Draining,
    /// It waited, and a more urgent arrival took its place.
    Evicted,
    /// No place is free, and there is no queue or it holds nothing but equal or better work.
    Full,
    /// What the key is made of is missing: the server is set up wrongly.
    MissingKey,
    /// The client's quota is used up.
    Quota,
    /// It waited as long as one may wait.
    QueueTimeout,
    /// The service is pressed, and this is among the least urgent of what comes.
    Shed,
    /// What it would be sent to fails too often: a breaker holds it back.
    Breaker,
    /// What it would be sent to refuses too much: the client holds it back.
    Throttled,
    /// A policy of one's own said no.
    Other,
}

impl Reason {
    /// All reasons, for building tables of counters.
    pub const ALL: [Self; 12] = [
        Self::CostAboveBurst,
        Self::Deadline,
        Self::Draining,
        Self::Evicted,
        Self::Full,
        Self::MissingKey,
        Self::Quota,
        Self::QueueTimeout,
        Self::Shed,
        Self::Breaker,
        Self::Throttled,
        Self::Other,
    ];

    /// The word for metrics, logs and answers.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::CostAboveBurst => "cost_above_burst",
            Self::Deadline => "deadline",
            Self::Draining => "draining",
            Self::Evicted => "evicted",
            Self::Full => "full",
            Self::MissingKey => "missing_key",
            Self::Quota => "quota",
            Self::QueueTimeout => "queue_timeout",
            Self::Shed => "shed",
            Self::Breaker => "breaker",
            Self::Throttled => "throttled",
            Self::Other => "other",
        }
    }

    /// Its place in [`Reason::ALL`].
    pub const fn index(self) -> usize {
        self as usize
    }

    /// Whether the client itself used up what it may (429), and not the server its room (503).
    pub const fn is_clients_own(self) -> bool {
        matches!(self, Self::CostAboveBurst | Self::Quota)
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A refusal as a value: which policy, which reason, when to retry, how long it had waited.
///
/// ```
/// use floodwall_core::{PolicyName, Reason, Rejection};
/// use std::time::Duration;
///
/// let no = Rejection::new(PolicyName::from_static("search"), Reason::Quota)
///     .with_retry_after(Duration::from_secs(2));
/// assert_eq!(no.retry_after(), Some(Duration::from_secs(2)));
/// assert_eq!(no.to_string(), "search refused the request: quota (retry after 2s)");
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Rejection {
    policy: PolicyName,
    /// In nanoseconds; `UNKNOWN` if that cannot be told.
    retry_after: u64,
    /// In nanoseconds.
    waited: u64,
    // Boxed, because most have nothing of it: whatever holds this moves it about.
    more: Option<Box<More>>,
    reason: Reason,
}

#[derive(Clone, Debug, Default, PartialEq)]
struct More {
    detail: Option<&'static str>,
    report: Option<Report>,
}

const UNKNOWN: u64 = u64::MAX;

impl Rejection {
    /// A refusal by `policy` that says nothing about when to retry.
    pub const fn new(policy: PolicyName, reason: Reason) -> Self {
        Self {
            policy,
            retry_after: UNKNOWN,
            waited: 0,
            more: None,
            reason,
        }
    }

    /// Adds how long the caller should stay away, up to some 584 years; exact for quotas, an estimate
    /// otherwise.
    #[must_use]
    pub const fn with_retry_after(mut self, wait: Duration) -> Self {
        self.retry_after = nanos(wait);
        self
    }

    /// Adds how long the request had waited before it was refused, up to some 584 years.
    #[must_use]
    pub const fn with_waited(mut self, waited: Duration) -> Self {
        self.waited = nanos(waited);
        self
    }

    /// Adds the state of the quotas that took part, for the response fields.
    #[must_use]
    pub fn with_report(mut self, report: Report) -> Self {
        self.more.get_or_insert_default().report = Some(report);
        self
    }

    /// Adds what a person who reads the answer should know, as the fix for a missing key.
    #[must_use]
    pub fn with_detail(mut self, detail: &'static str) -> Self {
        self.more.get_or_insert_default().detail = Some(detail);
        self
    }

    /// The policy that refused.
    pub const fn policy(&self) -> PolicyName {
        self.policy
    }

    /// Why it refused.
    pub const fn reason(&self) -> Reason {
        self.reason
    }

    /// How long to stay away, if that can be told.
    pub const fn retry_after(&self) -> Option<Duration> {
        match self.retry_after {
            UNKNOWN => None,
            nanos => Some(Duration::from_nanos(nanos)),
        }
    }

    /// How long the request had waited.
    pub const fn waited(&self) -> Duration {
        Duration::from_nanos(self.waited)
    }

    /// What a person should know, if there is more to say than the reason.
    pub fn detail(&self) -> Option<&'static str> {
        self.more.as_ref()?.detail
    }

    /// The state of the quotas that took part, the violated ones first, if any did.
    pub fn report(&self) -> Option<&Report> {
        self.more.as_ref()?.report.as_ref()
    }
}

/// As much as can be told.
const fn nanos(of: Duration) -> u64 {
    let nanos = of.as_nanos();
    if nanos < UNKNOWN as u128 {
        nanos as u64
    } else {
        UNKNOWN - 1
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} refused the request: {}", self.policy, self.reason)?;
        if let Some(wait) = self.retry_after() {
            write!(f, " (retry after {wait:?})")?;
        }
        if let Some(detail) = self.detail() {
            write!(f, ": {detail}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Rejection {}
