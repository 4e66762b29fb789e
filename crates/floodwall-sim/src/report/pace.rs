use std::collections::VecDeque;

/// How often it is looked at, in nanoseconds.
pub(crate) const TENTH: u64 = 100_000_000;
const SECOND: u64 = 10 * TENTH;

/// Fewer in a second are chance and no pace.
const LEAST: f64 = 10.0;

/// Goodput against what could be, in windows of a second that move on by a tenth.
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
        if self.tenths.len() > 10 {
            self.tenths.pop_front();
        }
        let Some(begin) = now.checked_sub(SECOND) else {
            return;
        };
        if self.tenths.len() < 10 || begin < self.start {
            return;
        }
        let (mut offered, mut good, mut capacity) = (0.0, 0.0, Some(0.0));
        for tenth in &self.tenths {
            offered += tenth.offered as f64;
            good += tenth.good as f64;
            capacity = capacity
                .zip(tenth.capacity)
                .map(|(sum, more): (f64, f64)| sum + more);
        }
        let could = capacity.map_or(offered, |capacity| capacity.min(offered));
        if could < LEAST {
            return;
        }
        let part = good / could;
        if part >= 0.95 && self.recovery.is_none() {
            self.recovery = Some(begin - self.start);
        }
        if begin >= self.count_from {
            self.worst = Some(self.worst.map_or(part, |worst| worst.min(part)));
        }
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
        let mut pace = Pace::new(0, 2 * SECOND);
        play(&mut pace, 0, [0; 20].into_iter().chain([80; 20]));
        assert_eq!(pace.worst(), Some(1.0));
    }

    #[test]
    fn what_never_recovers_says_so() {
        let mut pace = Pace::new(0, 0);
        play(&mut pace, 0, [10; 40]);
        assert_eq!(pace.recovery(), None);
    }
}
