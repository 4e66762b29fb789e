use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crossbeam_queue::ArrayQueue;
use floodwall_core::Moment;
use floodwall_core::limit::{Change, LimitAlgorithm, Sample};

use super::baton::Baton;
use super::follow::{Follow, Seen};
use super::history::{History, PastChange};
use super::reins::Reins;

/// Carries samples to the algorithm and its limit to the gate.
///
/// Whoever hands in a sample and finds nobody at it takes the algorithm out of its slot, and no
/// lock is held while its code runs. The others leave their samples in a ring and go.
#[derive(Debug)]
pub(in super::super) struct Learner {
    name: &'static str,
    /// Not there while somebody is at it, and never again after the algorithm has panicked.
    mind: Baton<Mind>,
    ring: ArrayQueue<Sample>,
    /// Somebody was refused since the last sample.
    refused: AtomicBool,
    refusals: AtomicU64,
    lost: AtomicBool,
    learned: AtomicU64,
    missed: AtomicU64,
    history: Mutex<History>,
    pub(in super::super) follow: Option<Follow>,
}

/// What only the one who is at it has.
#[derive(Debug)]
struct Mind {
    algorithm: Box<dyn LimitAlgorithm>,
    seen: Seen,
    latest: Moment,
}

impl Learner {
    /// So many samples wait for one who is slow.
    pub(in super::super) const RING: usize = 256;
    /// Nobody works for longer than this for the others: whoever hands in next goes on.
    const MOST: usize = 16 * Self::RING;

    pub(in super::super) fn new(
        algorithm: Box<dyn LimitAlgorithm>,
        limit: u32,
        follow: Option<Follow>,
        ring: usize,
    ) -> Self {
        Self {
            name: algorithm.name(),
            mind: Baton::new(Mind {
                algorithm,
                seen: Seen::new(limit),
                latest: Moment::ZERO,
            }),
            ring: ArrayQueue::new(ring),
            refused: AtomicBool::new(false),
            refusals: AtomicU64::new(0),
            lost: AtomicBool::new(false),
            learned: AtomicU64::new(0),
            missed: AtomicU64::new(0),
            history: Mutex::new(History::new()),
            follow,
        }
    }

    /// The limit held somebody back.
    pub(in super::super) fn held_back(&self) {
        // A flood of refusals only looks.
        if !self.refused.load(Ordering::Relaxed) {
            self.refused.store(true, Ordering::Relaxed);
        }
    }

    /// Somebody was refused for it.
    pub(in super::super) fn refuses(&self) {
        self.held_back();
        self.refusals.fetch_add(1, Ordering::Relaxed);
    }

    /// Whether it has done so since this was asked last.
    pub(in super::super) fn has_held_back(&self) -> bool {
        self.refused.load(Ordering::Relaxed) && self.refused.swap(false, Ordering::Relaxed)
    }

    pub(in super::super) fn hand_in(&self, sample: &Sample, reins: &Reins<'_>) {
        if let Some(mind) = self.mind.take() {
            self.learn(mind, Some(sample), reins);
            return;
        }
        if self.is_lost() {
            return;
        }
        if self.ring.push(*sample).is_err() {
            self.missed.fetch_add(1, Ordering::Relaxed);
        }
        if let Some(mind) = self.mind.take() {
            self.learn(mind, None, reins);
        }
    }

    fn learn(&self, mut mind: Box<Mind>, mut own: Option<&Sample>, reins: &Reins<'_>) {
        let mut left = Self::MOST;
        loop {
            let caught = catch_unwind(AssertUnwindSafe(|| {
                self.turn(&mut mind, &mut left, own.take(), reins);
            }));
            if let Err(payload) = caught {
                self.lost.store(true, Ordering::Relaxed);
                // What is dropped is not ours either.
                let _ = catch_unwind(AssertUnwindSafe(|| drop((mind, payload))));
                reins.observer.algorithm_lost(self.name, reins.gate.limit());
                return;
            }
            self.mind.put_down(mind);
            if left == 0 || self.ring.is_empty() {
                return;
            }
            let Some(again) = self.mind.take() else {
                return;
            };
            mind = again;
        }
    }

    fn turn(&self, mind: &mut Mind, left: &mut usize, own: Option<&Sample>, reins: &Reins<'_>) {
        // Empty as a rule, and then nothing is allocated.
        let mut changes: Vec<(Moment, Change)> = Vec::new();
        let mut count = 0;
        let refused = self.refusals.load(Ordering::Relaxed);
        let mut take = |sample: &Sample| {
            count += 1;
            mind.latest = mind.latest.max(sample.at);
            mind.seen.sees(sample, refused);
            if let Some(change) = mind.algorithm.sample(sample) {
                changes.push((sample.at, change));
            }
        };
        // To find it empty by a pop costs a fence.
        while *left > 0 && !self.ring.is_empty() {
            let Some(sample) = self.ring.pop() else { break };
            *left -= 1;
            take(&sample);
        }
        if let Some(sample) = own {
            take(sample);
        }
        // Only the holder writes it.
        let learned = self.learned.load(Ordering::Relaxed) + count;
        self.learned.store(learned, Ordering::Relaxed);

        let limit = mind.algorithm.limit().max(1);
        if limit != reins.gate.limit() {
            reins.gate.set_limit(limit, mind.latest);
            reins.observer.limit_is(limit);
        }
        if let Some(follow) = &self.follow {
            follow.mind(&mut mind.seen, limit, reins);
        }
        for (at, change) in changes {
            self.history().add(at, change);
            reins.observer.limit_changed(&change);
        }
    }

    pub(in super::super) const fn name(&self) -> &'static str {
        self.name
    }

    pub(in super::super) fn is_lost(&self) -> bool {
        self.lost.load(Ordering::Relaxed)
    }

    /// How many samples the algorithm was told.
    pub(in super::super) fn learned(&self) -> u64 {
        self.learned.load(Ordering::Relaxed)
    }

    /// How many found no room in the ring.
    pub(in super::super) fn missed(&self) -> u64 {
        self.missed.load(Ordering::Relaxed)
    }

    pub(in super::super) fn last_change(&self, now: Moment) -> Option<PastChange> {
        self.history().last(now)
    }

    pub(in super::super) fn past_changes(&self, now: Moment) -> Vec<PastChange> {
        self.history().all(now)
    }

    fn history(&self) -> MutexGuard<'_, History> {
        self.history.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
