use std::time::Duration;

use floodwall_core::limit::{LimitAlgorithm, LimitError, Marginal};

use crate::BuildError;

/// What the limit shall be, before it is built.
#[derive(Debug)]
pub(crate) struct LimitChoice {
    pub(crate) choice: Choice,
    pub(crate) bounds: Bounds,
}

#[derive(Debug)]
pub(crate) enum Choice {
    Fixed(u32),
    Marginal,
    Own(Box<dyn LimitAlgorithm>),
}

/// What can be said of floodwall's own algorithm.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Bounds {
    pub(crate) start: Option<u32>,
    pub(crate) floor: Option<u32>,
    pub(crate) ceiling: Option<u32>,
    pub(crate) latency_ceiling: Option<Duration>,
}

/// The limit to begin with, and what moves it.
pub(crate) type Made = (u32, Option<Box<dyn LimitAlgorithm>>);

impl LimitChoice {
    pub(crate) const ADAPTIVE: Self = Self::of(Choice::Marginal);

    pub(crate) const fn fixed(limit: u32) -> Self {
        Self::of(Choice::Fixed(limit))
    }

    const fn of(choice: Choice) -> Self {
        let bounds = Bounds {
            start: None,
            floor: None,
            ceiling: None,
            latency_ceiling: None,
        };
        Self { choice, bounds }
    }

    pub(crate) fn own(&mut self, algorithm: impl LimitAlgorithm) {
        self.choice = Choice::Own(Box::new(algorithm));
    }

    pub(crate) fn make(self) -> Result<Made, BuildError> {
        match self.choice {
            Choice::Fixed(limit) => {
                self.bounds
                    .are_said_in_vain("a fixed limit does not move: begin with `adaptive()`")?;
                if limit == 0 {
                    return Err(BuildError::new(
                        "limit",
                        "0 would let nothing in: set at least 1, or drain",
                    ));
                }
                Ok((limit, None))
            }
            Choice::Marginal => {
                let algorithm = self.bounds.marginal()?;
                Ok((algorithm.limit().max(1), Some(Box::new(algorithm))))
            }
            Choice::Own(algorithm) => {
                self.bounds.are_said_in_vain(
                    "the algorithm that was given has bounds of its own: set them there",
                )?;
                Ok((algorithm.limit().max(1), Some(algorithm)))
            }
        }
    }

    pub(crate) const fn is_fixed(&self) -> bool {
        matches!(self.choice, Choice::Fixed(_))
    }

    /// How many are inside at once, for people.
    pub(crate) fn words(&self) -> String {
        match &self.choice {
            Choice::Fixed(limit) => format!("{limit} inside at once"),
            Choice::Own(algorithm) => format!("adaptive ({})", algorithm.name()),
            Choice::Marginal => {
                let Bounds {
                    start: _,
                    floor,
                    ceiling,
                    latency_ceiling,
                } = self.bounds;
                let mut words = "adaptive".to_owned();
                match (floor, ceiling) {
                    (None, None) => {}
                    (Some(floor), None) => words += &format!(", at least {floor}"),
                    (None, Some(ceiling)) => words += &format!(", at most {ceiling}"),
                    (Some(floor), Some(ceiling)) => words += &format!(", {floor} to {ceiling}"),
                }
                if let Some(ceiling) = latency_ceiling {
                    words += &format!(", lower while the service takes longer than {ceiling:?}");
                }
                words
            }
        }
    }
}

impl Bounds {
    fn are_said_in_vain(&self, problem: &str) -> Result<(), BuildError> {
        let said = [
            ("start", self.start.is_some()),
            ("floor", self.floor.is_some()),
            ("ceiling", self.ceiling.is_some()),
            ("latency_ceiling", self.latency_ceiling.is_some()),
        ];
        match said.into_iter().find(|&(_, said)| said) {
            Some((field, _)) => Err(BuildError::new(field, problem)),
            None => Ok(()),
        }
    }

    fn marginal(&self) -> Result<Marginal, BuildError> {
        let mut made = Marginal::builder();
        if let Some(floor) = self.floor {
            made = made.floor(floor);
        }
        if let Some(ceiling) = self.ceiling {
            made = made.ceiling(ceiling);
        }
        let usual = Marginal::new().limit();
        // Who sets bounds need not know where it begins.
        let start = usual.clamp(
            self.floor
                .unwrap_or(0)
                .min(self.ceiling.unwrap_or(u32::MAX)),
            self.ceiling.unwrap_or(u32::MAX),
        );
        made = made.start(self.start.unwrap_or(start));
        if let Some(ceiling) = self.latency_ceiling {
            made = made.latency_ceiling(ceiling);
        }
        made.build().map_err(|error| wrong(&error))
    }
}

fn wrong(error: &LimitError) -> BuildError {
    BuildError::new(error.field(), error.problem())
}
