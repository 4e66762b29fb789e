//! What a figure is held against.

use std::fmt;

/// At most this much, of what is measured for one contender.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Bar {
    /// Of what another contender takes in the same round.
    Share(f64, String),
    /// More than another contender takes in the same round, in the case's unit.
    Over(f64, String),
    /// In the case's unit.
    Figure(f64),
    /// For each time that the work is done.
    Allocations(f64),
}

/// What came of a bar.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Verdict {
    pub(crate) bar: Bar,
    pub(crate) unit: &'static str,
    /// `None` if it was not measured.
    pub(crate) figure: Option<f64>,
}

impl Verdict {
    pub(crate) fn holds(&self) -> Option<bool> {
        // What is shown with so many digits is judged by them.
        self.figure
            .map(|figure| (figure * 1_000.0).round() / 1_000.0 <= self.bar.at_most())
    }

    /// In one word.
    pub(crate) fn word(&self) -> &'static str {
        match self.holds() {
            Some(true) => "holds",
            Some(false) => "MISSED",
            None => "not measured",
        }
    }
}

impl Bar {
    fn at_most(&self) -> f64 {
        match self {
            Self::Share(most, _)
            | Self::Over(most, _)
            | Self::Figure(most)
            | Self::Allocations(most) => *most,
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = self.unit;
        match &self.bar {
            Bar::Share(most, of) => write!(f, "at most {most} of {of}")?,
            Bar::Over(most, of) => write!(f, "at most {most} {unit} more than {of}")?,
            Bar::Figure(most) => write!(f, "at most {most} {unit}")?,
            Bar::Allocations(most) => write!(f, "at most {most} allocations")?,
        }
        match (self.figure, &self.bar) {
            (Some(figure), Bar::Over(..) | Bar::Figure(_)) => write!(f, ": {figure:.1}")?,
            (Some(figure), _) => write!(f, ": {figure:.3}")?,
            (None, _) => f.write_str(":")?,
        }
        write!(f, " {}", self.word())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(bar: Bar, figure: Option<f64>) -> String {
        let unit = "ns";
        Verdict { bar, unit, figure }.to_string()
    }

    #[test]
    fn a_verdict_says_what_was_asked_what_came_and_whether_that_is_enough() {
        let of = || "tower".to_owned();
        assert_eq!(
            verdict(Bar::Share(0.6, of()), Some(0.52)),
            "at most 0.6 of tower: 0.520 holds"
        );
        assert_eq!(
            verdict(Bar::Over(60.0, of()), Some(61.0)),
            "at most 60 ns more than tower: 61.0 MISSED"
        );
        assert_eq!(
            verdict(Bar::Figure(250.0), Some(250.0)),
            "at most 250 ns: 250.0 holds"
        );
        assert_eq!(
            verdict(Bar::Allocations(0.0), Some(0.5)),
            "at most 0 allocations: 0.500 MISSED"
        );
        assert_eq!(
            verdict(Bar::Allocations(0.0), None),
            "at most 0 allocations: not measured"
        );
    }
}
