//! The parts of a stack, made and told.

use std::sync::Arc;
use std::time::Duration;

use floodwall_core::Priority;

use super::asked::{AnyKey, Known, Turns};
use super::builder::{StackBuilder, WantedQuota, WantedShed};
use super::kind::AnyOf;
use super::priority::priority;
use super::quota::StackQuota;
use super::wall::{StackLimit, StackShed};
use super::{Description, ShedBy};
use crate::concurrency::{ConcurrencyLimitBuilder, ConcurrencyLimitHandle, Line};
use crate::extract::Unkeyed;
use crate::signals::Signals;
use crate::{BuildError, RateLimit, Shed};

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
    builder: &mut StackBuilder,
    told: &mut Description,
) -> Result<Option<StackLimit>, BuildError> {
    let Some(limit) = builder.limit.take() else {
        return Ok(None);
    };
    let (is_fixed, words) = (limit.is_fixed(), limit.words());
    let mut made = ConcurrencyLimitBuilder::begin(limit)
        .name(std::mem::take(&mut builder.limit_name))
        .mode(builder.limit_mode)
        .waiting_room(builder.room.clone());
    made.queue = builder.queue.take().unwrap_or_else(Line::usual);
    let queue = match &made.queue {
        Line::None => None,
        Line::Untold => Some((crate::QueueConfig::builder(), is_fixed)),
        Line::Set(queue) => Some((queue.clone(), true)),
        Line::Usual(queue) => Some((queue.clone(), is_fixed)),
    };
    let turns = Turns(builder.fair.as_ref().map(|(key, _)| key.clone()));
    let mut made = made.priority(Known).deadline(Known);
    if let Some(seed) = builder.seed {
        made = made.seed(seed);
    }
    let built = made.in_turns(turns, builder.fair.is_some()).build()?;
    let handle = built.handle();
    if let Some((queue, stays)) = queue {
        let config = queue
            .build()
            .map_err(|error| BuildError::caused("queue", error))?;
        let mut does = if stays {
            format!("up to {} wait", handle.backlog().places)
        } else {
            "four for each one inside, at least 16, wait".to_owned()
        };
        does += &format!(" for up to {:?}, ", config.max_wait());
        does += if builder.priority.is_some() {
            "the most urgent first"
        } else {
            "all alike"
        };
        if let Some((_, whose)) = &builder.fair {
            does += &format!(", in turns {whose}");
        }
        for class in Priority::all() {
            let share = config.share(class);
            if share > 0.0 {
                does += &format!(", {:.0} % of the grants for class {class}", share * 100.0);
            }
        }
        told.decides("queue", handle.name(), builder.limit_mode, does);
    }
    told.decides("limit", handle.name(), builder.limit_mode, words);
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
