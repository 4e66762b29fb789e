use std::fmt;
use std::sync::OnceLock;
use std::time::Duration;

use floodwall_core::limit::Change;
use floodwall_core::{PolicyName, Priority, Reason};
use metrics::{
    Counter, Gauge, Histogram, Unit, counter, describe_counter, describe_gauge, describe_histogram,
    gauge, histogram,
};

const REQUESTS: &str = "floodwall_requests_total";
const IN_FLIGHT: &str = "floodwall_in_flight";
const LIMIT: &str = "floodwall_limit";
const LIMIT_CHANGES: &str = "floodwall_limit_changes_total";
const QUEUE_DEPTH: &str = "floodwall_queue_depth";
const QUEUE_WAIT: &str = "floodwall_queue_wait_seconds";
pub(super) const HELD_BACK: &str = "floodwall_held_back_ratio";
const RETRY_AFTER: &str = "floodwall_retry_after_seconds";
pub(crate) const QUEUE_LATENCY: &str = "floodwall_queue_latency_seconds";

/// Tells the installed `metrics` recorder what floodwall's series mean and which units they have.
///
/// Call it once after installing a recorder; it is optional. Labels are `layer`, `policy`, `class`
/// (the priority, 0 to 7), `decision` (`admit`, `refuse`, `would_refuse`, `would_wait`),
/// `reason`, `why` (a limit was moved) and `direction` (`up`, `down`, `same`), `part` and `monitor` (the names of one's own): their number is bounded, and no key, path
/// or address is ever a label.
///
/// ```
/// floodwall::describe_metrics();
/// ```
pub fn describe_metrics() {
    describe_counter!(
        REQUESTS,
        Unit::Count,
        "Decisions, by policy, class, decision and reason"
    );
    describe_gauge!(IN_FLIGHT, Unit::Count, "Requests that hold a place");
    describe_gauge!(LIMIT, Unit::Count, "How many requests may hold a place");
    describe_counter!(
        LIMIT_CHANGES,
        Unit::Count,
        "How often an adaptive limit was moved, and why"
    );
    describe_gauge!(
        HELD_BACK,
        "The share of calls that a breaker or a throttle holds back"
    );
    describe_gauge!(
        QUEUE_DEPTH,
        Unit::Count,
        "Requests waiting for a place, by class"
    );
    describe_histogram!(
        QUEUE_WAIT,
        Unit::Seconds,
        "How long requests waited, those that got no place included"
    );
    describe_histogram!(
        RETRY_AFTER,
        Unit::Seconds,
        "What refused requests were told to wait"
    );
    super::shed::describe();
    describe_histogram!(
        QUEUE_LATENCY,
        Unit::Seconds,
        "How long requests that were run had waited before, by part (upstream, accept, queue, \
         readiness, other, total) and class"
    );
    super::gauges::describe();
}

/// The series of one policy.
///
/// A handle is made when it is first needed, so that a recorder installed after the policy was
/// built still sees everything that happens from then on.
pub(crate) struct Series {
    layer: &'static str,
    policy: PolicyName,
    /// Not where many limits share the series: theirs would overwrite each other.
    tells_limit: bool,
    admitted: [OnceLock<Counter>; Priority::COUNT],
    would_wait: [OnceLock<Counter>; Priority::COUNT],
    refused: [[OnceLock<Counter>; Reason::ALL.len()]; Priority::COUNT],
    would_refuse: [[OnceLock<Counter>; Reason::ALL.len()]; Priority::COUNT],
    in_flight: OnceLock<Gauge>,
    limit: OnceLock<Gauge>,
    depth: [OnceLock<Gauge>; Priority::COUNT],
    wait: [OnceLock<Histogram>; Priority::COUNT],
    retry_after: OnceLock<Histogram>,
}

impl Series {
    pub(crate) fn new(layer: &'static str, policy: PolicyName) -> Self {
        Self {
            layer,
            policy,
            tells_limit: true,
            admitted: Default::default(),
            would_wait: Default::default(),
            refused: Default::default(),
            would_refuse: Default::default(),
            in_flight: OnceLock::new(),
            limit: OnceLock::new(),
            depth: Default::default(),
            wait: Default::default(),
            retry_after: OnceLock::new(),
        }
    }

    /// Of many limits together.
    pub(crate) fn of_many(layer: &'static str, policy: PolicyName) -> Self {
        Self {
            tells_limit: false,
            ..Self::new(layer, policy)
        }
    }

    #[cfg(feature = "tracing")]
    pub(crate) const fn policy(&self) -> PolicyName {
        self.policy
    }

    fn requests(&self, class: Priority, decision: &'static str, reason: &'static str) -> Counter {
        counter!(
            REQUESTS,
            "layer" => self.layer,
            "policy" => self.policy.to_string(),
            "class" => class_label(class),
            "decision" => decision,
            "reason" => reason
        )
    }

    #[inline]
    pub(crate) fn admitted(&self, class: Priority) {
        self.admitted[class.index()]
            .get_or_init(|| self.requests(class, "admit", "none"))
            .increment(1);
    }

    #[inline]
    pub(crate) fn refused(&self, class: Priority, reason: Reason, retry_after: Option<Duration>) {
        self.refused[class.index()][reason.index()]
            .get_or_init(|| self.requests(class, "refuse", reason.as_str()))
            .increment(1);
        if let Some(wait) = retry_after {
            self.retry_after
                .get_or_init(|| {
                    histogram!(RETRY_AFTER, "layer" => self.layer, "policy" => self.policy.to_string())
                })
                .record(wait.as_secs_f64());
        }
    }

    pub(crate) fn would_refuse(&self, class: Priority, reason: Reason) {
        self.would_refuse[class.index()][reason.index()]
            .get_or_init(|| self.requests(class, "would_refuse", reason.as_str()))
            .increment(1);
    }

    pub(crate) fn would_wait(&self, class: Priority) {
        self.would_wait[class.index()]
            .get_or_init(|| self.requests(class, "would_wait", "none"))
            .increment(1);
    }

    pub(crate) fn waited(&self, class: Priority, waited: Duration) {
        self.wait[class.index()]
            .get_or_init(|| {
                histogram!(
                    QUEUE_WAIT,
                    "layer" => self.layer,
                    "policy" => self.policy.to_string(),
                    "class" => class_label(class)
                )
            })
            .record(waited.as_secs_f64());
    }

    #[inline]
    pub(crate) fn entered(&self, limit: impl FnOnce() -> u32) {
        let made = || {
            // A limit that nobody changes is told once, with the first who enters.
            self.limit_is(limit());
            self.gauge(IN_FLIGHT)
        };
        self.in_flight.get_or_init(made).increment(1.0);
    }

    #[inline]
    pub(crate) fn left(&self) {
        if let Some(in_flight) = self.in_flight.get() {
            in_flight.decrement(1.0);
        }
    }

    fn depth(&self, class: Priority) -> &Gauge {
        self.depth[class.index()].get_or_init(|| {
            gauge!(
                QUEUE_DEPTH,
                "layer" => self.layer,
                "policy" => self.policy.to_string(),
                "class" => class_label(class)
            )
        })
    }

    pub(crate) fn queued(&self, class: Priority) {
        self.depth(class).increment(1.0);
    }

    pub(crate) fn unqueued(&self, class: Priority) {
        self.depth(class).decrement(1.0);
    }

    pub(crate) fn limit_is(&self, limit: u32) {
        if self.tells_limit {
            self.limit
                .get_or_init(|| self.gauge(LIMIT))
                .set(f64::from(limit));
        }
    }

    /// Rare, so no handle is kept: there may be as many as an algorithm has reasons.
    pub(crate) fn limit_changed(&self, change: &Change) {
        let direction = match change.to.cmp(&change.from) {
            std::cmp::Ordering::Greater => "up",
            std::cmp::Ordering::Less => "down",
            std::cmp::Ordering::Equal => "same",
        };
        counter!(
            LIMIT_CHANGES,
            "layer" => self.layer,
            "policy" => self.policy.to_string(),
            "why" => change.cause.why.label(),
            "direction" => direction
        )
        .increment(1);
    }

    fn gauge(&self, name: &'static str) -> Gauge {
        gauge!(name, "layer" => self.layer, "policy" => self.policy.to_string())
    }
}

impl fmt::Debug for Series {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Series")
            .field("policy", &self.policy)
            .finish_non_exhaustive()
    }
}

pub(crate) const fn class_label(class: Priority) -> &'static str {
    ["0", "1", "2", "3", "4", "5", "6", "7"][class.index()]
}
