use std::collections::VecDeque;

/// How often it is looked at, in nanoseconds.
pub(crate) const TENTH: u64 = 100_000_000;
/// In tenths.
const SECOND: usize = 10;
/// A window grows up to this where little comes, in tenths.
const LONGEST: usize = 600;

/// Fewer are chance and no pace.
const LEAST: f64 = 10.0;

/// Goodput against what could be, in windows of a second, or longer where little comes, that move on by a
/// tenth.
#[derive(Debug, Default)]
pub(crate) struct Pace {
    start: u64,
    count_from: u64,
    tenths: VecDeque<Tenth>,
    recovery: Option<u64>,
    worst: Option<f64>,
}

#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tenth {
    pub(crate) offered: u64,
    pub(crate) good: u64,
    /// How many could be done in it.
    pub(crate) capacity: Option<f64>,
}

impl Pace {
    pub(crate) fn new(start: u64, count_from: u64) -> Self {
        Self {
            start,
            count_from,
            ..Self::default()
        }
    }

    /// A tenth of a second ended at `now`.
    pub(crate) fn push(&mut self, now: u64, tenth: Tenth) {
        self.tenths.push_back(tenth);
        if self.tenths.len() > LONGEST {
            self.tenths.pop_front();
        }
        let Some((length, part)) = self.part() else {
            return;
        };
        let begin = now.saturating_sub(length as u64 * TENTH);
        if begin < self.start {
            return;
        }
        if part >= 0.95 && self.recovery.is_none() {
            self.recovery = Some(begin - self.start);
        }
        if length == SECOND && begin >= self.count_from {
            self.worst = Some(self.worst.map_or(part, |worst| worst.min(part)));
        }
    }

    /// The shortest window up to now, of a second at least, in which enough could be done to tell: how
    /// many tenths it has, and what part of that was done.
    fn part(&self) -> Option<(usize, f64)> {
        let (mut offered, mut good, mut capacity) = (0.0, 0.0, Some(0.0));
        for (before, tenth) in self.tenths.iter().rev().enumerate() {
            offered += tenth.offered as f64;
            good += tenth.good as f64;
            capacity = capacity
                .zip(tenth.capacity)
                .map(|(sum, more): (f64, f64)| sum + more);
            let could = capacity.map_or(offered, |capacity| capacity.min(offered));
            if before + 1 >= SECOND && could >= LEAST {
                return Some((before + 1, good / could));
            }
        }
        None
    }

    /// How long after the start the first second began in which 95 % of what could be was done.
    pub(crate) fn recovery(&self) -> Option<f64> {
        self.recovery.map(|nanos| nanos as f64 / 1e9)
    }

    pub(crate) const fn worst(&self) -> Option<f64> {
        self.worst
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn play(pace: &mut Pace, from: u64, goods: impl IntoIterator<Item = u64>) {
        for (index, good) in (1..).zip(goods) {
            let tenth = Tenth {
                offered: 100,
                good,
                capacity: Some(80.0),
            };
            pace.push(from + index * TENTH, tenth);
        }
    }

    #[test]
    fn it_recovers_when_a_whole_second_is_good_again() {
        let mut pace = Pace::new(0, 0);
        play(&mut pace, 0, [0; 20].into_iter().chain([80; 20]));
        // 9.5 of 10 tenths: the window may begin half a tenth early, which is no whole tenth.
        assert_eq!(pace.recovery(), Some(2.0));
        assert_eq!(pace.worst(), Some(0.0));
    }

    #[test]
    fn the_worst_is_looked_for_only_where_it_is_counted() {
        let mut pace = Pace::new(0, 20 * TENTH);
        play(&mut pace, 0, [0; 20].into_iter().chain([80; 20]));
        assert_eq!(pace.worst(), Some(1.0));
    }

    #[test]
    fn where_little_comes_it_takes_longer_to_tell() {
        let mut pace = Pace::new(0, 0);
        for index in 1..=100 {
            let tenth = Tenth {
                offered: u64::from(index % 2 == 0),
                good: u64::from(index % 2 == 0),
                capacity: None,
            };
            pace.push(index * TENTH, tenth);
        }
        assert_eq!(pace.recovery(), Some(0.1));
        assert_eq!(pace.worst(), None);
    }

    #[test]
    fn what_never_recovers_says_so() {
        let mut pace = Pace::new(0, 0);
        play(&mut pace, 0, [10; 40]);
        assert_eq!(pace.recovery(), None);
    }
}
