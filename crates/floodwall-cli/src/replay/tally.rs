//! What became of the requests, in numbers.

use std::{
    collections::{BTreeMap, HashMap},
    time::Duration,
};

use floodwall::{Priority, Reason};
use hdrhistogram::Histogram;

const MINUTE: u64 = 60_000_000_000;
/// A wait is counted as longer than this as this: 10 minutes.
const LONGEST: u64 = 600_000_000_000;

/// A request as the stack saw it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked {
    /// In nanoseconds, since 1970 if the log tells that.
    pub(super) at: u64,
    pub(super) class: Priority,
    pub(super) exempt: bool,
}

/// How it ended.
#[derive(Clone, Debug)]
pub(super) enum End {
    Admitted {
        /// In the stack.
        waited: Duration,
        /// For a worker.
        behind: Duration,
    },
    Refused {
        policy: String,
        reason: Reason,
        /// If it was a quota: which one, and whose.
        key: Option<(usize, String)>,
    },
    /// Neither: a fault of the play.
    Lost,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Count {
    pub(super) requests: u64,
    pub(super) admitted: u64,
    pub(super) refused: u64,
}

#[derive(Clone, Debug)]
pub(super) struct Tally {
    pub(super) all: Count,
    pub(super) exempt: Count,
    /// Without the exempt.
    pub(super) classes: [Count; Priority::COUNT],
    /// By policy and reason.
    pub(super) refusals: BTreeMap<(String, &'static str), u64>,
    /// Refused for what their clients did, which is answered with 429.
    pub(super) own: u64,
    /// Refused because what a key is made of is missing.
    pub(super) unkeyed: u64,
    /// By quota: how often each key was refused.
    pub(super) keys: BTreeMap<usize, HashMap<String, u64>>,
    pub(super) minutes: BTreeMap<u64, Count>,
    /// In the stack, of those who were let in, in nanoseconds.
    pub(super) waits: Histogram<u64>,
    pub(super) waited: u64,
    /// For a worker.
    pub(super) behind: Histogram<u64>,
    pub(super) lost: u64,
}

impl Tally {
    pub(super) fn new() -> Self {
        let histogram =
            || Histogram::new_with_bounds(1, LONGEST, 3).expect("bounds that a histogram can have");
        Self {
            all: Count::default(),
            exempt: Count::default(),
            classes: [Count::default(); Priority::COUNT],
            refusals: BTreeMap::new(),
            own: 0,
            unkeyed: 0,
            keys: BTreeMap::new(),
            minutes: BTreeMap::new(),
            waits: histogram(),
            waited: 0,
            behind: histogram(),
            lost: 0,
        }
    }

    pub(super) fn add(&mut self, asked: &Asked, end: End) {
        let class = if asked.exempt {
            &mut self.exempt
        } else {
            &mut self.classes[asked.class.index()]
        };
        let minute = self.minutes.entry(asked.at / MINUTE).or_default();
        let mut counts = [&mut self.all, class, minute];
        for count in &mut counts {
            count.requests += 1;
        }
        match end {
            End::Admitted { waited, behind } => {
                for count in &mut counts {
                    count.admitted += 1;
                }
                let nanos = |time: Duration| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
                self.waited += u64::from(waited > Duration::ZERO);
                self.waits.saturating_record(nanos(waited));
                self.behind.saturating_record(nanos(behind));
            }
            End::Refused {
                policy,
                reason,
                key,
            } => {
                for count in &mut counts {
                    count.refused += 1;
                }
                self.own += u64::from(reason.is_clients_own());
                self.unkeyed += u64::from(reason == Reason::MissingKey);
                *self.refusals.entry((policy, reason.as_str())).or_default() += 1;
                if let Some((quota, key)) = key {
                    *self.keys.entry(quota).or_default().entry(key).or_default() += 1;
                }
            }
            End::Lost => self.lost += 1,
        }
    }

    /// The minute in which most requests came, the first of equals, from the start of the log.
    pub(super) fn busiest(&self) -> Option<(u64, Count)> {
        let busier =
            |(minute, count): &(&u64, &Count)| (count.requests, std::cmp::Reverse(**minute));
        let (minute, count) = self.minutes.iter().max_by_key(busier)?;
        Some((*minute, *count))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_equally_busy_minutes_the_first_is_told() {
        let mut tally = Tally::new();
        assert!(tally.busiest().is_none());
        for minute in [5, 3, 9, 3, 5] {
            let asked = Asked {
                at: minute * MINUTE + 1,
                class: Priority::NORMAL,
                exempt: false,
            };
            let end = End::Admitted {
                waited: Duration::ZERO,
                behind: Duration::ZERO,
            };
            tally.add(&asked, end);
        }
        let (minute, count) = tally.busiest().unwrap();
        assert_eq!((minute, count.requests), (3, 2));
    }
}
