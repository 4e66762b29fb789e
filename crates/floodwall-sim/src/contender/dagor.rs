use std::collections::VecDeque;

use floodwall::Level;

use super::line::{Discipline, Next, Waiter};

const SECOND: u64 = 1_000_000_000;
const MOST: u64 = 2_000;
const THRESHOLD: u64 = 20_000_000;
const HOUR: u64 = 3_600 * SECOND;

/// After DAGOR (Zhou et al., SoCC 2018), as far as it was published: 8 business priorities with 128
/// user levels each; the mean time in the line, over a second or 2,000 requests, against 20 ms moves the
/// level from which on arrivals are refused, down by 5 % of what was admitted, up by 1 % of what came.
#[derive(Debug)]
pub(super) struct Dagor {
    line: VecDeque<Waiter>,
    refused: Option<Waiter>,
    /// Levels below it are admitted.
    cut_off: usize,
    arrivals: Vec<u64>,
    came: u64,
    admitted: u64,
    waited: u128,
    begun: u64,
    window_ends: u64,
}

impl Default for Dagor {
    fn default() -> Self {
        Self {
            line: VecDeque::new(),
            refused: None,
            cut_off: Level::COUNT,
            arrivals: vec![0; Level::COUNT],
            came: 0,
            admitted: 0,
            waited: 0,
            begun: 0,
            window_ends: SECOND,
        }
    }
}

impl Dagor {
    /// The same user has the same level for an hour.
    fn level(waiter: &Waiter, now: u64) -> usize {
        let mixed = (waiter.cohort ^ (now / HOUR).wrapping_mul(0x9E37_79B9_7F4A_7C15))
            .wrapping_mul(0xD6E8_FEB8_6659_FD93);
        let cohort = (mixed >> 57) as u8;
        Level::new(waiter.class, cohort).map_or(0, Level::index)
    }

    fn close_window(&mut self, now: u64) {
        // When nobody has begun, the one who has waited longest tells.
        let oldest = self.line.front().map_or(0, |waiter| now - waiter.came);
        let mean = match self.begun {
            0 => u128::from(oldest),
            begun => self.waited / u128::from(begun),
        };
        let overloaded = mean > u128::from(THRESHOLD);
        let below: u64 = self.arrivals[..self.cut_off].iter().sum();
        if overloaded {
            let goal = self.admitted as f64 * 0.95;
            let mut expected = below;
            while self.cut_off > 0 && expected as f64 > goal {
                self.cut_off -= 1;
                expected -= self.arrivals[self.cut_off];
            }
        } else {
            let goal = self.admitted as f64 + 0.01 * self.came as f64;
            let mut expected = below;
            while self.cut_off < Level::COUNT && (expected as f64) < goal {
                expected += self.arrivals[self.cut_off];
                self.cut_off += 1;
            }
        }
        self.arrivals.fill(0);
        (self.came, self.admitted, self.waited, self.begun) = (0, 0, 0, 0);
        self.window_ends = now + SECOND;
    }
}

impl Discipline for Dagor {
    fn push(&mut self, waiter: Waiter, now: u64) {
        if now >= self.window_ends || self.came >= MOST {
            self.close_window(now);
        }
        let level = Self::level(&waiter, now);
        self.came += 1;
        self.arrivals[level] += 1;
        if level < self.cut_off {
            self.admitted += 1;
            self.line.push_back(waiter);
        } else {
            self.refused = Some(waiter);
        }
    }
    fn overflow(&mut self) -> Option<Waiter> {
        self.refused.take()
    }
    fn pop(&mut self, now: u64) -> Next {
        let Some(waiter) = self.line.pop_front() else {
            return Next::Nobody;
        };
        self.begun += 1;
        self.waited += u128::from(now - waiter.came);
        Next::Grant(waiter)
    }
    fn remove(&mut self, id: u32) {
        self.line.retain(|waiter| waiter.id != id);
    }
    fn len(&self) -> usize {
        self.line.len()
    }
    fn cut_off(&self) -> Option<f64> {
        Some(self.cut_off as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use floodwall::Priority;

    /// All levels alike, everything admitted, one overloaded window: 5 % less is admitted.
    #[test]
    fn an_overloaded_window_takes_five_percent() {
        let mut dagor = Dagor::default();
        dagor.arrivals[384..512].fill(10);
        (dagor.came, dagor.admitted) = (1_280, 1_280);
        (dagor.waited, dagor.begun) = (100 * u128::from(THRESHOLD), 50);
        dagor.close_window(SECOND);
        // 6.4 of 128 levels, rounded up.
        assert_eq!(dagor.cut_off, 512 - 7);
    }

    #[test]
    fn a_calm_window_lets_in_one_percent_more() {
        let mut dagor = Dagor {
            cut_off: 448,
            ..Dagor::default()
        };
        dagor.arrivals[384..512].fill(10);
        (dagor.came, dagor.admitted) = (1_280, 640);
        dagor.close_window(SECOND);
        // 12.8 requests more are two levels more.
        assert_eq!(dagor.cut_off, 450);
    }

    #[test]
    fn a_tenant_keeps_its_level() {
        let waiter = |cohort| Waiter {
            id: 0,
            class: Priority::NORMAL,
            came: 0,
            deadline: None,
            cohort,
        };
        let level = Dagor::level(&waiter(7), 0);
        assert_eq!(Dagor::level(&waiter(7), HOUR - 1), level);
        let levels: std::collections::BTreeSet<_> = (0..4_000)
            .map(|cohort| Dagor::level(&waiter(cohort), 0))
            .collect();
        assert!(levels.len() > 120, "{}", levels.len());
        assert!(levels.iter().all(|level| (384..512).contains(level)));
    }
}
