use std::collections::VecDeque;

use super::line::{Discipline, Next, Waiter};

const TARGET: u64 = 5_000_000;
const INTERVAL: u64 = 100_000_000;

/// folly's Codel (`folly/executors/Codel.cpp`): in each interval it looks for the shortest wait; if
/// even that was over the target, those who waited for more than twice the target are refused in the
/// next one.
pub(super) struct Codel {
    line: VecDeque<Waiter>,
    /// Newest first while more than so many wait.
    newest_first_above: Option<usize>,
    judge: Judge,
}

#[derive(Debug, Default)]
struct Judge {
    begun: bool,
    ends: u64,
    least: u64,
    overloaded: bool,
}

impl Codel {
    pub(super) fn new(newest_first_above: Option<usize>) -> Self {
        Self {
            line: VecDeque::new(),
            newest_first_above,
            judge: Judge::default(),
        }
    }
}

impl Judge {
    /// Whether one who waited for `wait` is refused. The first of an interval never is.
    fn refuses(&mut self, now: u64, wait: u64) -> bool {
        if !self.begun {
            self.begun = true;
            self.least = wait;
            return false;
        }
        if now > self.ends {
            self.overloaded = self.least > TARGET;
            self.ends = now + INTERVAL;
            self.least = wait;
            return false;
        }
        self.least = self.least.min(wait);
        self.overloaded && wait > 2 * TARGET
    }
}

impl Discipline for Codel {
    fn push(&mut self, waiter: Waiter, _now: u64) {
        self.line.push_back(waiter);
    }
    fn overflow(&mut self) -> Option<Waiter> {
        None
    }
    fn pop(&mut self, now: u64) -> Next {
        let newest = self
            .newest_first_above
            .is_some_and(|above| self.line.len() > above);
        let next = if newest {
            self.line.pop_back()
        } else {
            self.line.pop_front()
        };
        match next {
            None => Next::Nobody,
            Some(waiter) if self.judge.refuses(now, now - waiter.came) => Next::Refuse(waiter),
            Some(waiter) => Next::Grant(waiter),
        }
    }
    fn remove(&mut self, id: u32) {
        self.line.retain(|waiter| waiter.id != id);
    }
    fn len(&self) -> usize {
        self.line.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The vectors of folly's CodelTest (Basic): milliseconds since the one before, the wait, whether
    /// it is refused.
    #[test]
    fn it_decides_as_folly_does() {
        const MS: u64 = 1_000_000;
        let (mut judge, mut now) = (Judge::default(), 0);
        for (later, wait, refused) in [
            (110, 100, false),
            (90, 50, false),
            (0, 50, true),
            (110, 2, false),
            (90, 20, true),
        ] {
            now += later * MS;
            assert_eq!(judge.refuses(now, wait * MS), refused, "{now}: {wait} ms");
        }
    }
}
