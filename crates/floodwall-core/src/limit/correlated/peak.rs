use std::collections::VecDeque;
use std::time::Duration;

use crate::Moment;

/// The largest value of the last while.
#[derive(Clone, Debug)]
pub(super) struct Peak {
    length: Duration,
    /// Falling values, each with its time; the first is the largest.
    falling: VecDeque<(Moment, u32)>,
}

const MOST: usize = 256;

impl Peak {
    pub(super) fn new(length: Duration) -> Self {
        Self {
            length,
            falling: VecDeque::new(),
        }
    }

    pub(super) fn add(&mut self, now: Moment, value: u32) -> u32 {
        let old = |&(at, _): &(Moment, u32)| now.since(at) > self.length;
        while self.falling.front().is_some_and(old) {
            self.falling.pop_front();
        }
        while self.falling.back().is_some_and(|&(_, last)| last <= value) {
            self.falling.pop_back();
        }
        // Room for a long fall only: the smallest of it is given up for the newest.
        self.falling.truncate(MOST - 1);
        self.falling.push_back((now, value));
        self.falling.front().map_or(value, |&(_, largest)| largest)
    }
}
