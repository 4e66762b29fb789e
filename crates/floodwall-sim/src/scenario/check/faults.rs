use std::fmt::Display;
use std::time::Duration;

use super::MAX_RATE;
use crate::scenario::nearest::did_you_mean;
use crate::scenario::place::Place;

/// What was found to be wrong: where, what, and what would do.
#[derive(Debug, Default)]
pub(crate) struct Faults(Vec<(Place, String, String)>);

impl Faults {
    pub(crate) fn into_inner(self) -> Vec<(Place, String, String)> {
        self.0
    }

    /// For who asks whether something has been added.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn add(&mut self, at: &Place, problem: impl Into<String>, fix: impl Into<String>) {
        self.0.push((at.clone(), problem.into(), fix.into()));
    }

    /// A file says what is simulated.
    pub(crate) fn no_tier(&mut self) {
        self.add(
            &Place::default().key("tier"),
            "there is no tier",
            "add a `[[tier]]` with `name`, `workers` and `service`",
        );
    }

    /// Each of these says whether all was well, for those who go on with the value.
    pub(crate) fn finite(&mut self, at: &Place, what: impl Display, value: f64) -> bool {
        let well = value.is_finite();
        if !well {
            self.add(at, format!("{what} is {value}"), "write a finite number");
        }
        well
    }

    pub(crate) fn zero_or_more(&mut self, at: &Place, what: impl Display, value: f64) -> bool {
        let well = self.finite(at, &what, value);
        if well && value < 0.0 {
            self.add(
                at,
                format!("{what} is negative: {value}"),
                "write 0 or more",
            );
            return false;
        }
        well
    }

    pub(crate) fn more_than_zero(&mut self, at: &Place, what: impl Display, value: f64) -> bool {
        let well = self.finite(at, &what, value);
        if well && value <= 0.0 {
            self.add(at, format!("{what} is {value}"), "write more than 0");
            return false;
        }
        well
    }

    pub(crate) fn at_least(
        &mut self,
        at: &Place,
        what: impl Display,
        value: f64,
        least: f64,
    ) -> bool {
        let well = self.finite(at, &what, value);
        if well && value < least {
            self.add(
                at,
                format!("{what} is {value}"),
                format!("write {least} or more"),
            );
            return false;
        }
        well
    }

    pub(crate) fn share(&mut self, at: &Place, what: impl Display, value: f64) -> bool {
        let well = (0.0..=1.0).contains(&value);
        if !well {
            self.add(at, format!("{what} is {value}"), "a share is 0 to 1");
        }
        well
    }

    pub(crate) fn rate(&mut self, at: &Place, what: impl Display, per_second: f64) -> bool {
        let well = per_second <= MAX_RATE;
        if !well {
            self.add(
                at,
                format!("{what} is {per_second} requests per second"),
                format!("time resolves {MAX_RATE} per second at most"),
            );
        }
        well
    }

    pub(crate) fn not_zero(&mut self, at: &Place, what: impl Display, time: Option<Duration>) {
        if time == Some(Duration::ZERO) {
            self.add(
                at,
                format!("a {what} of no time at all"),
                "write more than 0, or leave it out",
            );
        }
    }

    pub(crate) fn class(&mut self, at: &Place, class: u8) -> bool {
        let well = class <= 7;
        if !well {
            self.add(
                at,
                format!("there is no class {class}"),
                "write 0 (most urgent) to 7",
            );
        }
        well
    }

    pub(crate) fn known(&mut self, at: &Place, what: &str, name: &str, known: &[&str]) -> bool {
        let well = known.contains(&name);
        if !well {
            self.add(
                at,
                format!("there is no {what} `{name}`"),
                did_you_mean(name, known),
            );
        }
        well
    }
}
