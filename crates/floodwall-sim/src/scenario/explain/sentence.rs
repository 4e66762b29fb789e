use std::fmt;
use std::time::Duration;

use super::say::{number, percent, time};
use crate::scenario::{Bound, Expect, Measure, Over};

/// As a sentence: `during flood, class 0: success at least 99.5 %`.
impl fmt::Display for Expect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
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
        write!(f, "{}: {}", whose.join(", "), self.measure)?;
        let least = self.at_least.map(|bound| ("at least", bound));
        let most = self.at_most.map(|bound| ("at most", bound));
        for (n, (side, bound)) in least.into_iter().chain(most).enumerate() {
            let and = if n > 0 { " and" } else { "" };
            write!(f, "{and} {side} {}", say(self.measure, bound))?;
        }
        if self.over == Over::Mean {
            f.write_str(", on average over the seeds")?;
        }
        if let Some(needs) = &self.needs {
            write!(f, " (pending, needs {needs})")?;
        }
        Ok(())
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
