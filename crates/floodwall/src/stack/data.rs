//! From data to a builder.

use floodwall_core::queue::QueueConfig;
use floodwall_core::rate::Quota;

use super::builder::{StackBuilder, WantedQuota, WantedShed};
use super::priority::priority;
use super::{ConcurrencyRules, QuotaRules, Stack, StackConfig};
use crate::BuildError;
use crate::concurrency::Line;
use crate::http::{QueueLatencyLayer, TrustedProxies};

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
            builder.limit = Some(rules.limit.choice());
            builder.limit_mode = rules.mode;
            builder.queue = Some(rules.wanted()?);
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
    fn wanted(&self) -> Result<Line, BuildError> {
        let Some(rules) = &self.queue else {
            return Ok(Line::usual());
        };
        let mut queue = QueueConfig::builder();
        if let Some(wait) = rules.max_wait {
            queue = queue.max_wait(wait);
        }
        if let Some(yes) = rules.newest_first {
            queue = queue.newest_first(yes);
        }
        for (class, share) in &rules.shares {
            queue = queue.share(priority(*class)?, *share);
        }
        Ok(match rules.capacity {
            Some(0) => Line::None,
            Some(places) => Line::Set(queue.capacity(places)),
            None => Line::Usual(queue),
        })
    }
}
