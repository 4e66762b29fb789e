use std::time::Duration;

use floodwall_core::outbound::Budget;

use super::flights::Wanted;
use crate::Answer;
use crate::chance::{Stream, nanos};
use crate::scenario::Retry;
use crate::time::World;

/// How a client tries again, and how much of that is going on.
pub(super) struct Retries {
    rule: Option<Retry>,
    chance: Stream,
    /// floodwall's own; asked if the client has one.
    budget: Option<Budget>,
    /// Those of them that are at a retry, under way or scheduled.
    retrying: u64,
}

impl Retries {
    pub(super) fn new(rule: Option<Retry>, name: &str, world: &World) -> Self {
        Self {
            rule,
            chance: world.stream(&format!("client/{name}/retries")),
            budget: rule.and_then(|rule| rule.budget).map(|share| {
                Budget::new(share, Budget::AT_LEAST).expect("the scenario was checked")
            }),
            retrying: 0,
        }
    }

    pub(super) fn is_on(&self) -> bool {
        self.rule.is_some()
    }

    pub(super) fn opened(&mut self) {
        if let Some(budget) = &self.budget {
            budget.open();
        }
    }

    /// A request has its end.
    pub(super) fn closed(&self) {
        if let Some(budget) = &self.budget {
            budget.close();
        }
    }

    /// An attempt has its end; if it was a retry, there is room for another.
    pub(super) fn attempted(&mut self, wanted: &Wanted) {
        if wanted.number > 0 {
            self.retrying -= 1;
            if let Some(budget) = &self.budget {
                budget.unschedule();
            }
        }
    }

    pub(super) const fn retrying(&self) -> u64 {
        self.retrying
    }

    /// How long it waits before it tries `wanted` again; `None` if it does not. The wait counts from
    /// the moment of the answer.
    pub(super) fn wait(&mut self, wanted: &Wanted, answer: Option<&Answer>) -> Option<u64> {
        let rule = self.rule?;
        if wanted.number >= rule.times {
            return None;
        }
        if !self.budget.as_ref().is_none_or(Budget::schedule) {
            return None;
        }
        self.retrying += 1;
        let exponent = f64::from(wanted.number);
        let stretch = libm::pow(rule.growth, exponent) * (1.0 + rule.jitter * self.chance.unit());
        let wait = crate::chance::round(nanos(rule.backoff) as f64 * stretch);
        let told = match answer {
            Some(Answer::Refused(refusal)) if rule.honours_retry_after => {
                refusal.retry_after().map_or(0, whole_seconds)
            }
            _ => 0,
        };
        Some(wait.max(told))
    }
}

/// As `Retry-After` says it: whole seconds, rounded up, at least one.
fn whole_seconds(time: Duration) -> u64 {
    let up = u64::from(time.subsec_nanos() > 0);
    (time.as_secs() + up).max(1) * 1_000_000_000
}
