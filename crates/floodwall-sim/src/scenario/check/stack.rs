use floodwall::concurrency::{FairQueues, QueueConfigBuilder};
use floodwall::shed::ShedBuilder;
use floodwall::{Priority, QueueConfig, Quota, Shed};

use super::Faults;
use crate::scenario::place::Place;
use crate::scenario::{QueueRule, Scenario, ShedRule};

impl Scenario {
    pub(super) fn check_stack(&self, faults: &mut Faults) {
        let Some(stack) = &self.stack else { return };
        let place = Place::default().key("stack");
        if stack.limit == Some(0) {
            faults.add(
                &place.key("limit"),
                "a limit of 0 would let nothing in",
                "write at least 1",
            );
        }
        if let Some(share) = stack.retry_budget {
            let place = place.key("retry_budget");
            faults.share(&place, "the budget of retries", share);
        }
        if let Some(queue) = &stack.queue {
            let place = place.key("queue");
            if !stack.is_limited() {
                faults.add(
                    &place,
                    "a queue without a limit is never used",
                    "add `limit` to `stack`",
                );
            }
            if queue.capacity == Some(0) && !queue.fair.is_all() {
                faults.add(
                    &place.key("fair"),
                    "where nobody waits nobody takes turns",
                    "leave `fair` out, or write a larger `capacity`",
                );
            }
            queue.check(&place, faults);
        }
        if let Some(shed) = &stack.shed {
            let place = place.key("shed");
            let queues = stack
                .queue
                .as_ref()
                .is_none_or(|rule| rule.capacity != Some(0));
            if !stack.is_limited() || !queues {
                faults.add(
                    &place,
                    "shedding watches the queue of the limit, and there is none",
                    "add `limit` to `stack`, with a queue",
                );
            }
            shed.check(&place, faults);
        }
        for (n, quota) in stack.quotas.iter().enumerate() {
            if let Err(error) = quota.allow.parse::<Quota>() {
                let place = place.key("quota").index(n).key("allow");
                let (problem, fix) = split(&error.to_string());
                faults.add(&place, format!("`{}`: {problem}", quota.allow), fix);
            }
        }
    }
}

impl ShedRule {
    /// As floodwall takes it. Keys of shares that are no class are left out: they have been refused
    /// before.
    pub(crate) fn builder(&self) -> ShedBuilder {
        let mut builder = Shed::builder();
        if let Some(target) = self.target {
            builder = builder.target(target);
        }
        if let Some(start) = self.start {
            builder = builder.start(start);
        }
        for (class, share) in &self.shares {
            if let Ok(priority) = class.parse::<Priority>() {
                builder = builder.share(priority, *share);
            }
        }
        builder
    }

    fn check(&self, place: &Place, faults: &mut Faults) {
        for class in self.shares.keys() {
            if class.parse::<Priority>().is_err() {
                faults.add(
                    &place.key("shares").key(class),
                    format!("there is no class `{class}`"),
                    "write 0 (most urgent) to 7",
                );
            }
        }
        if let Err(error) = self.builder().build() {
            let text = error.to_string();
            let text = text.strip_prefix("share: ").unwrap_or(&text);
            let (problem, fix) = split(text);
            let key = if error.field() == "share" {
                "shares"
            } else {
                error.field()
            };
            faults.add(&place.key(key), problem, fix);
        }
    }
}

impl QueueRule {
    /// As floodwall takes it; `None` is no queue at all. What is not said is as floodwall has it for
    /// this limit. Keys of shares that are no class are left
    /// out: they have been refused before.
    pub(crate) fn builder(&self, limit: u32) -> Option<QueueConfigBuilder> {
        if self.capacity == Some(0) {
            return None;
        }
        let usual = limit.saturating_mul(4).max(16);
        let usual = usual.min(QueueConfig::MAX_CAPACITY);
        let mut config = QueueConfig::builder().capacity(self.capacity.unwrap_or(usual));
        if let Some(time) = self.max_wait {
            config = config.max_wait(time);
        }
        if let Some(time) = self.target {
            config = config.target(time);
        }
        if let Some(time) = self.interval {
            config = config.interval(time);
        }
        if let Some(yes) = self.newest_first {
            config = config.newest_first(yes);
        }
        if !self.fair.is_all() {
            config = config.fair(FairQueues::default());
        }
        for (class, share) in &self.shares {
            if let Ok(priority) = class.parse::<Priority>() {
                config = config.share(priority, *share);
            }
        }
        Some(config)
    }

    /// Each setting alone, so that the fault has the line of its key; then all together.
    fn check(&self, place: &Place, faults: &mut Faults) {
        let before = faults.len();
        let none = Self::default;
        let settings = [
            (
                "capacity",
                Self {
                    capacity: self.capacity,
                    ..none()
                },
            ),
            (
                "max_wait",
                Self {
                    max_wait: self.max_wait,
                    ..none()
                },
            ),
            (
                "target",
                Self {
                    target: self.target,
                    ..none()
                },
            ),
            (
                "interval",
                Self {
                    interval: self.interval,
                    ..none()
                },
            ),
        ];
        for (key, rule) in settings {
            rule.ask(&place.key(key), faults);
        }
        for (class, share) in &self.shares {
            let place = place.key("shares").key(class);
            if class.parse::<Priority>().is_err() {
                faults.add(
                    &place,
                    format!("there is no class `{class}`"),
                    "write 0 (most urgent) to 7",
                );
                continue;
            }
            let shares = [(class.clone(), *share)].into();
            Self { shares, ..none() }.ask(&place, faults);
        }
        if faults.len() == before {
            let place = place.key("shares");
            Self {
                shares: self.shares.clone(),
                ..none()
            }
            .ask(&place, faults);
        }
    }

    /// Asks floodwall.
    fn ask(&self, place: &Place, faults: &mut Faults) {
        if let Some(Err(error)) = self.builder(1).map(QueueConfigBuilder::build) {
            let (problem, fix) = split(&error.to_string());
            faults.add(place, problem, fix);
        }
    }
}

/// Floodwall's errors say what is wrong and what would do in one line; further ones point into it.
fn split(message: &str) -> (String, String) {
    let line = message.lines().next().unwrap_or_default();
    let (problem, fix) = line.split_once(": ").unwrap_or((line, "change it"));
    (problem.to_owned(), fix.to_owned())
}
