//! What cannot be together, and why.

use super::ShedBy;
use super::builder::StackBuilder;
use super::quota::StackQuota;
use crate::concurrency::Line;
use crate::{BuildError, Mode};

const MOST_QUOTAS: usize = 4;

pub(super) fn check_contradictions(builder: &StackBuilder) -> Result<(), BuildError> {
    let wrong = |field, problem: &str| Err(BuildError::new(field, problem));
    if builder.quotas.is_empty() && builder.limit.is_none() && builder.shed.is_none() {
        return wrong(
            "stack",
            "nothing was asked for, so it would let everything in: set a limit, a quota or shedding",
        );
    }
    if builder.limit.is_none() {
        if builder.queue.is_some() {
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
        let queues = builder.limit.is_some() && !matches!(builder.queue, Some(Line::None));
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

pub(super) fn check_names(quotas: &[StackQuota]) -> Result<(), BuildError> {
    let names: Vec<_> = quotas.iter().map(|quota| quota.handle().name()).collect();
    for (n, name) in names.iter().enumerate() {
        if names[..n].contains(name) {
            let problem = format!("two quotas are called {name}: name them differently");
            return Err(BuildError::new("quota", problem));
        }
    }
    Ok(())
}
