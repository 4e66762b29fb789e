//! From what was asked for to a stack, or to the reason why it cannot be.

use std::sync::Arc;
use std::time::Duration;

use floodwall_core::Priority;
use floodwall_core::queue::QueueConfig;
use floodwall_core::rate::Quota;

use super::asked::{AnyKey, Known};
use super::builder::{StackBuilder, WantedQueue, WantedQuota, WantedShed};
use super::kind::AnyOf;
use super::priority::priority;
use super::quota::StackQuota;
use super::wall::{Shared, StackLimit, StackShed, Wall};
use super::{ConcurrencyRules, Description, QuotaRules, ShedBy, Stack, StackConfig};
use crate::admission::{all, exempt};
use crate::concurrency::ConcurrencyLimitHandle;
use crate::extract::Unkeyed;
use crate::http::{QueueLatencyLayer, TrustedProxies};
use crate::queue_latency::QueueLatency;
use crate::signals::Signals;
use crate::{BuildError, ConcurrencyLimit, Mode, Now, RateLimit, Shed};

/// Outside of the stack's own queue.
const WORTH_TELLING: Duration = Duration::from_micros(500);
const MOST_QUOTAS: usize = 4;

impl StackConfig {
    /// Builds the stack.
    ///
    /// # Errors
    ///
    /// As [`StackBuilder::build`].
    pub fn build(&self) -> Result<Stack, BuildError> {
        self.builder()?.build()
    }

    /// The same as a builder, to add in code what data cannot say.
    ///
    /// # Errors
    ///
    /// If a key, a kind, a priority or a quota cannot be.
    pub fn builder(&self) -> Result<StackBuilder, BuildError> {
        let proxies = TrustedProxies::new(&self.trusted)?;
        let mut builder = Stack::builder();
        if !self.trusted.is_empty() {
            builder.latency = QueueLatencyLayer::builder().trusted(proxies.clone());
        }
        for kind in &self.exempt {
            builder.exempt.push((kind.reader()?, kind.words()));
        }
        builder.exempt_limit = self.exempt_limit.unwrap_or(builder.exempt_limit);
        if let Some(rules) = &self.priority {
            builder.priority = Some((rules.reader(&proxies)?, rules.words()));
        }
        if let Some(rules) = &self.deadline {
            builder.deadline = Some((rules.reader()?, rules.words()));
        }
        for rules in &self.quotas {
            builder.quotas.push(rules.wanted(&proxies)?);
        }
        if let Some(rules) = &self.shed {
            let tenant = rules.tenant.reader(&proxies)?;
            builder.shed = Some(WantedShed {
                rules: rules.clone(),
                tenant: (!rules.tenant.is_all()).then(|| (tenant, rules.tenant.words())),
                sources: Vec::new(),
            });
        }
        if let Some(rules) = &self.concurrency {
            builder.limit = Some(rules.limit);
            builder.limit_mode = rules.mode;
            builder.queue = rules.wanted()?;
            builder.room = rules.waiting_room.settings();
        }
        Ok(builder)
    }
}

impl QuotaRules {
    fn wanted(&self, proxies: &TrustedProxies) -> Result<WantedQuota, BuildError> {
        let quotas = self.allow.split(',').map(|one| one.trim().parse::<Quota>());
        Ok(WantedQuota {
            allow: quotas.collect::<Result<_, _>>()?,
            name: self.name.clone(),
            key: self.per.reader(proxies)?,
            per: self.per.words(),
            keys: self.keys,
            only: self
                .only
                .iter()
                .map(|kind| Ok((kind.reader()?, kind.words())))
                .collect::<Result<_, BuildError>>()?,
            mode: self.mode,
        })
    }
}

impl ConcurrencyRules {
    fn wanted(&self) -> Result<WantedQueue, BuildError> {
        let Some(rules) = &self.queue else {
            return Ok(WantedQueue::Usual);
        };
        if rules.capacity == Some(0) {
            return Ok(WantedQueue::None);
        }
        let places = rules.capacity.unwrap_or_else(|| usual_places(self.limit));
        let mut queue = QueueConfig::builder().capacity(places);
        if let Some(wait) = rules.max_wait {
            queue = queue.max_wait(wait);
        }
        if let Some(yes) = rules.newest_first {
            queue = queue.newest_first(yes);
        }
        for (class, share) in &rules.shares {
            queue = queue.share(priority(*class)?, *share);
        }
        Ok(WantedQueue::Set(queue))
    }
}

fn usual_places(limit: u32) -> u32 {
    limit.saturating_mul(4).clamp(16, QueueConfig::MAX_CAPACITY)
}

pub(super) fn build(mut builder: StackBuilder) -> Result<Stack, BuildError> {
    if let Some(error) = builder.wrong.take() {
        return Err(error);
    }
    check_contradictions(&builder)?;
    let mut told = Description::new();
    tell_readers(&builder, &mut told);
    let seed = builder.seed;
    let mut quotas = Vec::new();
    for wanted in std::mem::take(&mut builder.quotas) {
        quotas.push(quota(wanted, seed, &mut told)?);
    }
    check_names(&quotas)?;
    let mut limit_told = Description::new();
    let limit = limit(&builder, &mut limit_told)?;
    let handle = limit.as_ref().map(StackLimit::handle);
    let signals = builder.signals.take().unwrap_or_default();
    if let Some(limit) = &handle {
        signals.watch_limit(limit)?;
    }
    let shed = match builder.shed.take() {
        Some(wanted) => Some(shed(wanted, handle.as_ref(), &signals, seed, &mut told)?),
        None => None,
    };
    told.parts.append(&mut limit_told.parts);

    let mut each = quotas.iter().cloned();
    let policies = all((
        each.next(),
        each.next(),
        each.next(),
        each.next(),
        shed.clone(),
        limit.clone(),
    ));
    let policies = signals.observe(policies).priority(Known);
    let latency = latency(&mut builder, &signals)?;
    let wall = Wall {
        shared: Arc::new(Shared {
            priority: builder.priority.map(|(reader, _)| reader),
            deadline: builder.deadline.map(|(reader, _)| reader),
            retries: builder.retries,
            policies,
            quotas,
            shed,
            limit,
            signals,
            hand_on: builder.hand_on,
        }),
    };
    let kinds = AnyOf(builder.exempt.into_iter().map(|(kind, _)| kind).collect());
    let policy = exempt(Arc::new(kinds), wall).limit(builder.exempt_limit)?;
    Ok(Stack::assemble(policy, told, latency))
}

fn latency(builder: &mut StackBuilder, signals: &Signals) -> Result<QueueLatencyLayer, BuildError> {
    let wanted = std::mem::replace(&mut builder.latency, QueueLatencyLayer::builder());
    let priority = builder
        .priority
        .as_ref()
        .map(|(reader, _)| Arc::clone(reader));
    let deadline = builder
        .deadline
        .as_ref()
        .map(|(reader, _)| Arc::clone(reader));
    let signals = signals.clone();
    // What was waited in the stack's own queue, its signals know already, and in most requests that
    // is all there is.
    let tell = move |class, latency: &QueueLatency| {
        let total = latency.total();
        if total.saturating_sub(latency.queue()) >= WORTH_TELLING {
            signals.record_queue_latency(class, total, &Now::unread());
        }
    };
    wanted.reading(priority, deadline).tell(tell).build()
}

fn check_contradictions(builder: &StackBuilder) -> Result<(), BuildError> {
    let wrong = |field, problem: &str| Err(BuildError::new(field, problem));
    if builder.quotas.is_empty() && builder.limit.is_none() && builder.shed.is_none() {
        return wrong(
            "stack",
            "nothing was asked for, so it would let everything in: set a limit, a quota or shedding",
        );
    }
    if builder.limit.is_none() {
        if !matches!(builder.queue, WantedQueue::Usual) {
            return wrong(
                "queue",
                "nobody waits where there is no limit: set `limit`, too",
            );
        }
        if builder.deadline.is_some() {
            return wrong(
                "deadline",
                "only the queue of a limit goes by it, and there is no limit: set `limit`, too",
            );
        }
    }
    if builder.priority.is_some() && builder.limit.is_none() && builder.shed.is_none() {
        return wrong(
            "priority",
            "quotas do not go by it, and there is nothing else: set a limit or shedding, too",
        );
    }
    if let Some(shed) = &builder.shed {
        let queues = builder.limit.is_some() && !matches!(builder.queue, WantedQueue::None);
        if !queues && shed.sources.is_empty() && shed.rules.pressures.is_empty() {
            return wrong(
                "shed",
                "there is nothing to go by: set a limit with a queue, or a pressure",
            );
        }
        if shed.rules.by != ShedBy::Turns && shed.tenant.is_none() {
            return wrong("shed", "nobody says whose a request is: set `tenant`, too");
        }
        if shed.rules.by == ShedBy::Turns && shed.tenant.is_some() {
            return wrong(
                "shed",
                "a tenant is set, and `turns` tells nobody apart: set `by` to `tenant` or `usage`",
            );
        }
        if builder.limit.is_some()
            && builder.limit_mode != Mode::Enforce
            && shed.sources.is_empty()
            && shed.rules.pressures.is_empty()
        {
            return wrong(
                "shed",
                "it goes by the queue of a limit that does not enforce, so nobody ever waits there: \
                 enforce the limit, or shadow the shedding, or set a pressure",
            );
        }
    }
    if builder.quotas.len() > MOST_QUOTAS {
        return wrong(
            "quota",
            "at most four kinds of keys can have quotas: several quotas on one key are one, separated by commas",
        );
    }
    Ok(())
}

fn check_names(quotas: &[StackQuota]) -> Result<(), BuildError> {
    let names: Vec<_> = quotas.iter().map(|quota| quota.handle().name()).collect();
    for (n, name) in names.iter().enumerate() {
        if names[..n].contains(name) {
            let problem = format!("two quotas are called {name}: name them differently");
            return Err(BuildError::new("quota", problem));
        }
    }
    Ok(())
}

fn tell_readers(builder: &StackBuilder, told: &mut Description) {
    if !builder.exempt.is_empty() {
        let kinds: Vec<&str> = builder
            .exempt
            .iter()
            .map(|(_, words)| words.as_str())
            .collect();
        let does = format!(
            "{}: up to {} at once, past all else",
            kinds.join(", "),
            builder.exempt_limit
        );
        told.decides("exempt", "exempt", Mode::Enforce, does);
    }
    if let Some((_, words)) = &builder.priority {
        told.reads("priority", words.clone());
    }
    if let Some((_, words)) = &builder.deadline {
        told.reads("deadline", words.clone());
    }
}

fn quota(
    wanted: WantedQuota,
    seed: Option<u64>,
    told: &mut Description,
) -> Result<StackQuota, BuildError> {
    let mut all = wanted.allow.into_iter();
    let Some(first) = all.next() else {
        return Err(BuildError::new(
            "quota",
            "it allows nothing: write as \"100/s burst 20\"",
        ));
    };
    let mut words = vec![first.to_string()];
    let mut builder = RateLimit::builder(first);
    for more in all {
        words.push(more.to_string());
        builder = builder.quota(more);
    }
    if let Some(name) = wanted.name {
        builder = builder.name(name);
    }
    if let Some(keys) = wanted.keys {
        builder = builder.capacity(keys);
    }
    if let Some(seed) = seed {
        builder = builder.seed(seed);
    }
    let built = builder.mode(wanted.mode).key(wanted.key).build()?;
    let mut does = format!("{} {}", words.join(" and "), wanted.per);
    let (kinds, named): (Vec<_>, Vec<_>) = wanted.only.into_iter().unzip();
    if !named.is_empty() {
        does += &format!(", only for {}", named.join(", "));
    }
    told.decides("quota", built.handle().name(), wanted.mode, does);
    Ok(StackQuota::new(built, AnyOf(kinds), &wanted.per))
}

fn limit(builder: &StackBuilder, told: &mut Description) -> Result<Option<StackLimit>, BuildError> {
    let Some(limit) = builder.limit else {
        return Ok(None);
    };
    let mut made = ConcurrencyLimit::builder(limit).mode(builder.limit_mode);
    let queue = match &builder.queue {
        WantedQueue::Usual => Some(QueueConfig::builder().capacity(usual_places(limit))),
        WantedQueue::Set(queue) => Some(queue.clone()),
        WantedQueue::None => None,
    };
    match queue {
        Some(queue) => {
            let config = queue
                .clone()
                .build()
                .map_err(|e| BuildError::caused("queue", e))?;
            let mut does = format!(
                "up to {} wait for up to {:?}, {}",
                config.capacity(),
                config.max_wait(),
                if builder.priority.is_some() {
                    "the most urgent first"
                } else {
                    "all alike"
                }
            );
            for class in Priority::all() {
                let share = config.share(class);
                if share > 0.0 {
                    does += &format!(", {:.0} % of the grants for class {class}", share * 100.0);
                }
            }
            told.decides("queue", "concurrency", builder.limit_mode, does);
            made = made.queue(queue);
        }
        None => made = made.no_queue(),
    }
    made = made.waiting_room(builder.room.clone());
    let built = made.priority(Known).deadline(Known).build()?;
    let does = format!("{limit} inside at once");
    told.decides("limit", built.handle().name(), builder.limit_mode, does);
    Ok(Some(built))
}

fn shed(
    wanted: WantedShed,
    limit: Option<&ConcurrencyLimitHandle>,
    signals: &Signals,
    seed: Option<u64>,
    told: &mut Description,
) -> Result<StackShed, BuildError> {
    let WantedShed {
        rules,
        tenant,
        sources,
    } = wanted;
    let mut builder = Shed::builder().mode(rules.mode);
    let mut by = Vec::new();
    if let Some(limit) = limit.filter(|limit| limit.backlog().places > 0) {
        builder = builder.queue(limit);
        by.push("the queue stands".to_owned());
    }
    if let Some(target) = rules.target {
        builder = builder.target(target);
    }
    if let Some(start) = rules.start {
        builder = builder.start(start);
    }
    for (class, share) in &rules.shares {
        builder = builder.share(priority(*class)?, *share);
    }
    if let Some(percent) = rules.enforce_percent {
        builder = builder.enforce_percent(percent);
    }
    if let Some(seed) = seed {
        builder = builder.seed(seed);
    }
    for rules in &rules.pressures {
        let source = rules.source(signals)?;
        by.push(format!("{} is above {}", rules.signal, rules.from));
        builder = builder.pressure(rules.signal.clone(), (0.0, 1.0), source);
    }
    for (name, bounds, source) in sources {
        by.push(format!("{name} presses"));
        builder = builder.pressure_boxed(name, bounds, source);
    }
    let (key, whose) = match &tenant {
        Some((key, words)) => (key.clone(), words.as_str()),
        None => (AnyKey(Arc::new(Unkeyed)), ""),
    };
    let builder = builder.priority(Known).tenant(key).retries(Known);
    let (builder, apart) = match (rules.by, tenant.is_some()) {
        (ShedBy::Usage, _) => (
            builder.by_usage(Duration::from_secs(30)),
            format!("those who use most first ({whose})"),
        ),
        (ShedBy::Tenant, _) => (builder, format!("some and not others ({whose})")),
        (ShedBy::Turns, _) => (builder.in_turns(), "in turns".to_owned()),
    };
    let built = builder.build()?;
    let mut does = format!("the least urgent while {}; {apart}", by.join(" or "));
    for (class, share) in &rules.shares {
        does += &format!(", {:.0} % is kept for class {class}", share * 100.0);
    }
    told.decides("shed", built.handle().name(), rules.mode, does);
    Ok(built)
}
