use std::fmt;
use std::num::NonZeroU32;
use std::str::FromStr;

use super::{Aimd, Fixed, LimitAlgorithm, LimitError, Marginal};

/// The algorithms by name, as their sources set them up: what a comparison runs.
///
/// ```
/// use floodwall_core::limit::{LimitAlgorithm, Preset};
///
/// let preset: Preset = "aimd".parse().unwrap();
/// assert_eq!(preset.build(7).limit(), 7);
/// assert!(Preset::ALL.contains(&preset));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Preset {
    /// [`Marginal`], floodwall's own.
    Marginal,
    /// [`Fixed`] at the start.
    Fixed,
    /// [`Aimd`] on every sample.
    Aimd,
}

impl Preset {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Marginal, Self::Fixed, Self::Aimd];

    /// In one word, as [`FromStr`] takes it.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Marginal => "marginal",
            Self::Fixed => "fixed",
            Self::Aimd => "aimd",
        }
    }

    /// The algorithm with the settings of its source, from `start` on (at least 1). Where `start`
    /// is outside of the source's floor or ceiling, that bound is moved to it.
    pub fn build(self, start: u32) -> Box<dyn LimitAlgorithm> {
        let start = NonZeroU32::new(start).unwrap_or(NonZeroU32::MIN);
        match self.of_source(start.get()) {
            Ok(built) => built,
            // Not with these settings; a comparison had better see a limit that stands still than
            // a program that ends.
            Err(_) => Box::new(Fixed::new(start)),
        }
    }

    fn of_source(self, start: u32) -> Result<Box<dyn LimitAlgorithm>, LimitError> {
        Ok(match self {
            Self::Marginal => {
                let ceiling = start.max(1_000);
                Box::new(Marginal::builder().start(start).ceiling(ceiling).build()?)
            }
            Self::Fixed => Box::new(Fixed::new(
                NonZeroU32::new(start).unwrap_or(NonZeroU32::MIN),
            )),
            Self::Aimd => Box::new(
                Aimd::builder()
                    .start(start)
                    .floor(start.min(20))
                    .ceiling(start.max(200))
                    .build()?,
            ),
        })
    }
}

impl fmt::Display for Preset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.label())
    }
}

impl FromStr for Preset {
    type Err = LimitError;

    fn from_str(word: &str) -> Result<Self, LimitError> {
        let found = Self::ALL.into_iter().find(|preset| preset.label() == word);
        found.ok_or_else(|| {
            let words: Vec<_> = Self::ALL.iter().map(|preset| preset.label()).collect();
            let problem = format!("no {word:?} here: one of {}", words.join(", "));
            LimitError::new("preset", problem)
        })
    }
}
