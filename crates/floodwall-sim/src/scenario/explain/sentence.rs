use std::fmt;
use std::time::Duration;

use super::say::{number, percent, time};
use crate::scenario::{Bound, Expect, Measure, Over};

/// As a sentence: `during flood, class 0: success at least 99.5 %`.
impl fmt::Display for Expect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.sentence())?;
        if let Some(needs) = &self.needs {
            write!(f, " (pending, needs {needs})")?;
        }
        Ok(())
    }
}

impl Expect {
    /// The sentence alone, whether it counts yet or not.
    pub(crate) fn sentence(&self) -> String {
        let mut whose = Vec::new();
        if let Some(phase) = &self.during {
            whose.push(format!("during {phase}"));
        }
        if let Some(class) = self.class {
            whose.push(format!("class {class}"));
        }
        if let Some(client) = &self.client {
            whose.push(format!("client {client}"));
        }
        if whose.is_empty() {
            whose.push("over all".to_owned());
        }
        let mut text = format!("{}: {}", whose.join(", "), self.measure);
        let least = self.at_least.map(|bound| ("at least", bound));
        let most = self.at_most.map(|bound| ("at most", bound));
        for (n, (side, bound)) in least.into_iter().chain(most).enumerate() {
            let and = if n > 0 { " and" } else { "" };
            text += &format!("{and} {side} {}", say(self.measure, bound));
        }
        if let Some(from) = self.from_load {
            text += &format!(", from load {from} on");
        }
        if let Some(to) = self.to_load {
            text += &format!(", up to load {to}");
        }
        if self.over == Over::Mean {
            text += ", on average over the seeds";
        }
        text
    }
}

fn say(measure: Measure, bound: Bound) -> String {
    match bound {
        Bound::Seconds(seconds) => {
            Duration::try_from_secs_f64(seconds).map_or_else(|_| format!("{seconds} s"), time)
        }
        Bound::Number(share) if measure.is_share() => percent(share),
        Bound::Number(value) => number(value),
    }
}
