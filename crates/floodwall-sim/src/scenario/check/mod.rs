//! What a scenario may say: one file for each part of it, all faults at once.

mod calls;
mod client;
mod expect;
mod faults;
mod flow;
mod stack;
mod tier;
mod times;
mod times_text;

pub(crate) use faults::Faults;

use std::time::Duration;

use super::place::Place;
use super::{Arrivals, Scenario, Trace};
use crate::contender::Contender;

/// More requests per second than this cannot be told apart: 100 ns lie between them.
pub(crate) const MAX_RATE: f64 = 10_000_000.0;
/// The longest run.
pub(crate) const MAX_LENGTH: Duration = Duration::from_secs(30 * 24 * 60 * 60);
/// The most runs of a sweep.
const MAX_SWEEP: usize = 1_000;

impl Scenario {
    /// All that is wrong with it.
    pub(crate) fn faults(&self) -> Faults {
        let mut faults = Faults::default();
        self.check_whole(&mut faults);
        self.check_flow(&mut faults);
        self.check_clients(&mut faults);
        self.check_tiers(&mut faults);
        self.check_stack(&mut faults);
        self.check_expectations(&mut faults);
        faults
    }

    /// How long all phases last together, even if that is nonsense.
    fn whole_length(&self) -> Duration {
        self.phases
            .iter()
            .fold(Duration::ZERO, |sum, phase| sum.saturating_add(phase.lasts))
    }

    fn check_whole(&self, faults: &mut Faults) {
        let root = Place::default();
        for (index, name) in self.compare.iter().enumerate() {
            if let Err(error) = name.parse::<Contender>() {
                let told = error.to_string();
                let (problem, fix) = told.split_once(": ").unwrap_or((&told, "leave it out"));
                faults.add(&root.key("compare").index(index), problem, fix);
            }
        }
        match &self.trace {
            Some(trace) => self.check_trace(trace, faults),
            None => {
                if self.phases.is_empty() {
                    faults.add(
                        &root.key("phase"),
                        "there is no phase",
                        "add a `[[phase]]` with `name`, `for`, and `load` or `rate`",
                    );
                }
                if self.clients.is_empty() {
                    faults.add(
                        &root.key("client"),
                        "nobody sends requests",
                        "add a `[[client]]` with `name` and `share = 1.0`",
                    );
                }
            }
        }
        if let Some(capacity) = self.capacity {
            let place = root.key("capacity");
            if faults.more_than_zero(&place, "the capacity", capacity) {
                faults.rate(&place, "the capacity", capacity);
            }
        }
        check_arrivals(self.arrivals, &root.key("arrivals"), faults);
        self.check_sweep(faults);
        if self.no_collapse.is_some() && !self.collapse.is_empty() {
            faults.add(
                &root.key("no_collapse"),
                "the scenario says both how the bare service fails and why it does not",
                "keep `collapse` or `no_collapse`",
            );
        }
    }

    fn check_sweep(&self, faults: &mut Faults) {
        let place = Place::default().key("sweep");
        for (n, load) in self.sweep.iter().enumerate() {
            if faults.more_than_zero(&place.index(n), "a load of the sweep", *load) {
                self.check_load(&place.index(n), *load, faults);
            }
        }
        if self.sweep.len() > MAX_SWEEP {
            faults.add(
                &place,
                format!("a sweep over {} loads", self.sweep.len()),
                format!("take {MAX_SWEEP} at most"),
            );
        }
        if self.trace.is_some() && !self.sweep.is_empty() {
            faults.add(
                &place,
                "a recording has the load that it has",
                "remove `sweep`, or use `phase` and `client` instead of `trace`",
            );
        }
    }

    fn check_trace(&self, trace: &Trace, faults: &mut Faults) {
        let root = Place::default();
        let place = root.key("trace");
        if !self.clients.is_empty() {
            faults.add(
                &root.key("client"),
                "requests come from the recording and from clients",
                "keep `trace` or `client`",
            );
        }
        for (n, phase) in self.phases.iter().enumerate() {
            let place = root.key("phase").index(n);
            for (key, said) in [
                ("load", phase.load.is_some()),
                ("rate", phase.rate.is_some()),
            ] {
                if said {
                    faults.add(
                        &place.key(key),
                        format!(
                            "phase `{}` says how much comes, and so does the recording",
                            phase.name
                        ),
                        format!("remove `{key}`, or `trace`"),
                    );
                }
            }
        }
        if super::trace::Format::of(&trace.file).is_none() {
            faults.add(
                &place.key("file"),
                format!(
                    "`{}` is no recording that can be read",
                    trace.file.display()
                ),
                "name a file that ends in `.csv`, `.jsonl` or `.log`",
            );
        }
        faults.more_than_zero(&place.key("speed"), "the speed", trace.speed);
        for (key, time) in [("deadline", trace.deadline), ("patience", trace.patience)] {
            faults.not_zero(&place.key(key), key, time);
        }
    }
}

fn check_arrivals(arrivals: Arrivals, place: &Place, faults: &mut Faults) {
    if arrivals == Arrivals::Bursts(0) {
        faults.add(
            place,
            "bursts of 0 requests",
            "write how many come at the same moment, 1 or more",
        );
    }
}

/// Names that are empty or taken.
fn check_names<'a>(key: &str, names: impl Iterator<Item = &'a str>, faults: &mut Faults) {
    let mut seen = std::collections::BTreeSet::new();
    for (n, name) in names.enumerate() {
        let place = Place::default().key(key).index(n).key("name");
        if name.trim().is_empty() {
            faults.add(&place, format!("a {key} without a name"), "give it one");
        } else if !seen.insert(name) {
            faults.add(
                &place,
                format!("there are two of `{name}`"),
                format!("give each {key} a name of its own"),
            );
        }
    }
}
