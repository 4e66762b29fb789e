use std::fmt;
use std::num::NonZeroU32;
use std::str::FromStr;

use super::{
    Aimd, Bbr, BbrBuilder, Correlated, EnvoyGradient, Fixed, Gradient2, LimitAlgorithm, LimitError,
    Marginal, Vegas, Windowed,
};

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
    /// [`Vegas`] in a [`Windowed`] of a second.
    Vegas,
    /// [`Gradient2`] in a [`Windowed`] of a second.
    Gradient2,
    /// [`EnvoyGradient`], 100 ms and 60 s.
    Envoy,
    /// [`Correlated`], which is failsafe-go's.
    Correlated,
    /// [`Bbr::sentinel`] without a gate.
    BbrSentinel,
    /// [`Bbr::kratos`] without a gate.
    BbrKratos,
    /// [`Bbr::go_zero`] without a gate.
    BbrGoZero,
}

impl Preset {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Marginal,
        Self::Fixed,
        Self::Aimd,
        Self::Vegas,
        Self::Gradient2,
        Self::Envoy,
        Self::Correlated,
        Self::BbrSentinel,
        Self::BbrKratos,
        Self::BbrGoZero,
    ];

    /// In one word, as [`FromStr`] takes it.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Marginal => "marginal",
            Self::Fixed => "fixed",
            Self::Aimd => "aimd",
            Self::Vegas => "vegas",
            Self::Gradient2 => "gradient2",
            Self::Envoy => "envoy",
            Self::Correlated => "correlated",
            Self::BbrSentinel => "bbr_sentinel",
            Self::BbrKratos => "bbr_kratos",
            Self::BbrGoZero => "bbr_go_zero",
        }
    }

    /// The algorithm with the settings of its source, from `start` on (at least 1). Where `start`
    /// is outside of the source's floor or ceiling, that bound is moved to it; but for Envoy's floor,
    /// which is the limit while it measures: there the limit begins at 3.
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
            Self::Vegas => {
                let vegas = Vegas::builder().start(start).ceiling(start.max(1_000));
                Box::new(Windowed::builder().build(vegas.build()?)?)
            }
            Self::Gradient2 => {
                let gradient2 = Gradient2::builder()
                    .start(start)
                    .floor(start.min(20))
                    .ceiling(start.max(200));
                Box::new(Windowed::builder().build(gradient2.build()?)?)
            }
            // Its floor is the limit while it measures, so that a lower one would slow it down: a
            // lower start begins there.
            Self::Envoy => Box::new(
                EnvoyGradient::builder()
                    .start(start.max(3))
                    .ceiling(start.max(1_000))
                    .build()?,
            ),
            Self::Correlated => Box::new(
                Correlated::builder()
                    .start(start)
                    .ceiling(start.max(200))
                    .build()?,
            ),
            Self::BbrSentinel => without_gate(Bbr::sentinel(), start)?,
            Self::BbrKratos => without_gate(Bbr::kratos(), start)?,
            Self::BbrGoZero => without_gate(Bbr::go_zero(), start)?,
        })
    }
}

fn without_gate(builder: BbrBuilder, start: u32) -> Result<Box<dyn LimitAlgorithm>, LimitError> {
    let builder = builder
        .without_cpu_gate()
        .start(start)
        .ceiling(start.max(1_000));
    Ok(Box::new(builder.build()?))
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
