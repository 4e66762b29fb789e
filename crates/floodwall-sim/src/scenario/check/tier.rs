use super::{Faults, check_names, times::check_times};
use crate::scenario::place::Place;
use crate::scenario::{Call, Change, Lock, Scenario, Tier};

const MAX_CALLS: u32 = 1_000;

impl Scenario {
    pub(super) fn check_tiers(&self, faults: &mut Faults) {
        check_names(
            "tier",
            self.tiers.iter().map(|tier| tier.name.as_str()),
            faults,
        );
        let known: Vec<&str> = self.tiers.iter().map(|tier| tier.name.as_str()).collect();
        for (n, tier) in self.tiers.iter().enumerate() {
            let place = Place::default().key("tier").index(n);
            if tier.workers == 0 {
                faults.add(
                    &place.key("workers"),
                    format!("tier `{}` has no workers", tier.name),
                    "write 1 or more; for a while without any, add a `change`",
                );
            }
            if tier.cores == Some(0) {
                faults.add(
                    &place.key("cores"),
                    format!("tier `{}` has no processor", tier.name),
                    "write 1 or more; to hold everything for a while, add a `change` with `stall`",
                );
            }
            check_times(&tier.service, &place.key("service"), "to serve", faults);
            if let Some(stream) = &tier.stream {
                check_times(stream, &place.key("stream"), "to stream", faults);
            }
            if let Some(lock) = &tier.lock {
                check_lock(lock, &place.key("lock"), faults);
            }
            for (n, call) in tier.calls.iter().enumerate() {
                check_call(call, &known, &place.key("calls").index(n), faults);
            }
            for (n, change) in tier.changes.iter().enumerate() {
                self.check_change(tier, change, &place.key("change").index(n), faults);
            }
        }
        self.check_circle(faults);
        for (n, name) in self.protect.iter().enumerate() {
            let place = Place::default().key("protect").index(n);
            faults.known(&place, "tier", name, &known);
        }
    }

    fn check_change(&self, tier: &Tier, change: &Change, place: &Place, faults: &mut Faults) {
        if change.lasts.is_zero() {
            faults.add(
                &place.key("for"),
                "a change that lasts no time at all",
                "write more than 0",
            );
        }
        if !self.phases.is_empty() && change.at >= self.whole_length() {
            faults.add(
                &place.key("at"),
                "the run is over before the change",
                "write an earlier `at`, or longer phases",
            );
        }
        let Change {
            slow,
            stall,
            fail,
            workers,
            ..
        } = change;
        if slow.is_none() && !stall && fail.is_none() && workers.is_none() {
            faults.add(
                place,
                "a change in which nothing changes",
                "add one of `slow`, `stall`, `fail` and `workers`",
            );
        }
        if let Some(slow) = slow {
            faults.more_than_zero(&place.key("slow"), "`slow`", *slow);
        }
        if let Some(fail) = fail {
            faults.share(&place.key("fail"), "the share that fails", *fail);
        } else if change.fail_after.is_some() {
            faults.add(
                &place.key("fail_after"),
                "it is said when requests fail, but none does",
                "add `fail`, the share of them",
            );
        }
        if workers.is_some_and(|left| left > tier.workers) {
            faults.add(
                &place.key("workers"),
                format!("more workers are left than tier `{}` has", tier.name),
                format!("write {} at most", tier.workers),
            );
        }
    }
}

fn check_lock(lock: &Lock, place: &Place, faults: &mut Faults) {
    faults.share(
        &place.key("share"),
        "the share that needs a lock",
        lock.share,
    );
    if lock.count == 0 {
        faults.add(
            &place.key("count"),
            "there are 0 locks",
            "write 1 or more, or remove `lock`",
        );
    }
    faults.not_zero(&place.key("hold"), "hold", Some(lock.hold));
}

fn check_call(call: &Call, known: &[&str], place: &Place, faults: &mut Faults) {
    faults.known(&place.key("tier"), "tier", &call.tier, known);
    if !(1..=MAX_CALLS).contains(&call.times) {
        faults.add(
            &place.key("times"),
            format!("{} calls to tier `{}`", call.times, call.tier),
            format!("write 1 to {MAX_CALLS}"),
        );
    }
    let Some(most) = call.up_to else { return };
    if !(call.times..=MAX_CALLS).contains(&most) {
        faults.add(
            &place.key("up_to"),
            format!(
                "{} calls to tier `{}`, and up to {most}",
                call.times, call.tier
            ),
            format!("write an `up_to` of `times` to {MAX_CALLS}"),
        );
    }
}
