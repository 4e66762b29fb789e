use super::Report;
use super::figure::Part;
use crate::scenario::Measure;

/// The reports of one scenario behind one stack, one for each seed.
///
/// What is asserted must hold for each of them, or for their [`mean`](super::Figure::mean) if that is
/// asked for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Runs(Vec<Report>);

impl Runs {
    /// Puts reports together.
    pub const fn new(reports: Vec<Report>) -> Self {
        Self(reports)
    }

    /// The reports, in the order of the seeds.
    pub fn reports(&self) -> &[Report] {
        &self.0
    }

    /// One phase of all of them.
    pub fn during<'a>(&'a self, phase: &'a str) -> Part<'a> {
        Part::new(&self.0, Some(phase))
    }

    /// All of it, of all of them.
    pub fn overall(&self) -> Part<'_> {
        Part::new(&self.0, None)
    }

    /// The worst value over the seeds: the least of what should be high, the greatest of what should
    /// be low.
    pub fn worst(&self, part: Part<'_>, measure: Measure) -> Option<f64> {
        let values = self
            .0
            .iter()
            .filter_map(|report| part.value(report, measure).ok().flatten());
        if measure.is_better_high() {
            values.reduce(f64::min)
        } else {
            values.reduce(f64::max)
        }
    }
}

impl Measure {
    /// Whether more of it is better.
    #[must_use]
    pub const fn is_better_high(self) -> bool {
        matches!(
            self,
            Self::Success
                | Self::Goodput
                | Self::Possible
                | Self::WorstSecond
                | Self::Fairness
                | Self::LimitMin
        )
    }
}

impl Report {
    /// The phase of this name.
    pub fn phase(&self, name: &str) -> Option<&super::PhaseReport> {
        self.phases.iter().find(|phase| phase.name == name)
    }

    /// One phase, to assert something of.
    pub fn during<'a>(&'a self, phase: &'a str) -> Part<'a> {
        Part::new(std::slice::from_ref(self), Some(phase))
    }

    /// All of it, to assert something of.
    pub fn overall(&self) -> Part<'_> {
        Part::new(std::slice::from_ref(self), None)
    }

    /// Nobody was refused for want of room while there was room.
    ///
    /// # Panics
    ///
    /// If somebody was.
    #[track_caller]
    pub fn no_false_refusals(&self) {
        self.overall().no_false_refusals();
    }
}
