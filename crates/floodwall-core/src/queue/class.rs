use std::time::Duration;

use super::config::QueueConfig;
use super::slab::{NIL, Slab};
use crate::Moment;

/// The waiters of one priority, from the oldest to the youngest.
#[derive(Debug)]
pub(super) struct Class {
    pub(super) oldest: u32,
    pub(super) youngest: u32,
    pub(super) len: u32,
    /// What the class is owed, in millionths of a grant.
    pub(super) credit: u32,
    delay: Delay,
}

/// Whether a class has had a standing delay: the smallest of an interval was over the target.
///
/// That is the test of CoDel in the variant of folly (`folly/executors/Codel.h`); but what is
/// looked at is the age of the oldest waiter and not the delay of the one who is served, because
/// under newest-first those are served at once and would end the mode that serves them so.
#[derive(Debug)]
struct Delay {
    smallest: Duration,
    judged_at: Moment,
    newest_first: bool,
}

impl Class {
    pub(super) const EMPTY: Self = Self {
        oldest: NIL,
        youngest: NIL,
        len: 0,
        credit: 0,
        delay: Delay {
            smallest: Duration::ZERO,
            judged_at: Moment::ZERO,
            newest_first: false,
        },
    };

    pub(super) const fn newest_first(&self) -> bool {
        self.delay.newest_first
    }

    /// The mode as a [`Class::look`] at `now` would judge it.
    pub(super) fn newest_first_at(&self, now: Moment, config: &QueueConfig) -> bool {
        if now >= self.delay.judged_at {
            config.newest_first() && self.delay.smallest > config.target()
        } else {
            self.delay.newest_first
        }
    }

    pub(super) fn oldest_first_again(&mut self) {
        self.delay.newest_first = false;
    }

    /// Whom this class serves next.
    pub(super) const fn first(&self) -> u32 {
        if self.delay.newest_first {
            self.youngest
        } else {
            self.oldest
        }
    }

    /// Whom this class would serve last.
    pub(super) const fn last(&self) -> u32 {
        if self.delay.newest_first {
            self.oldest
        } else {
            self.youngest
        }
    }

    /// Takes note of the class's own delay, before one comes or is served.
    pub(super) fn look<T>(&mut self, now: Moment, slab: &Slab<T>, config: &QueueConfig) {
        let age = match self.oldest {
            NIL => Duration::ZERO,
            oldest => now.since(slab.node(oldest).pushed),
        };
        if now >= self.delay.judged_at {
            self.delay.newest_first =
                config.newest_first() && self.delay.smallest > config.target();
            self.delay.smallest = age;
            self.delay.judged_at = now + config.interval();
        } else {
            self.delay.smallest = self.delay.smallest.min(age);
        }
    }

    pub(super) fn link<T>(&mut self, slab: &mut Slab<T>, at: u32) {
        slab.node_mut(at).older = self.youngest;
        match self.youngest {
            NIL => self.oldest = at,
            youngest => slab.node_mut(youngest).younger = at,
        }
        self.youngest = at;
        self.len += 1;
    }

    pub(super) fn unlink<T>(&mut self, slab: &mut Slab<T>, at: u32) {
        let (older, younger) = {
            let node = slab.node(at);
            (node.older, node.younger)
        };
        match older {
            NIL => self.oldest = younger,
            older => slab.node_mut(older).younger = younger,
        }
        match younger {
            NIL => self.youngest = older,
            younger => slab.node_mut(younger).older = older,
        }
        self.len -= 1;
        if self.len == 0 {
            self.delay.smallest = Duration::ZERO;
        }
    }
}
