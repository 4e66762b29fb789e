//! The parts of a stack, made and told.

use std::sync::Arc;
use std::time::Duration;

use floodwall_core::Priority;
use floodwall_core::queue::QueueConfig;

use super::asked::{AnyKey, Known, Turns};
use super::builder::{StackBuilder, WantedQueue, WantedQuota, WantedShed};
use super::kind::AnyOf;
use super::priority::priority;
use super::quota::StackQuota;
use super::wall::{StackLimit, StackShed};
use super::{Description, ShedBy};
use crate::concurrency::ConcurrencyLimitHandle;
use crate::extract::Unkeyed;
use crate::signals::Signals;
use crate::{BuildError, ConcurrencyLimit, RateLimit, Shed};

pub(super) fn usual_places(limit: u32) -> u32 {
    limit.saturating_mul(4).clamp(16, QueueConfig::MAX_CAPACITY)
}

pub(super) fn quota(
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
    let built = builder.mode(wanted.mode).key(wanted.key.clone()).build()?;
    let mut does = format!("{} {}", words.join(" and "), wanted.per);
    let (kinds, named): (Vec<_>, Vec<_>) = wanted.only.into_iter().unzip();
    if !named.is_empty() {
        does += &format!(", only for {}", named.join(", "));
    }
    told.decides("quota", built.handle().name(), wanted.mode, does);
    Ok(StackQuota::new(
        built,
        AnyOf(kinds),
        &wanted.per,
        wanted.key,
    ))
}

pub(super) fn limit(
    builder: &StackBuilder,
    told: &mut Description,
) -> Result<Option<StackLimit>, BuildError> {
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
        Some(mut queue) => {
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
            if let Some((_, whose)) = &builder.fair {
                queue = queue.fair(config.fair().unwrap_or_default());
                does += &format!(", in turns {whose}");
            }
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
    let turns = Turns(builder.fair.as_ref().map(|(key, _)| key.clone()));
    let mut made = made.priority(Known).deadline(Known);
    if let Some(seed) = builder.seed {
        made = made.seed(seed);
    }
    let built = made.told_apart_by(turns).build()?;
    let does = format!("{limit} inside at once");
    told.decides("limit", built.handle().name(), builder.limit_mode, does);
    Ok(Some(built))
}

pub(super) fn shed(
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
