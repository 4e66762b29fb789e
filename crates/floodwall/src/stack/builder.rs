use std::sync::Arc;

use floodwall_core::rate::{Quota, QuotaError};

use super::asked::AnyKey;
use super::kind::Kind;
use super::priority::{AnyDeadline, AnyPriority};
use super::{ShedBy, ShedRules, Stack};
use crate::admission::{Exempting, Matches};
use crate::concurrency::{ConcurrencyLimitBuilder, LimitChoice, Line, QueueChoice, WaitingRoom};
use crate::extract::{DeadlineOf, KeyOf, PriorityOf};
use crate::http::{Head, QueueLatencyBuilder, QueueLatencyLayer, TrustedProxies, retries};
use crate::shed::PressureSource;
use crate::signals::Signals;
use crate::{BuildError, Mode};

/// Makes a [`Stack`]. The order of the calls does not matter: the parts have an order of their own.
#[must_use]
pub struct StackBuilder {
    pub(super) exempt: Vec<(Kind, String)>,
    pub(super) exempt_limit: u32,
    pub(super) priority: Option<(AnyPriority, String)>,
    pub(super) deadline: Option<(AnyDeadline, String)>,
    pub(super) retries: Box<dyn Matches<Head> + Send + Sync>,
    pub(super) quotas: Vec<WantedQuota>,
    pub(super) shed: Option<WantedShed>,
    pub(super) limit: Option<LimitChoice>,
    pub(super) limit_name: String,
    pub(super) limit_mode: Mode,
    /// None: not said.
    pub(super) queue: Option<Line>,
    pub(super) seed: Option<u64>,
    pub(super) hand_on: bool,
    pub(super) room: WaitingRoom,
    pub(super) signals: Option<Signals>,
    pub(super) latency: QueueLatencyBuilder,
    // The first thing that was wrong, told when it is built.
    pub(super) wrong: Option<BuildError>,
}

pub(super) struct WantedQuota {
    pub(super) allow: Vec<Quota>,
    pub(super) name: Option<String>,
    pub(super) key: AnyKey,
    pub(super) per: String,
    pub(super) keys: Option<usize>,
    /// None: all.
    pub(super) only: Vec<(Kind, String)>,
    pub(super) mode: Mode,
}

#[derive(Default)]
pub(super) struct WantedShed {
    pub(super) rules: ShedRules,
    pub(super) tenant: Option<(AnyKey, String)>,
    pub(super) sources: Vec<WantedSource>,
}

/// Its name, its bounds, and what reads it.
pub(super) type WantedSource = (String, (f64, f64), Box<dyn PressureSource>);

impl StackBuilder {
    pub(super) fn new() -> Self {
        Self {
            exempt: Vec::new(),
            exempt_limit: Exempting::<(), ()>::DEFAULT_LIMIT,
            priority: None,
            deadline: None,
            retries: Box::new(retries()),
            quotas: Vec::new(),
            shed: None,
            limit: None,
            limit_name: "concurrency".to_owned(),
            limit_mode: Mode::Enforce,
            queue: None,
            seed: None,
            hand_on: false,
            room: WaitingRoom::off(),
            signals: None,
            latency: QueueLatencyLayer::builder(),
            wrong: None,
        }
    }

    /// One kind more that passes quotas, shedding and queue; see [`exempt`](crate::exempt()).
    pub fn exempt<M>(mut self, kind: M) -> Self
    where
        M: Matches<Head> + std::fmt::Debug + Send + Sync + 'static,
    {
        let words = format!("{kind:?}");
        self.exempt
            .push((Kind::Custom(Box::new(kind), words.clone()), words));
        self
    }

    /// How many exempt requests may be inside at once: 16 when not said.
    pub fn exempt_limit(mut self, limit: u32) -> Self {
        self.exempt_limit = limit;
        self
    }

    /// Reads how urgent a request is; it orders the queue, and says who is shed first. All are alike
    /// when not said.
    pub fn priority<P>(mut self, priority: P) -> Self
    where
        P: PriorityOf<Head> + std::fmt::Debug + Send + Sync + 'static,
    {
        let words = format!("{priority:?}");
        self.priority = Some((Arc::new(priority), words));
        self
    }

    /// Reads until when a caller waits: nobody has a deadline when not said.
    pub fn deadline<D>(mut self, deadline: D) -> Self
    where
        D: DeadlineOf<Head> + std::fmt::Debug + Send + Sync + 'static,
    {
        let words = format!("{deadline:?}");
        self.deadline = Some((Arc::new(deadline), words));
        self
    }

    /// Which requests are retries, shed before all first attempts of their class: those with the
    /// marks of gRPC and Envoy when not said; see [`retries`](crate::http::retries).
    pub fn retries(mut self, retries: impl Matches<Head> + Send + Sync + 'static) -> Self {
        self.retries = Box::new(retries);
        self
    }

    /// A quota, for each value of `per`; at most four.
    ///
    /// ```
    /// use floodwall::{Stack, http::client_address};
    ///
    /// let stack = Stack::builder().quota("100/s burst 50", client_address()).build()?;
    /// # drop(stack);
    /// # Ok::<(), floodwall::BuildError>(())
    /// ```
    pub fn quota<Q, K>(mut self, allow: Q, per: K) -> Self
    where
        Q: TryInto<Quota, Error: Into<QuotaError>>,
        K: KeyOf<Head> + std::fmt::Debug + Send + Sync + 'static,
    {
        let words = format!("per {per:?}");
        match allow.try_into() {
            Ok(quota) => self.quotas.push(WantedQuota {
                allow: vec![quota],
                name: None,
                key: AnyKey(Arc::new(per)),
                per: words,
                keys: None,
                only: Vec::new(),
                mode: Mode::Enforce,
            }),
            Err(error) => {
                let error: QuotaError = error.into();
                self.wrong.get_or_insert(error.into());
            }
        }
        self
    }

    /// A quota that counts for requests of a kind only, for each value of `per`.
    ///
    /// ```
    /// use floodwall::{Stack, http::{client_address, path}};
    ///
    /// let stack = Stack::builder()
    ///     .quota("100/s", client_address())
    ///     .quota_of(path("/login"), "5/min burst 5", client_address())
    ///     .build()?;
    /// # drop(stack);
    /// # Ok::<(), floodwall::BuildError>(())
    /// ```
    pub fn quota_of<M, Q, K>(self, kind: M, allow: Q, per: K) -> Self
    where
        M: Matches<Head> + std::fmt::Debug + Send + Sync + 'static,
        Q: TryInto<Quota, Error: Into<QuotaError>>,
        K: KeyOf<Head> + std::fmt::Debug + Send + Sync + 'static,
    {
        let words = format!("{kind:?}");
        let before = self.quotas.len();
        let mut built = self.quota(allow, per);
        // One that cannot be is not there, and told when it is built.
        if let Some(quota) = built.quotas.get_mut(before) {
            quota
                .only
                .push((Kind::Custom(Box::new(kind), words.clone()), words));
        }
        built
    }

    /// At most so many inside at once; those who find no place wait in order of priority.
    pub fn limit(mut self, limit: u32) -> Self {
        self.limit = Some(LimitChoice::fixed(limit));
        self
    }

    /// A limit with its queue, its waiting room, its mode and its name, as it would be built alone.
    /// Priority and deadline are those of the stack.
    ///
    /// ```
    /// use floodwall::{Stack, adaptive};
    /// use std::time::Duration;
    ///
    /// let stack = Stack::builder()
    ///     .concurrency(adaptive().queue(Duration::from_millis(50)))
    ///     .build()?;
    /// # drop(stack);
    /// # Ok::<(), floodwall::BuildError>(())
    /// ```
    pub fn concurrency(mut self, limit: ConcurrencyLimitBuilder) -> Self {
        self.limit = Some(limit.limit);
        self.limit_name = limit.name;
        self.limit_mode = limit.mode;
        self.queue = Some(limit.queue);
        self.room = limit.room;
        self
    }

    /// Who finds no place waits here: a [`QueueConfigBuilder`](crate::concurrency::QueueConfigBuilder),
    /// or only how long one may wait. Four times the limit, at least 16, for up to 100 ms when not
    /// said.
    pub fn queue(mut self, queue: impl Into<QueueChoice>) -> Self {
        self.queue = Some(queue.into().0);
        self
    }

    /// Who finds no place is refused at once.
    pub fn no_queue(mut self) -> Self {
        self.queue = Some(Line::None);
        self
    }

    /// Sheds the least urgent while the queue stands.
    pub fn shed(self) -> Self {
        self.shed_by(ShedRules::default())
    }

    /// The same, otherwise than usual.
    pub fn shed_by(mut self, rules: ShedRules) -> Self {
        let shed = self.shed.get_or_insert_default();
        if !rules.tenant.is_all() {
            // Nobody is trusted here; a tenant behind proxies is set with `tenant`.
            match rules.tenant.reader(&TrustedProxies::default()) {
                Ok(reader) => shed.tenant = Some((reader, rules.tenant.words())),
                Err(error) => {
                    self.wrong.get_or_insert(error);
                }
            }
        }
        shed.rules = rules;
        self
    }

    /// Whose request it is: within a class, the same tenants are steadily let in or shed.
    pub fn tenant<K>(mut self, tenant: K) -> Self
    where
        K: KeyOf<Head> + std::fmt::Debug + Send + Sync + 'static,
    {
        let words = format!("{tenant:?}");
        let shed = self.shed.get_or_insert_default();
        shed.tenant = Some((AnyKey(Arc::new(tenant)), words));
        if shed.rules.by == ShedBy::Turns {
            shed.rules.by = ShedBy::Tenant;
        }
        self
    }

    /// Sheds by a pressure, too; see [`ShedBuilder::pressure`](crate::shed::ShedBuilder::pressure).
    pub fn pressure(
        mut self,
        name: impl Into<String>,
        bounds: (f64, f64),
        source: impl PressureSource,
    ) -> Self {
        let shed = self.shed.get_or_insert_default();
        shed.sources.push((name.into(), bounds, Box::new(source)));
        self
    }

    /// Puts the effective priority on each request for the handler, as an extension
    /// ([`Priority`](crate::Priority)): not when not said.
    pub fn hand_on_priority(mut self) -> Self {
        self.hand_on = true;
        self
    }

    /// How the waiting room is used, for handlers that block their runtime thread: not at all when
    /// not said.
    pub fn waiting_room(mut self, room: WaitingRoom) -> Self {
        self.room = room;
        self
    }

    /// Uses these signals, which others may share: ones of its own when not said.
    pub fn signals(mut self, signals: &Signals) -> Self {
        self.signals = Some(signals.clone());
        self
    }

    /// How waiting is measured: from the layer on when not said, whatever a proxy says. Priority and
    /// deadline are those of the stack.
    pub fn queue_latency(mut self, latency: QueueLatencyBuilder) -> Self {
        self.latency = latency;
        self
    }

    /// Fixes the secrets of the hashes, for tests and simulations: from the system when not said.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// Builds the stack.
    ///
    /// # Errors
    ///
    /// If nothing was asked for, a setting cannot be, or settings contradict one another: shedding
    /// with nothing to watch, a queue or a deadline without a limit, two quotas of one name.
    pub fn build(self) -> Result<Stack, BuildError> {
        super::assemble::build(self)
    }
}

impl std::fmt::Debug for StackBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("StackBuilder")
    }
}
