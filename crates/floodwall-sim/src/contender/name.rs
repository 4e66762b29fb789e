use std::fmt;
use std::str::FromStr;

use floodwall_core::limit::Preset;

/// What stands in front of a tier.
///
/// ```
/// use floodwall_sim::Contender;
///
/// assert_eq!("fifo:20".parse(), Ok(Contender::Fifo(20)));
/// assert_eq!(Contender::Floodwall.to_string(), "floodwall");
/// assert_eq!("fixed:37".parse::<Contender>()?.to_string(), "fixed:37");
/// let unknown = "towr".parse::<Contender>().unwrap_err().to_string();
/// assert!(unknown.contains("did you mean `tower`?"), "{unknown}");
/// # Ok::<(), floodwall_sim::ContenderError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Contender {
    /// Nothing.
    Bare,
    /// A line of so many places before as many places as there are workers: first come, first served.
    Fifo(u32),
    /// tower's `ConcurrencyLimit` under its `LoadShed`: as many places as there are workers, unless it
    /// says how many.
    Tower(Option<u32>),
    /// folly's CoDel (target 5 ms, interval 100 ms): refuses at the head of the line when even the
    /// shortest wait of an interval was too long.
    Codel,
    /// The same, served newest first when more than ten wait: Facebook's adaptive LIFO.
    CodelLifo,
    /// A line of so many places in the order of priority; a newcomer takes the place of the least
    /// urgent, and who has less than 10 ms left is refused.
    Ordered(u32),
    /// After WeChat's DAGOR (SoCC 2018): a level from which on arrivals are refused, moved by the mean
    /// time in the line.
    Dagor,
    /// The stack of the scenario.
    Floodwall,
    /// The stack of the scenario with another limit in the place of its own, which begins with so many: 20
    /// unless it says how many, and for `fixed` as many as the scenario says. All else is equal, the queue
    /// too.
    Limit(Preset, Option<u32>),
}

/// Each with what it may be told.
const NAMES: [&str; 8] = [
    "bare",
    "fifo:20",
    "tower",
    "codel",
    "codel-lifo",
    "ordered:40",
    "dagor",
    "floodwall",
];

impl FromStr for Contender {
    type Err = ContenderError;
    fn from_str(text: &str) -> Result<Self, ContenderError> {
        let wrong = || ContenderError(text.to_owned());
        let (name, number) = match text.split_once(':') {
            Some((name, number)) => {
                let number: u32 = number.parse().map_err(|_| wrong())?;
                if number == 0 {
                    return Err(wrong());
                }
                (name, Some(number))
            }
            None => (text, None),
        };
        match (name, number) {
            ("bare", None) => Ok(Self::Bare),
            ("fifo", places) => Ok(Self::Fifo(places.unwrap_or(20))),
            ("tower", limit) => Ok(Self::Tower(limit)),
            ("codel", None) => Ok(Self::Codel),
            ("codel-lifo", None) => Ok(Self::CodelLifo),
            ("ordered", places) => Ok(Self::Ordered(places.unwrap_or(40))),
            ("dagor", None) => Ok(Self::Dagor),
            ("floodwall", None) => Ok(Self::Floodwall),
            _ => name
                .parse()
                .map(|preset| Self::Limit(preset, number))
                .map_err(|_| wrong()),
        }
    }
}

impl fmt::Display for Contender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bare => f.pad("bare"),
            Self::Fifo(places) => f.pad(&format!("fifo:{places}")),
            Self::Tower(None) => f.pad("tower"),
            Self::Tower(Some(limit)) => f.pad(&format!("tower:{limit}")),
            Self::Codel => f.pad("codel"),
            Self::CodelLifo => f.pad("codel-lifo"),
            Self::Ordered(places) => f.pad(&format!("ordered:{places}")),
            Self::Dagor => f.pad("dagor"),
            Self::Floodwall => f.pad("floodwall"),
            Self::Limit(preset, None) => f.pad(preset.label()),
            Self::Limit(preset, Some(start)) => f.pad(&format!("{preset}:{start}")),
        }
    }
}

/// A text that names no contender.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContenderError(String);

impl fmt::Display for ContenderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let limits = || Preset::ALL.into_iter().map(Preset::label);
        let plain = NAMES.map(|name| name.split(':').next().unwrap_or(name));
        let asked = self.0.split(':').next().unwrap_or_default();
        let near = plain
            .into_iter()
            .chain(limits())
            .map(|name| (strsim::damerau_levenshtein(name, asked), name))
            .min()
            .filter(|(distance, _)| (1..=2).contains(distance));
        write!(f, "no stack is called `{}`", self.0)?;
        match near {
            Some((_, name)) => write!(f, ": did you mean `{name}`?"),
            None => {
                let limits: Vec<_> = limits().collect();
                let (names, limits) = (NAMES.join(", "), limits.join(", "));
                write!(f, ": there is {names}, and with another limit {limits}")
            }
        }
    }
}

impl std::error::Error for ContenderError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_is_read_again() {
        for name in NAMES {
            let read: Contender = name.parse().unwrap();
            assert_eq!(read.to_string(), name);
        }
        for preset in Preset::ALL {
            let name = preset.label();
            let read: Contender = name.parse().unwrap();
            assert_eq!(read, Contender::Limit(preset, None));
            assert_eq!(read.to_string(), name);
        }
        let started: Contender = "marginal:200".parse().unwrap();
        assert_eq!(started, Contender::Limit(Preset::Marginal, Some(200)));
        assert_eq!(started.to_string(), "marginal:200");
        assert_eq!("tower:64".parse(), Ok(Contender::Tower(Some(64))));
    }

    #[test]
    fn nonsense_is_refused_with_what_there_is() {
        for text in [
            "", "bare:3", "fifo:0", "fifo:-1", "fifo:x", "nginx", "fixed:0",
        ] {
            let told = text.parse::<Contender>().unwrap_err().to_string();
            assert!(told.contains("there is") || told.contains("mean"), "{told}");
        }
    }
}
