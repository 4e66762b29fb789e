use super::page::Page;
use super::say::{self, many, number, percent, time};
use crate::scenario::{Call, Change, Line, OnCancel, Scenario, Tier};

impl Scenario {
    pub(super) fn explain_tiers(&self, page: &mut Page) {
        if self.tiers.is_empty() {
            return;
        }
        page.heading("Tiers");
        for tier in &self.tiers {
            page.item(&format!("{}: {}", tier.name, words(tier)));
            for change in &tier.changes {
                page.item(&format!("  {}", happens(change)));
            }
        }
    }
}

fn words(tier: &Tier) -> String {
    let mut all = vec![
        many(tier.workers, "worker"),
        match tier.line {
            Line::Unbounded => "a line without bound".to_owned(),
            Line::AtMost(0) => "no line".to_owned(),
            Line::AtMost(places) => format!("a line of {}", many(places, "place")),
        },
        format!("a request takes {}", say::times(&tier.service)),
    ];
    if let Some(cores) = tier.cores {
        all.push(format!("they share {}", many(cores, "core")));
    }
    if let Some(lock) = tier.lock {
        all.push(format!(
            "{} of them hold one of {} for {}",
            percent(lock.share),
            many(lock.count, "lock"),
            time(lock.hold)
        ));
    }
    all.extend(tier.calls.iter().map(calls));
    if let Some(stream) = &tier.stream {
        all.push(format!("the answer streams for {}", say::times(stream)));
    }
    all.push(match tier.on_cancel {
        OnCancel::Stops => "work stops when its caller leaves".to_owned(),
        OnCancel::GoesOn => "work goes on when its caller has left".to_owned(),
    });
    all.join("; ")
}

fn calls(call: &Call) -> String {
    let times = match call.up_to {
        Some(most) if most != call.times => format!("{} to {most} times", call.times),
        _ => many(call.times, "time"),
    };
    let order = match (call.parallel, call.times, call.up_to) {
        (_, 1, None | Some(1)) => "",
        (true, ..) => ", all at once",
        (false, ..) => ", one after the other",
    };
    format!("calls {} {times}{order}", call.tier)
}

fn happens(change: &Change) -> String {
    let mut all = Vec::new();
    if let Some(slow) = change.slow {
        all.push(format!("work takes {} times as long", number(slow)));
    }
    if change.stall {
        all.push("nothing moves".to_owned());
    }
    if let Some(fail) = change.fail {
        let after = change
            .fail_after
            .map_or_else(String::new, |after| format!(" after {}", time(after)));
        all.push(format!("{} of the requests fail{after}", percent(fail)));
    }
    if let Some(left) = change.workers {
        all.push(format!("{left} of the workers are left"));
    }
    format!(
        "at {} for {}: {}",
        time(change.at),
        time(change.lasts),
        say::list(&all)
    )
}
