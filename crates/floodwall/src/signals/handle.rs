use std::sync::atomic::Ordering;
use std::time::Duration;

use floodwall_core::{Moment, Priority};

use super::hub::Hub;
use super::limits::Limits;
use super::signal::{Reading, Signal};
use super::snapshot::Snapshot;
use crate::concurrency::ConcurrencyLimitHandle;
use crate::spare::Owned;
use crate::{BuildError, Now};

/// How loaded the service is: every layer writes, whoever wants to know reads.
///
/// A cheap handle; clones share what they know. [`new`](Signals::new) has the defaults,
/// [`builder`](Signals::builder) the settings. What requests write
/// ([`observe`](Signals::observe)) and what limits know ([`watch_limit`](Signals::watch_limit)) is
/// there at once; what must be sampled (runtime, memory, accept queue, monitors of your own) needs
/// the monitor: [`spawn`](Signals::spawn) or [`monitor`](Signals::monitor). Without it those
/// signals are silent, and everything else works.
///
/// ```
/// use floodwall::signals::{HealthState, Signal, Signals};
/// use floodwall::{Admission, ConcurrencyLimit, Now};
///
/// # tokio_test::block_on(async {
/// let signals = Signals::new();
/// let limit = ConcurrencyLimit::new(2);
/// signals.watch_limit(&limit.handle())?;
/// let policy = signals.observe(limit);
///
/// let permit = policy.admit("a request", &Now::unread()).await.unwrap();
/// assert_eq!(signals.get(Signal::Utilisation).unwrap().value, 0.5);
/// assert_eq!(signals.health().state, HealthState::Healthy);
/// assert!(signals.get(Signal::Memory).is_none(), "nobody runs the monitor");
/// # drop(permit);
/// # Ok::<(), floodwall::BuildError>(())
/// # }).unwrap();
/// ```
#[derive(Clone, Debug)]
pub struct Signals {
    hub: Owned<Hub>,
}

impl Signals {
    pub(super) fn from_hub(hub: Hub) -> Self {
        Self {
            hub: Owned::new(hub),
        }
    }

    pub(super) const fn hub(&self) -> &Owned<Hub> {
        &self.hub
    }

    pub(super) fn moment(&self, now: &Now) -> Moment {
        self.hub.origin.at(now)
    }

    /// From now on the limit's queue and places are read when somebody asks. A limit that is gone
    /// is forgotten, and one that is watched twice counts once. In shadow mode or switched off it
    /// feeds no signal.
    ///
    /// # Errors
    ///
    /// If 256 limits are watched already: limits are made once, and not for each request.
    pub fn watch_limit(&self, limit: &ConcurrencyLimitHandle) -> Result<(), BuildError> {
        if self.hub.watch(limit.downgrade()) {
            return Ok(());
        }
        let problem = format!(
            "{} limits are watched already; make limits once and clone them",
            Limits::AT_MOST
        );
        Err(BuildError::new("watch_limit", problem))
    }

    /// A request of this class waited this long before its work began, or before it gave up. For
    /// layers that measure it; what [`observe`](Signals::observe) sees, it records by itself.
    pub fn record_queue_latency(&self, class: Priority, waited: Duration, now: &Now) {
        let now = self.moment(now);
        self.hub.traffic.waited(class, waited, now);
        self.hub.look(now);
    }

    /// A signal as it is now. `None` if nothing is known: nobody writes it, its source does not
    /// exist on this machine, or (queue latency) nobody came of late. What has been silent keeps its last value
    /// and shows its age.
    pub fn get(&self, signal: Signal) -> Option<Reading> {
        self.get_at(signal, &Now::unread())
    }

    /// The same at a time that is known already.
    pub fn get_at(&self, signal: Signal, now: &Now) -> Option<Reading> {
        self.hub.reading(signal, &self.hub.facts(self.moment(now)))
    }

    /// All signals as they are now.
    pub fn snapshot(&self) -> Snapshot {
        Snapshot::take(&self.hub, self.moment(&Now::unread()))
    }

    /// Whether the monitor runs.
    pub fn is_monitored(&self) -> bool {
        self.hub.is_monitored.load(Ordering::Relaxed)
    }
}

impl Default for Signals {
    fn default() -> Self {
        Self::new()
    }
}
