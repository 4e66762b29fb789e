use crate::{Level, Priority};

/// From which level on requests are shed: how many cohorts of each class are let in.
///
/// One byte for each class, so that a decision is one load, one shift and one comparison, and
/// minimum shares cost nothing: a class below its share keeps some of its first cohorts.
///
/// ```
/// use floodwall_core::{Level, Priority, shed::CutOff};
///
/// let cut = CutOff::at(Level::new(Priority::LOW, 64).unwrap());
/// assert!(cut.admits(Level::new(Priority::LOW, 63).unwrap()));
/// assert!(!cut.admits(Level::new(Priority::LOW, 64).unwrap()));
/// assert!(CutOff::OPEN.admits(Level::new(Priority::BACKGROUND, 127).unwrap()));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CutOff(u64);

const ALL: u8 = Level::COHORTS;

impl CutOff {
    /// Lets everything in.
    pub const OPEN: Self = Self(u64::from_ne_bytes([ALL; Priority::COUNT]));
    /// Lets nothing in.
    pub const SHUT: Self = Self(0);

    /// Sheds `first` and everything less urgent.
    pub fn at(first: Level) -> Self {
        let mut cut = Self::SHUT;
        for priority in Priority::all() {
            let cohorts = if priority < first.priority() {
                ALL
            } else if priority == first.priority() {
                first.cohort()
            } else {
                0
            };
            cut = cut.with(priority, cohorts);
        }
        cut
    }

    /// Whether a request of `level` is let in.
    pub const fn admits(self, level: Level) -> bool {
        level.cohort() < self.cohorts(level.priority())
    }

    /// How many cohorts of a class are let in: 0 none, 128 all.
    pub const fn cohorts(self, priority: Priority) -> u8 {
        (self.0 >> (8 * priority.index())) as u8
    }

    /// Lets in the first `cohorts` of `priority`; more than 128 are 128.
    #[must_use]
    pub fn with(self, priority: Priority, cohorts: u8) -> Self {
        let shift = 8 * priority.index();
        Self(self.0 & !(0xFF << shift) | u64::from(cohorts.min(ALL)) << shift)
    }

    /// The most urgent level that is shed, if any is.
    pub fn first_shed(self) -> Option<Level> {
        Priority::all().find_map(|priority| Level::new(priority, self.cohorts(priority)))
    }

    /// Its rank among all levels, 0 to 1,024: what is shed begins there.
    pub fn rank(self) -> u16 {
        self.first_shed()
            .map_or(1_024, |level| level.index() as u16)
    }

    pub(super) const fn bits(self) -> u64 {
        self.0
    }

    pub(super) const fn from_bits(bits: u64) -> Self {
        Self(bits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cut_off_splits_the_levels_in_two_at_every_level() {
        let levels: Vec<Level> = Priority::all()
            .flat_map(|p| (0..Level::COHORTS).map(move |c| Level::new(p, c).unwrap()))
            .collect();
        for &first in &levels {
            let cut = CutOff::at(first);
            assert!(levels.iter().all(|&l| cut.admits(l) == (l < first)));
            assert_eq!(cut.first_shed(), Some(first));
        }
        assert!(levels.iter().all(|&l| CutOff::OPEN.admits(l)));
        assert!(!levels.iter().any(|&l| CutOff::SHUT.admits(l)));
        assert_eq!(CutOff::OPEN.first_shed(), None);
    }
}
