use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use floodwall_core::Priority;

use super::QueueLatencyLayer;
use super::shared::{Shared, Tell};
use super::upstream::Upstream;
use crate::BuildError;
use crate::extract::{DeadlineOf, PriorityOf, Usual};
use crate::http::extract::Trust;
use crate::http::{Head, TrustedProxies};
use crate::queue_latency::{QueueLatency, Series};

/// Makes a [`QueueLatencyLayer`].
///
/// ```
/// use floodwall::QueueLatencyLayer;
/// use floodwall::http::{header, timeout_header};
///
/// let layer = QueueLatencyLayer::builder()
///     .trusted(["10.0.0.0/8"])
///     .priority(header("x-priority"))
///     .deadline(timeout_header("x-request-timeout"))
///     .server_timing(true)
///     .tell(|class, latency| println!("{class}: {:?}", latency.total()))
///     .build()?;
/// # drop(layer);
/// # Ok::<(), floodwall::BuildError>(())
/// ```
#[must_use]
pub struct QueueLatencyBuilder {
    trust: Result<Trust, BuildError>,
    skew: Duration,
    oldest: Duration,
    priority: Arc<dyn PriorityOf<Head> + Send + Sync>,
    deadline: Arc<dyn DeadlineOf<Head> + Send + Sync>,
    patience: Option<Duration>,
    server_timing: bool,
    tells: Vec<Tell>,
}

impl QueueLatencyBuilder {
    pub(super) fn new() -> Self {
        Self {
            trust: Ok(Trust::Nobody),
            skew: Duration::from_secs(1),
            oldest: Duration::from_secs(300),
            priority: Arc::new(Usual),
            deadline: Arc::new(Usual),
            patience: None,
            server_timing: false,
            tells: Vec::new(),
        }
    }

    /// Believes what these peers say in `X-Request-Start` and `X-Queue-Start`: since 1970, in
    /// seconds, milliseconds, microseconds or nanoseconds, with or without decimals and `t=`. Of
    /// several the earliest counts; junk says nothing. Default: nobody is believed.
    ///
    /// A proxy in the list must overwrite the headers of its own clients. Its clock should be
    /// synchronised with ours: what it is behind counts as waiting.
    pub fn trusted<P>(mut self, proxies: P) -> Self
    where
        P: TryInto<TrustedProxies>,
        BuildError: From<P::Error>,
    {
        let proxies = proxies.try_into().map_err(BuildError::from);
        self.trust = proxies.map(Trust::Listed);
        self
    }

    /// Believes everybody. Right only where strangers cannot send anything.
    pub fn trusting_everyone(mut self) -> Self {
        self.trust = Ok(Trust::Everyone);
        self
    }

    /// How far a proxy's clock may be ahead of ours: stamps from so far in the future count as
    /// now, others say nothing. Default: 1 s.
    pub fn skew(mut self, most: Duration) -> Self {
        self.skew = most;
        self
    }

    /// Stamps that are older say nothing. Default: 5 minutes.
    pub fn oldest(mut self, most: Duration) -> Self {
        self.oldest = most;
        self
    }

    /// Reads the class in whose histogram a request is. Default:
    /// [`Priority::NORMAL`] for all.
    pub fn priority(mut self, priority: impl PriorityOf<Head> + Send + Sync + 'static) -> Self {
        self.priority = Arc::new(priority);
        self
    }

    /// Reads until when the caller waits; [`QueueLatency::left`] tells the handler. Default: not
    /// known.
    ///
    /// A caller says for how long it waits, and it waits since it sent the request. So such a time
    /// counts from the [arrival](QueueLatency::arrival): what a trusted proxy and the server have
    /// used up is not there any more. Whoever is not trusted can shorten its own time only.
    pub fn deadline(mut self, deadline: impl DeadlineOf<Head> + Send + Sync + 'static) -> Self {
        self.deadline = Arc::new(deadline);
        self
    }

    /// No caller waits for longer than that from its arrival, whatever it says, or if it says
    /// nothing. Default: not known.
    pub fn patience(mut self, most: Duration) -> Self {
        self.patience = Some(most);
        self
    }

    /// Whether answers say how long the request had waited: `Server-Timing: queue;dur=37.5`, in
    /// milliseconds (W3C Server Timing, section 2). Refusals do not. Default: no, because everybody
    /// can read it.
    pub fn server_timing(mut self, tell: bool) -> Self {
        self.server_timing = tell;
        self
    }

    /// Calls `tell` once for each request that was run, soon after the handler was called. May be
    /// said several times; all are called.
    ///
    /// It is on the path of the request: it should be quick. A panic costs that request.
    pub fn tell(mut self, tell: impl Fn(Priority, &QueueLatency) + Send + Sync + 'static) -> Self {
        self.tells.push(Arc::new(tell));
        self
    }

    pub(crate) fn reading(
        mut self,
        priority: Option<Arc<dyn PriorityOf<Head> + Send + Sync>>,
        deadline: Option<Arc<dyn DeadlineOf<Head> + Send + Sync>>,
    ) -> Self {
        self.priority = priority.unwrap_or(self.priority);
        self.deadline = deadline.unwrap_or(self.deadline);
        self
    }

    /// Builds the layer.
    ///
    /// # Errors
    ///
    /// If the trusted proxies are no list of networks, if no stamp could be young enough, or if
    /// nobody would wait at all.
    pub fn build(self) -> Result<QueueLatencyLayer, BuildError> {
        if self.oldest.is_zero() {
            let problem = "0 would believe no stamp: trust nobody instead, or set some minutes";
            return Err(BuildError::new("oldest", problem));
        }
        if self.skew > self.oldest {
            let problem = "more than the age at which a stamp is too old: clocks that differ by \
                           so much say nothing; set a second or less";
            return Err(BuildError::new("skew", problem));
        }
        if self.patience.is_some_and(|most| most.is_zero()) {
            let problem = "0 would mean that nobody waits for an answer: leave it out, or set \
                           the timeout of your clients";
            return Err(BuildError::new("patience", problem));
        }
        Ok(QueueLatencyLayer::assemble(Shared {
            upstream: Upstream {
                trust: self.trust?,
                skew: self.skew,
                oldest: self.oldest,
            },
            priority: self.priority,
            deadline: self.deadline,
            patience: self.patience,
            server_timing: self.server_timing,
            tells: self.tells,
            series: Series::default(),
        }))
    }
}

impl fmt::Debug for QueueLatencyBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("QueueLatencyBuilder")
            .field("trust", &self.trust)
            .field("skew", &self.skew)
            .field("oldest", &self.oldest)
            .field("patience", &self.patience)
            .field("server_timing", &self.server_timing)
            .field("tells", &self.tells.len())
            .finish_non_exhaustive()
    }
}
