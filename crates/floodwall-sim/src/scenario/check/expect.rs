use super::Faults;
use crate::scenario::place::Place;
use crate::scenario::{Bound, Expect, Measure, Scenario};

impl Scenario {
    pub(super) fn check_expectations(&self, faults: &mut Faults) {
        for (key, all) in [("collapse", &self.collapse), ("expect", &self.expect)] {
            for (n, one) in all.iter().enumerate() {
                self.check_expect(one, &Place::default().key(key).index(n), faults);
            }
        }
    }

    fn check_expect(&self, expect: &Expect, place: &Place, faults: &mut Faults) {
        let bounds = [("at_least", expect.at_least), ("at_most", expect.at_most)];
        let mut well = true;
        for (key, bound) in bounds {
            if let Some(bound) = bound {
                well &= check_bound(expect.measure, bound, &place.key(key), faults);
            }
        }
        match (expect.at_least, expect.at_most) {
            (None, None) => faults.add(
                place,
                format!("nothing is expected of `{}`", expect.measure),
                "add `at_least` or `at_most`",
            ),
            (Some(least), Some(most)) if well && least.value() > most.value() => faults.add(
                &place.key("at_most"),
                "nothing is at least this much and at most that much",
                "write an `at_most` above `at_least`",
            ),
            _ => {}
        }
        if let Some(phase) = &expect.during {
            let known: Vec<&str> = self.phases.iter().map(|p| p.name.as_str()).collect();
            faults.known(&place.key("during"), "phase", phase, &known);
        } else if expect.measure == Measure::Recovery {
            faults.add(
                &place.key("measure"),
                "recovery is counted from the start of a phase",
                "add `during`",
            );
        }
        if let Some(client) = &expect.client {
            let known: Vec<&str> = self.clients.iter().map(|c| c.name.as_str()).collect();
            faults.known(&place.key("client"), "client", client, &known);
        }
        if let Some(class) = expect.class {
            self.check_class(class, &place.key("class"), faults);
        }
    }

    fn check_class(&self, class: u8, place: &Place, faults: &mut Faults) {
        // Which classes are in a recording is known only when it has been read.
        if !faults.class(place, class) || self.trace.is_some() || self.clients.is_empty() {
            return;
        }
        let mut known: Vec<u8> = self.clients.iter().map(|client| client.class).collect();
        known.sort_unstable();
        known.dedup();
        if !known.contains(&class) {
            let known: Vec<String> = known.iter().map(ToString::to_string).collect();
            faults.add(
                place,
                format!("no client is of class {class}"),
                format!("the classes here are {}", known.join(", ")),
            );
        }
    }
}

fn check_bound(measure: Measure, bound: Bound, place: &Place, faults: &mut Faults) -> bool {
    match (measure.is_time(), bound) {
        (true, Bound::Number(value)) => {
            faults.add(
                place,
                format!("`{measure}` is a length of time, not {value}"),
                "write it with its unit, as in \"55ms\"",
            );
            return false;
        }
        (false, Bound::Seconds(_)) => {
            faults.add(
                place,
                format!("`{measure}` is no length of time"),
                "write a number, or a share as in \"98 %\"",
            );
            return false;
        }
        _ => {}
    }
    let value = bound.value();
    if !faults.zero_or_more(place, format_args!("`{measure}`"), value) {
        return false;
    }
    let share = measure.is_share() || measure == Measure::Fairness;
    if share && value > 1.0 {
        let fix = if value <= 100.0 {
            // Six digits, so that 0.07 is not shown as what it is to a computer.
            let shown = (value * 1e4).round() / 1e6;
            format!("write {shown} or \"{value} %\"")
        } else {
            "write 0 to 1, or \"0 %\" to \"100 %\"".to_owned()
        };
        faults.add(
            place,
            format!("`{measure}` is a share, 0 to 1, not {value}"),
            fix,
        );
        return false;
    }
    true
}
