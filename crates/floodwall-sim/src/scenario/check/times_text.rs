use std::collections::BTreeMap;
use std::str::FromStr;

use super::Faults;
use super::times::check_times;
use crate::Times;
use crate::scenario::place::Place;
use crate::scenario::units;

/// As scenario files spell it, `{ exponential = "10ms" }`; a length of time alone, `10ms`, is always
/// the same. The error says what is wrong with it and the fix.
///
/// ```
/// use floodwall_sim::Times;
/// use std::time::Duration;
///
/// let time = Duration::from_millis(20);
/// assert_eq!("20ms".parse(), Ok(Times::constant(time)));
/// assert_eq!(r#"{ exponential = "20ms" }"#.parse(), Ok(Times::exponential(time)));
/// assert!("20".parse::<Times>().unwrap_err().contains("no unit"));
/// ```
impl FromStr for Times {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if !text.starts_with('{') {
            return checked(Self::Constant(units::parse_duration(text)?));
        }
        let mut table: BTreeMap<String, Self> = toml::from_str(&format!("times = {text}"))
            .map_err(|error| error.message().to_owned())?;
        match table.remove("times") {
            Some(times) if table.is_empty() => checked(times),
            // A text that closes the table and goes on says more than one.
            _ => Err("write one distribution, as in `{ exponential = \"10ms\" }`".to_owned()),
        }
    }
}

fn checked(times: Times) -> Result<Times, String> {
    let mut faults = Faults::default();
    check_times(&times, &Place::default(), "", &mut faults);
    match faults.into_inner().into_iter().next() {
        None => Ok(times),
        Some((_, problem, fix)) => Err(format!("{}: {fix}", problem.trim_end())),
    }
}
