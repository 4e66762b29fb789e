//! A scenario in words.

mod client;
mod page;
mod say;
mod sentence;
mod tier;

use std::time::Duration;

use page::Page;
use say::{many, number, percent, time};

use super::{Arrivals, Per, Phase, QueueRule, Scenario, Shape, ShedBy, ShedRule, Stack};

impl Scenario {
    /// The scenario in words, 80 columns wide: what it is for, what comes, who answers, and what must
    /// hold.
    ///
    /// ```
    /// use floodwall_sim::{Client, Phase, Scenario};
    /// use std::time::Duration;
    ///
    /// let flood = Scenario::new("flood")
    ///     .phase(Phase::new("flood", Duration::from_secs(5)).rate(4_000.0))
    ///     .client(Client::new("everybody").share(1.0));
    /// let text = flood.explain();
    /// assert!(text.contains("4000 requests per second"));
    /// assert!(text.lines().all(|line| line.len() <= 80));
    /// ```
    #[must_use]
    pub fn explain(&self) -> String {
        let mut page = Page::default();
        page.heading(&match self.about.as_str() {
            "" => self.name.clone(),
            about => format!("{}: {about}", self.name),
        });
        if !self.holds.is_empty() {
            page.heading("What must hold");
            page.item(&self.holds);
        }
        self.explain_capacity(&mut page);
        self.explain_flow(&mut page);
        self.explain_clients(&mut page);
        self.explain_tiers(&mut page);
        self.explain_stack(&mut page);
        self.explain_ends(&mut page);
        page.into_text()
    }

    fn explain_capacity(&self, page: &mut Page) {
        if let Some(capacity) = self.best_capacity() {
            page.heading("Capacity");
            let whence = match self.capacity {
                Some(_) => "as the scenario says",
                None => "workers divided by the mean time that a request keeps one",
            };
            page.item(&format!(
                "{} requests per second: {whence}",
                number(capacity)
            ));
        }
    }

    fn explain_flow(&self, page: &mut Page) {
        if let Some(trace) = &self.trace {
            page.heading("Recording");
            let speed = match trace.speed {
                1.0 => "at the speed at which it was recorded".to_owned(),
                speed => format!("{} times as fast as it was recorded", number(speed)),
            };
            page.item(&format!("{}, {speed}", trace.file.display()));
            for (what, limit) in [
                ("an answer is worth nothing", trace.deadline),
                ("callers hang up", trace.patience),
            ] {
                if let Some(limit) = limit {
                    page.item(&format!("after {} {what}", time(limit)));
                }
            }
        }
        if !self.phases.is_empty() {
            page.heading("Phases");
            let mut rows = vec![["name", "from", "to", "what comes"].map(str::to_owned)];
            let mut from = Duration::ZERO;
            for phase in &self.phases {
                let to = from.saturating_add(phase.lasts);
                let much = self.how_much(phase);
                rows.push([phase.name.clone(), time(from), time(to), much]);
                from = to;
            }
            page.table(&rows);
        }
        if !self.sweep.is_empty() {
            page.heading("Runs");
            let loads: Vec<String> = self.sweep.iter().copied().map(number).collect();
            page.item(&format!(
                "once for each load of {} times the capacity, in every phase",
                say::list(&loads)
            ));
        }
    }

    fn how_much(&self, phase: &Phase) -> String {
        let mut much = match (phase.load, phase.rate) {
            (Some(load), _) => match self.best_capacity() {
                Some(capacity) => format!(
                    "{} times the capacity: {} requests per second",
                    number(load),
                    number(load * capacity)
                ),
                None => format!("{} times the capacity", number(load)),
            },
            (None, Some(rate)) => format!("{} requests per second", number(rate)),
            (None, None) if self.trace.is_some() => "what was recorded".to_owned(),
            (None, None) if !self.sweep.is_empty() => "as the run says".to_owned(),
            (None, None) => "what clients send by themselves".to_owned(),
        };
        match phase.shape {
            Some(Shape::RampTo(end)) if phase.rate.is_some() => {
                much += &format!(", evenly to {} per second", number(end));
            }
            Some(Shape::RampTo(end)) => {
                much += &format!(", evenly to {} times the capacity", number(end));
            }
            Some(Shape::Wave { swing, period }) => {
                much += &format!(", up and down by {} every {}", percent(swing), time(period));
            }
            Some(Shape::Crowd {
                peak,
                rise,
                half_life,
            }) => {
                much += &format!(
                    ", up to {} times that within {}, and half of the crowd leaves every {}",
                    number(peak),
                    time(rise),
                    time(half_life)
                );
            }
            None => {}
        }
        if !phase.settle.is_zero() {
            much += &format!("; counted after {}", time(phase.settle));
        }
        much
    }

    fn explain_stack(&self, page: &mut Page) {
        let Some(stack) = &self.stack else { return };
        page.heading("Stack");
        if !self.protect.is_empty() {
            page.item(&format!("stands before {}", say::list(&self.protect)));
        }
        let inside = match (stack.adaptive, stack.limit) {
            (true, _) => Some("as many inside at once as the limit finds right".to_owned()),
            (false, Some(limit)) => Some(format!("{} inside at once", many(limit, "request"))),
            (false, None) => None,
        };
        match inside {
            Some(inside) => {
                let queue = stack
                    .queue
                    .as_ref()
                    .map_or("floodwall's default queue".to_owned(), queue);
                page.item(&format!("{inside}, and {queue}"));
            }
            None => page.item("no limit to how many are inside"),
        }
        for quota in &stack.quotas {
            let whose = match quota.per {
                Per::All => "all together",
                Per::Client => "each client",
                Per::Tenant => "each tenant",
            };
            page.item(&format!("a quota of {} for {whose}", quota.allow));
        }
        if let Some(rule) = &stack.shed {
            page.item(&shed(rule));
        }
        if let Some(share) = stack.retry_budget {
            let share = percent(share);
            page.item(&format!(
                "a budget on the side of each client: at most {share} of its requests are retries"
            ));
        }
        page.item(knows(stack));
    }

    fn explain_ends(&self, page: &mut Page) {
        if !self.collapse.is_empty() {
            page.heading("Without the stack it collapses");
        }
        for expect in &self.collapse {
            page.item(&expect.to_string());
        }
        if let Some(why) = &self.no_collapse {
            page.heading("Without the stack nothing collapses");
            page.item(why);
        }
        if !self.expect.is_empty() {
            page.heading("Behind the stack it is expected");
        }
        for expect in &self.expect {
            page.item(&expect.to_string());
        }
        if !self.compare.is_empty() {
            page.heading("Compared with");
            page.item(&say::list(&self.compare));
        }
    }
}

const fn knows(stack: &Stack) -> &'static str {
    match (stack.priority, stack.deadline) {
        (true, true) => "knows the priority and the deadline of requests",
        (true, false) => "knows the priority of requests, not their deadline",
        (false, true) => "knows the deadline of requests, not their priority",
        (false, false) => "knows neither the priority nor the deadline of requests",
    }
}

fn shed(rule: &ShedRule) -> String {
    let mut text = match rule.by {
        ShedBy::Turns => "sheds the least urgent first, in turns".to_owned(),
        ShedBy::Tenant => "sheds the least urgent first, by tenant".to_owned(),
        ShedBy::Usage => {
            "sheds the least urgent first, those who use most before others".to_owned()
        }
    };
    if let Some(start) = rule.start {
        text += &format!(", when the queue stands above {}", time(start));
    }
    if let Some(target) = rule.target {
        text += &format!(", down to a queue of {}", time(target));
    }
    for (class, share) in &rule.shares {
        text += &format!(", {} is kept for class {class}", percent(*share));
    }
    text
}

fn queue(rule: &QueueRule) -> String {
    let mut text = match rule.capacity {
        Some(0) => return "no queue".to_owned(),
        Some(places) => format!("a queue of {}", many(places, "place")),
        None => "a queue".to_owned(),
    };
    if let Some(wait) = rule.max_wait {
        text += &format!(", {} at most", time(wait));
    }
    if let Some(target) = rule.target {
        text += &format!(", newest first when its delay is above {}", time(target));
        if let Some(interval) = rule.interval {
            text += &format!(" for {}", time(interval));
        }
    }
    if rule.newest_first == Some(false) {
        text += ", always oldest first";
    }
    match rule.fair {
        Per::All => {}
        Per::Client => text += ", the clients in turns",
        Per::Tenant => text += ", the tenants in turns",
    }
    for (class, share) in &rule.shares {
        text += &format!(", {} of the grants for class {class}", percent(*share));
    }
    text
}

impl Scenario {
    /// Said only where it is not the usual.
    fn pattern(&self, own: Option<Arrivals>) -> Option<String> {
        let arrivals = own.unwrap_or(self.arrivals);
        (arrivals != Arrivals::Poisson).then(|| say::arrivals(arrivals))
    }
}
